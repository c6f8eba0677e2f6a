"""Celery. Tasks are in the apps' `tasks.py`; what runs on a clock is in their `schedule.py`, as `SCHEDULE`:
`{"<app>.<what>": {"task": "<dotted task name>", "schedule": crontab(…)}}`.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kazoo.settings")
# Django's checks load every page of the web, which no task needs; `manage.py web` and `make check` run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

from celery import Celery

from kazoo import discovery


class ScheduledTwice(Exception):
    """Two apps chose the same name for a periodic task."""


def _schedule() -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for module in discovery.offered("schedule"):
        for name, entry in module.SCHEDULE.items():
            if name in entries:
                raise ScheduledTwice(name)
            entries[name] = entry
    return entries


app = Celery("kazoo")
app.set_default()  # in every thread: "current" is a thread's own word
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = _schedule()
app.autodiscover_tasks()
