"""`manage.py repost_records <folder>`: hand in the call records a node could not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.interfaces.freeswitch.tasks import repost
from apps.switching.switches.configuration import LOCAL_NODE


class Command(BaseCommand):
    """Takes in everything in the folder; what was taken in is removed there."""

    help = "Take in the call records in a node's spool folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the node's spool (err-log-dir in json_cdr.conf)")
        parser.add_argument("--name", default=LOCAL_NODE, help="the node's name in KAZOO_SWITCHES")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder")
        total = 0
        while taken := repost(folder, options["name"]):
            total += taken
        self.stdout.write(f"{total} records")
