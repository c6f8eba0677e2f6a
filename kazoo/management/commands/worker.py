"""`manage.py worker`: Celery's worker."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.foundation.tenants.guards import refuse_transaction_pooling
from kazoo.celery import app


class Command(BaseCommand):
    """Runs tasks. One task is fetched at a time, so that a long one holds up no other."""

    help = "Run tasks: originate, mail, webhooks, uploads, billing, bulk jobs."
    requires_system_checks = ()  # they load every page of the web

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="processes that run tasks (default 2)")
        parser.add_argument("--queues", help="only these queues, separated by commas")

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = ["worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        arguments += ["--concurrency", str(options["concurrency"]), "--prefetch-multiplier", "1"]
        if options["queues"]:
            arguments += ["--queues", options["queues"]]
        refuse_transaction_pooling()
        app.worker_main(arguments)
