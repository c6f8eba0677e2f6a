"""What this app does on a clock."""

from celery.schedules import crontab

SCHEDULE = {
    "storage.copy_due": {"task": "storage.copy_due", "schedule": 60.0},
    "storage.expire": {"task": "storage.expire", "schedule": crontab(minute=37, hour=3)},
    "storage.forget_errors": {"task": "storage.forget_errors", "schedule": crontab(minute=13, hour=4)},
}
