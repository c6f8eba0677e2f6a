"""What runs on a clock."""

from celery.schedules import crontab

#: On the full minute, as people set them.
SCHEDULE = {"wakeup_calls.call_due": {"task": "wakeup_calls.call_due", "schedule": crontab()}}
