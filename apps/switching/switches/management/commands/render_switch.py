"""`manage.py render_switch <folder>`: write a FreeSWITCH node's configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.switching.switches.configuration import local_node, write_configuration
from kazoo.environment import environment


class Command(BaseCommand):
    """For the node beside this installation; the options make it another machine's."""

    help = "Write freeswitch.xml for a FreeSWITCH node into a folder."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where freeswitch.xml is written (FreeSWITCH's -conf folder)")
        parser.add_argument("--name", help="the node's name in KAZOO_SWITCHES")
        parser.add_argument("--sip-ip", help="the address phones and carriers reach the node at")
        parser.add_argument("--esl-ip", help="the address its event socket listens on")
        parser.add_argument("--esl-port", type=int, help="the port of its event socket")
        parser.add_argument("--esl-password", help="the password of its event socket")
        parser.add_argument("--esl-allowed", help="the network event-socket clients come from, such as 10.0.0.0/24")
        parser.add_argument("--xml-curl-url", help="where the node asks; default: this installation's web process")
        parser.add_argument("--cdr-url", help="where the node posts call records")
        parser.add_argument("--sessions-per-second", type=int, help="new calls it takes in a second")
        parser.add_argument("--max-sessions", type=int, help="calls it carries at once")

    def handle(self, *args: Any, **options: Any) -> None:
        settings = local_node(environment)
        names = settings.__dataclass_fields__
        given = {name: value for name, value in options.items() if name in names and value is not None}
        self.stdout.write(str(write_configuration(replace(settings, **given), options["folder"])))
