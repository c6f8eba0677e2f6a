"""What runs on a clock."""

from celery.schedules import crontab

#: From the 25th, every day: one missed day does no harm.
SCHEDULE = {
    "tenants.make_partitions": {
        "task": "tenants.make_partitions",
        "schedule": crontab(minute=5, hour=2, day_of_month="25-31"),
    },
}
