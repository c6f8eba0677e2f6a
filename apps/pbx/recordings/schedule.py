"""What this app does on a clock."""

from celery.schedules import crontab

SCHEDULE = {
    "recordings.finish_left": {"task": "recordings.finish_left", "schedule": crontab(minute=27)},
    "recordings.forget_old": {"task": "recordings.forget_old", "schedule": crontab(minute=51, hour=3)},
}
