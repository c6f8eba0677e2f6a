"""`manage.py up`: run the whole system on this machine."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kazoo.embedded.console import Console
from kazoo.embedded.processes import die_with_parent
from kazoo.embedded.up import up
from kazoo.environment import environment


class Command(BaseCommand):
    """The supervisor; `kazoo.embedded.up` does the work."""

    help = "Run the whole system on this machine: database, queue, web, switch, worker and beat."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verbose", action="store_true", help="show everything the processes write")
        parser.add_argument("--with-parent", action="store_true", help="stop when the process that started this ends")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["with_parent"]:
            die_with_parent()
        sys.exit(up(environment, Console(verbose=options["verbose"])))
