"""What runs on a clock."""

from celery.schedules import crontab

#: Seconds. What could not be handed over at once waits so long at the most, once the broker is there.
OFTEN = 2.0
SCHEDULE = {
    "events.relay": {"task": "events.relay", "schedule": OFTEN, "options": {"expires": 10}},
    "events.forget_handled": {"task": "events.forget_handled", "schedule": crontab(minute=23)},
}
