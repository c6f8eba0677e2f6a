"""What runs on a clock."""

SCHEDULE = {"callflows.finish_left_over": {"task": "callflows.finish_left_over", "schedule": 60.0}}
