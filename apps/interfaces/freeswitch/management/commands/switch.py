"""`manage.py switch`: hear every node, pass orders on, and run the calls they hand over."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from apps.foundation.tenants.guards import refuse_transaction_pooling
from apps.interfaces.freeswitch.door import is_allowed
from apps.pbx.callflows.engine import handle_call
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.orphans import fetch_orphans_of
from apps.switching.presence.desk import LampDesk
from apps.switching.switches.listener import NodeListener
from apps.switching.switches.orders import follow_orders
from kazoo.environment import Environment, environment

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until it is told to stop; calls that are being handled then have a few seconds."""

    help = "Connect to every switch: hear its events, and run the calls it hands over."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_transaction_pooling()
        asyncio.run(serve(environment))


async def serve(settings: Environment) -> None:
    """The listeners of all nodes, the orders and the call server, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = CallServer(
        handle_call, settings.call_server_host, settings.ports.outbound, allowed=partial(is_allowed, settings)
    )
    lamps = LampDesk()
    listeners = [NodeListener(address, watchers=[lamps]) for address in settings.effective_switches]

    async def obey(words: Sequence[str]) -> None:
        await asyncio.gather(*(listener.order(words) for listener in listeners))

    orders = asyncio.create_task(follow_orders(obey), name="orders")
    await server.start()
    lamps.start()
    for listener in listeners:
        await listener.start()
    fetching = [asyncio.create_task(_fetch(listener, server)) for listener in listeners]
    log.info("call server on port %d, %d switches", server.port, len(listeners))
    await stop.wait()
    for task in (orders, *fetching):
        task.cancel()
    await asyncio.gather(server.stop(), lamps.stop(), *(listener.stop() for listener in listeners))


async def _fetch(listener: NodeListener, server: CallServer) -> None:
    """Once the node is reached: calls that an earlier process of ours had are waiting there."""
    while not listener.commands.connected:
        await asyncio.sleep(0.05)
    await fetch_orphans_of(listener.commands.client, listener.name, server.name, server.has)
