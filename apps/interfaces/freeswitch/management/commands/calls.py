"""`manage.py calls`: run the calls the switches hand over. One of several such processes, which share the calls."""

from __future__ import annotations

import asyncio
import logging
import signal
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.foundation.tenants.guards import refuse_transaction_pooling
from apps.interfaces.freeswitch.door import is_caller_of_ours
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.registry import verbs
from apps.switching.calls.call_server import CallServer
from kazoo.environment import Environment, environment

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until it is told to stop; calls that are being handled then have a few seconds."""

    help = "A call server: run the calls the switches hand over."
    requires_system_checks = ()  # they load every page of the web

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "place",
            type=int,
            nargs="?",
            default=1,
            choices=range(1, len(environment.ports.call_servers) + 1),
            help="which of this machine's call servers it is; each has a port of its own (default: 1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_transaction_pooling()
        verbs()  # now, so that the first caller need not wait for them
        asyncio.run(serve(environment, options["place"]))


async def serve(settings: Environment, place: int) -> None:
    """A call server until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = settings.ports.call_servers[place - 1]
    server = CallServer(handle_call, settings.call_server_host, port, allowed=partial(is_caller_of_ours, settings))
    await server.start()
    log.info("call server %s listens", server.name)
    await stop.wait()
    await server.stop()
