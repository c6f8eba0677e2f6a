"""What runs on a clock."""

SCHEDULE = {"registrar.forget_expired": {"task": "registrar.forget_expired", "schedule": 300.0}}
