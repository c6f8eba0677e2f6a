"""The ``socket`` application: FreeSWITCH connects to a call server and lets it control the channel."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from apps.switching.lab import wire

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.events import Event, Origin
    from apps.switching.lab.session import Session

logger = logging.getLogger(__name__)
_CONNECT_SECONDS = 5.0


async def connect(channel: Channel, host: str, port: str, asynchronous: bool, full: bool) -> OutboundConnection | None:
    """Connect to a call server. None where nobody listens: the dialplan goes on."""
    from apps.switching.lab.session import Session

    session = Session(channel.switch, channel, full=full, waits=not asynchronous)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await asyncio.get_running_loop().create_connection(lambda: session, host, int(port))
    except (OSError, TimeoutError, ValueError) as error:
        logger.info("socket %s:%s: %s", host, port, error)
        return None
    channel.switch.server.sessions.add(session)
    return OutboundConnection(channel, session)


class OutboundConnection:
    """The connection for as long as the application runs, and while it lingers afterwards."""

    def __init__(self, channel: Channel, session: Session) -> None:
        self.channel = channel
        self.session = session
        self._deliver = session.deliver
        session.on_closed = channel.wake
        session.listener.deliver = self.deliver
        self._lingers = False

    async def control(self, park: Origin, unpark: Origin) -> None:
        """Let the call server run the channel until it closes the connection or the channel goes away."""
        channel, session = self.channel, self.session
        locked, channel.event_locked = channel.event_locked, False
        if not session.waits:
            channel.fire("CHANNEL_PARK", park)
        await channel.until(session.closed.is_set)
        channel.event_locked = locked
        if not session.waits:
            channel.fire("CHANNEL_UNPARK", unpark)
        if session.closed.is_set():
            return
        if not session.waits and (channel.up or session.linger is not None):
            # Also where the channel goes on elsewhere: mod_event_socket lets go of it when it is hung up.
            channel.switch.spawn(self._end_when_reported())
        else:
            session.say_goodbye()

    async def _end_when_reported(self) -> None:
        await self.channel.reported.wait()
        if self.session.linger is not None:
            self.start_lingering()
        else:
            self.session.say_goodbye()

    def deliver(self, event: Event) -> None:
        """Pass events on; the channel's last one starts the lingering."""
        self._deliver(event)
        ended = event.name == "CHANNEL_HANGUP_COMPLETE" and event.channel_uuid == self.channel.uuid
        if ended and self.session.linger is not None:
            self.start_lingering()

    def start_lingering(self) -> None:
        """The channel has reported: tell the client, and close after its time."""
        session = self.session
        if self._lingers or session.closed.is_set():
            return
        self._lingers = True
        seconds = session.linger if session.linger is not None else 0
        session.listener.own_channel.clear()
        session.write(wire.linger_notice(self.channel.uuid, self.channel.name, seconds))
        if seconds > 0:
            asyncio.get_running_loop().call_later(seconds, session.say_goodbye)
