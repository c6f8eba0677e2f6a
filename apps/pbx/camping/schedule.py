"""What this app does on a clock."""

#: How soon somebody is called back after a call has ended. Seconds.
OFTEN = 3.0
SCHEDULE = {"camping.call_back": {"task": "camping.call_back", "schedule": OFTEN}}
