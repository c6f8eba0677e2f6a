"""What runs on a clock."""

from celery.schedules import crontab

#: Seconds. What is tried again, or was not begun at once, waits so long at the most.
OFTEN = 2.0
SCHEDULE = {
    "webhooks.deliver": {"task": "webhooks.deliver", "schedule": OFTEN, "options": {"expires": 2}},
    "webhooks.forget": {"task": "webhooks.forget", "schedule": crontab(minute=37)},
}
