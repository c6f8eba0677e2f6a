"""`manage.py switch`: hear every node, pass orders on, and find new call servers for the calls of a lost one."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand

from apps.foundation.tenants.guards import refuse_transaction_pooling
from apps.interfaces.freeswitch.rescue import Rescue
from apps.switching.presence.desk import LampDesk
from apps.switching.switches.listener import NodeListener
from apps.switching.switches.orders import follow_orders
from kazoo.environment import Environment, environment

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until it is told to stop. Calls do not depend on it: the call servers are processes of their own."""

    help = "Connect to every switch: hear its events, pass orders on, and watch the call servers."
    requires_system_checks = ()  # they load every page of the web

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_transaction_pooling()
        asyncio.run(serve(environment))


async def serve(settings: Environment) -> None:
    """The listeners of all nodes, the orders and the watch over the call servers, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    lamps = LampDesk()
    listeners = [NodeListener(address, watchers=[lamps]) for address in settings.effective_switches]

    async def obey(words: Sequence[str]) -> None:
        await asyncio.gather(*(listener.order(words) for listener in listeners))

    orders = asyncio.create_task(follow_orders(obey), name="orders")
    lamps.start()
    for listener in listeners:
        await listener.start()
    rescue = Rescue(settings.call_server_addresses, listeners)
    rescue.start()
    log.info("hearing %d switches, watching %d call servers", len(listeners), len(settings.call_server_addresses))
    await stop.wait()
    orders.cancel()
    await asyncio.gather(
        orders, rescue.stop(), lamps.stop(), *(one.stop() for one in listeners), return_exceptions=True
    )
