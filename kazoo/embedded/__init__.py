"""What `manage.py up` runs for a copy without services of its own, and the supervisor that runs it.

No Django here: the supervisor must work when the project does not. Linux only (`/proc`, parent-death signals).
"""
