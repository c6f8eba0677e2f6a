"""What runs on a clock."""

from celery.schedules import crontab

SCHEDULE = {"voicemail.remove_old": {"task": "voicemail.remove_old", "schedule": crontab(minute=41, hour=3)}}
