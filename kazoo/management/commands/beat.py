"""`manage.py beat`: Celery's clock."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from kazoo.celery import app
from kazoo.environment import environment


class Command(BaseCommand):
    """Starts the periodic tasks. One beat for a whole cluster."""

    help = "Start the periodic tasks on time; run exactly one for a cluster."
    requires_system_checks = ()  # they load every page of the web

    def handle(self, *args: Any, **options: Any) -> None:
        home = environment.home
        home.mkdir(parents=True, exist_ok=True)
        schedule = str(home / "beat-schedule")
        app.start(["beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile", ""])
