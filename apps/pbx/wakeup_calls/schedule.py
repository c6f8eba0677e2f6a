"""What runs on a clock."""

from celery.schedules import crontab

SCHEDULE = {
    # On the full minute, as people set them.
    "wakeup_calls.call_due": {"task": "wakeup_calls.call_due", "schedule": crontab()},
    "wakeup_calls.forget_over": {"task": "wakeup_calls.forget_over", "schedule": crontab(minute=53, hour=3)},
}
