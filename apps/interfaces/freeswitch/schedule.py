"""What this app does on a clock."""

SCHEDULE = {"freeswitch.repost_spool": {"task": "freeswitch.repost_spool", "schedule": 60.0}}
