"""What runs on a clock."""

from celery.schedules import crontab

SCHEDULE = {
    "identity.forget_old_entries": {"task": "identity.forget_old_entries", "schedule": crontab(minute=17, hour=3)},
}
