"""One channel under our control over the outbound event socket: runs applications on it, and knows when it is no
longer ours.

A channel that is transferred, or that another one intercepts, stays connected to us (mod_event_socket in async mode
closes nothing before the hang-up), and an application told to it then would run in the middle of somebody's
conversation. What tells is its state: an application that ends while the channel is not in CS_EXECUTE was taken away,
and CHANNEL_UNPARK says the same where none was running.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from apps.switching.calls.port import CallerHungUp, CallerLeft
from apps.switching.esl import commands
from apps.switching.esl.errors import CallHungUp, EslError
from apps.switching.esl.events import Event
from apps.switching.esl.peer import ApiResult
from apps.switching.esl.session import OutboundSession

T = TypeVar("T")
#: Of this channel; `myevents` would bring every other kind as well, which grow with the group that rings.
EVENTS = (
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNPARK",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "DETECTED_TONE",
    "DTMF",
)
_EXECUTING = ("", "4")  # CS_EXECUTE
_HUNG_UP = 10  # CS_HANGUP and what follows
_BREAK_SECONDS = 0.5


class Line:
    """Raises `CallerHungUp` once the caller is gone, `CallerLeft` once the channel is somebody else's."""

    def __init__(self, session: OutboundSession) -> None:
        self.session = session
        self.uuid = session.uuid
        self.is_answered = session.channel_data.get("Answer-State") == "answered"
        self._began = _moment(session.channel_data)
        self._left = asyncio.Event()
        self._stopping: asyncio.Future[None] | None = None
        session.on_event(self._look)

    @property
    def has_left(self) -> bool:
        return self._left.is_set()

    def queue(self, application: str, argument: str = "") -> None:
        """Have an application run, in turn; nobody waits for it."""
        self._raise_if_left()
        with self.as_hung_up():
            self.session.execute_nowait(application, argument, event_lock=True)

    async def execute(self, application: str, argument: str = "", *, locked: bool = True) -> Event:
        """Run an application to its end; its CHANNEL_EXECUTE_COMPLETE. Not `locked`: what others have the channel do
        (`uuid_broadcast`) is done in the middle of it, and does not wait for its end."""
        self._raise_if_left()
        done = await self.wait(self.session.execute(application, argument, event_lock=locked))
        if done.get("Channel-State-Number") not in _EXECUTING:
            await self._gone(done)
        return done

    async def sound(self, application: str, argument: str, seconds: float | None = None) -> Event:
        """Run an application that a break ends: after `seconds`, and where whoever waits is cancelled."""
        work = asyncio.ensure_future(self.execute(application, argument))
        try:
            await asyncio.wait({work}, timeout=seconds)
            await self._stop(work)
            return await work
        finally:
            if not work.done():
                # What is told to the channel from now on waits there until the sound has ended.
                self._stopping = asyncio.ensure_future(self._stop(work))

    async def _stop(self, work: asyncio.Future[Event]) -> None:
        """A break is forgotten by an application that begins after it, hence again and again; `all` would flush what
        waits for its turn as well, and then nobody would ever hear of its end."""
        while not work.done():
            with suppress(CallerHungUp, EslError):
                await self.api("uuid_break", self.uuid)
            await asyncio.wait({work}, timeout=_BREAK_SECONDS)
        if not work.cancelled():
            work.exception()

    def break_now(self) -> None:
        """End the sound that runs."""
        if not self.session.ended and not self.has_left:
            self.session.post_quietly(commands.api("uuid_break", self.uuid))

    async def api(self, command: str, arguments: str = "") -> ApiResult:
        """Run an api command of the node, beside whatever the channel does."""
        return await self.wait(self.session.api(command, arguments))

    async def wait(self, work: Awaitable[T]) -> T:
        with self.as_hung_up():
            return await work

    @contextmanager
    def as_hung_up(self) -> Iterator[None]:
        try:
            yield
        except CallHungUp as error:
            raise self.hung_up() from error

    def hung_up(self) -> CallerHungUp:
        cause = self.session.hangup_cause or ""
        return CallerLeft(cause) if self.has_left else CallerHungUp(cause)

    def given_away(self) -> CallerHungUp:
        """What is raised where we gave the channel away ourselves."""
        if not self.session.ended:
            self._left.set()
        return self.hung_up()

    def _raise_if_left(self) -> None:
        if self.has_left:
            raise self.hung_up()

    async def _gone(self, done: Event) -> None:
        number = done.get("Channel-State-Number")
        if number.isdigit() and int(number) >= _HUNG_UP:
            await self.session.wait_ended()
        elif done.variable("park_timeout"):
            # The leg of a phone that has transferred its caller (REFER with Replaces). The switch parks it for two
            # seconds, but ours is the park it is in, and that one has no end.
            await self.session.hangup("ATTENDED_TRANSFER")
        else:
            self._left.set()
        raise self.hung_up()

    def _look(self, event: Event) -> None:
        if event.uuid != self.uuid:
            return
        if event.name == "CHANNEL_ANSWER":
            self.is_answered = True
        elif event.name == "CHANNEL_UNPARK" and event.get("Answer-State") != "hangup" and _moment(event) >= self._began:
            # One from before is told late: the channel left whoever had it then, and was sent to us.
            self._left.set()


def _moment(event: Event) -> int:
    """When the switch made it, in microseconds."""
    text = event.get("Event-Date-Timestamp")
    return int(text) if text.isascii() and text.isdigit() else 0
