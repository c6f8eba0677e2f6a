"""What this app does on a clock."""

SCHEDULE = {"calls.fetch_awaited": {"task": "calls.fetch_awaited", "schedule": 30.0}}
