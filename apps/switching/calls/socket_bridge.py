"""Ringing and connecting over the event socket, and what is heard of the conversation meanwhile."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from apps.switching.calls.dial_string import display_text, shown_name
from apps.switching.calls.port import (
    BRIDGE_ANSWERED,
    BridgeRequest,
    BridgeResult,
    CallerHungUp,
    DigitListener,
    Side,
)
from apps.switching.calls.socket_line import Line
from apps.switching.esl import commands
from apps.switching.esl.errors import EslError
from apps.switching.esl.events import Event

logger = logging.getLogger(__name__)
#: Set on every leg of one bridge, so that a bridge that is given up can hang them up.
BRIDGE_ID = "bridge_id"
#: Left by an earlier bridge, they would be read as the next one's.
OUTCOMES = "last_bridge_proto_specific_hangup_cause last_bridge_hangup_cause sip_invite_failure_status bridge_answered"
#: Set on the caller when a leg answers. The switch calls a bridge a success as soon as a leg sends sound (183), and
#: nothing else it tells afterwards says whether that leg was ever answered.
ANSWERED = BRIDGE_ANSWERED
#: A conversation that is overheard ends with one of these.
_PARTINGS = ("CHANNEL_UNBRIDGE", "CHANNEL_HANGUP", "CHANNEL_DESTROY")
#: More than a person presses before the first is dealt with.
_MOST_WAITING = 100


def shared_variables(request: BridgeRequest, bridge_id: str, caller: str) -> dict[str, str]:
    """What is set on every leg."""
    shared = {
        "originate_timeout": str(max(1, request.timeout)),
        # Else a leg is offered the caller's codec alone, and a phone that lacks it cannot answer.
        "media_mix_inbound_outbound_codecs": "true",
        # Else what all legs share wins over what one leg says of itself.
        "local_var_clobber": "true",
        BRIDGE_ID: bridge_id,
        "api_on_answer_bridge": f"uuid_setvar {caller} {ANSWERED} true",
        **request.variables,
    }
    if request.ignore_early_media or len(request.legs) > 1:
        shared["ignore_early_media"] = "true"
    if request.fail_on_single_reject:
        shared["fail_on_single_reject"] = "true"
    if request.caller_id is not None:
        shared["origination_caller_id_name"] = shown_name(request.caller_id.name)
        shared["origination_caller_id_number"] = display_text(request.caller_id.number)
    return shared


async def ring(line: Line, request: BridgeRequest, dialled: str, bridge_id: str) -> BridgeResult:
    """Run `bridge` to its end, telling the request's listeners."""
    async with _Ear(line, request, bridge_id).listening() as ear:
        try:
            # Sounds are played into the conversation of a caller that is not locked only.
            done = await line.execute("bridge", dialled, locked=False)
        except asyncio.CancelledError:
            _give_up(line, bridge_id)
            raise
    result = _result(done, ear.other_leg)
    if ear.refused_by and (not result.answered or ear.refused_by == request.cancelling_keys):
        return replace(result, key=ear.refused_by)
    return result


async def overhear(line: Line, other_leg: str, on_digit: DigitListener) -> None:
    """Tell of the keys of a channel that is no longer ours and of `other_leg`, as long as the two talk."""
    over = asyncio.Event()
    told: asyncio.Queue[tuple[str, Side]] = asyncio.Queue(_MOST_WAITING)
    sides: dict[str, Side] = {line.uuid: "caller", other_leg: "called"}

    def hear(event: Event) -> None:
        if event.name in _PARTINGS and event.uuid in sides:
            over.set()
        elif event.name == "DTMF" and event.uuid in sides:
            with suppress(asyncio.QueueFull):
                told.put_nowait((event.get("DTMF-Digit"), sides[event.uuid]))

    async def tell() -> None:
        while True:
            await on_digit(*await told.get())

    stop = line.session.on_event(hear)
    line.session.post_quietly(commands.add_filter("Unique-ID", other_leg))
    line.session.post_quietly(commands.subscribe(["CHANNEL_UNBRIDGE"]))
    tasks = [asyncio.create_task(one) for one in (tell(), over.wait(), line.session.wait_ended())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def new_bridge_id() -> str:
    return uuid.uuid4().hex


def _give_up(line: Line, bridge_id: str) -> None:
    with suppress(CallerHungUp, EslError):
        line.session.post_quietly(commands.api("hupall", f"ORIGINATOR_CANCEL {BRIDGE_ID} {bridge_id}"))


def _result(done: Event, other_leg: str) -> BridgeResult:
    disposition = done.variable("originate_disposition")
    if disposition.upper() == "SUCCESS":
        if done.variable(ANSWERED):
            return BridgeResult(answered=True, cause="SUCCESS", other_leg=other_leg)
        cause = done.variable("last_bridge_hangup_cause") or done.variable("bridge_hangup_cause") or "NO_ANSWER"
        return BridgeResult(answered=False, cause=cause, sip_code=_sip_code(done))
    cause = disposition if disposition not in ("", "failure") else done.variable("originate_failed_cause")
    return BridgeResult(answered=False, cause=cause or "NO_ROUTE_DESTINATION", sip_code=_sip_code(done))


def _sip_code(done: Event) -> int | None:
    specific = done.variable("last_bridge_proto_specific_hangup_cause").removeprefix("sip:")
    code = specific or done.variable("sip_invite_failure_status")
    return int(code) if code.isascii() and code.isdigit() and len(code) == 3 else None


class _Ear:
    """Hears who answers, and the keys either leg presses: the switch tells of both legs' DTMF while they talk."""

    def __init__(self, line: Line, request: BridgeRequest, bridge_id: str) -> None:
        self._line, self._request, self._bridge_id = line, request, bridge_id
        legs = request.legs if request.refusing_keys else ()
        self._asked = {leg.variables["origination_uuid"] for leg in legs if "origination_uuid" in leg.variables}
        self.refused_by = ""
        self._pressed = ""
        self._told: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(_MOST_WAITING)
        self.other_leg = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[_Ear]:
        stop = self._line.session.on_event(self._hear)
        telling = asyncio.create_task(self._tell())
        for leg in self._asked:
            self._line.session.post_quietly(commands.add_filter("Unique-ID", leg))
        try:
            yield self
        finally:
            stop()
            telling.cancel()
            for leg in self._asked if not self._line.session.ended else ():
                self._line.session.post_quietly(commands.delete_filter("Unique-ID", leg))
            if self.other_leg and self._request.on_digit is not None and not self._line.session.ended:
                self._line.session.post_quietly(commands.delete_filter("Unique-ID", self.other_leg))

    def _hear(self, event: Event) -> None:
        if event.name == "CHANNEL_BRIDGE" and event.uuid == self._line.uuid:
            self._connected(event.get("Bridge-B-Unique-ID") or event.get("Other-Leg-Unique-ID"))
        elif event.name == "DTMF" and not self.other_leg and event.uuid in self._asked:
            self._refuse(event.get("DTMF-Digit"))
        elif event.name == "DTMF":
            self._key(event)

    def _key(self, event: Event) -> None:
        if event.uuid == self._line.uuid and self._request.cancelling_keys:
            self._cancel(event.get("DTMF-Digit"))
        if self.other_leg and self._request.on_digit is not None:
            on_digit, digit = self._request.on_digit, event.get("DTMF-Digit")
            if event.uuid == self._line.uuid:
                self._put(lambda: on_digit(digit, "caller"))
            elif event.uuid == self.other_leg:
                self._put(lambda: on_digit(digit, "called"))

    def _refuse(self, digit: str) -> None:
        if digit and digit in self._request.refusing_keys and not self.refused_by:
            self.refused_by = digit
            command = commands.api("hupall", f"CALL_REJECTED {BRIDGE_ID} {self._bridge_id}")
            self._line.session.post_quietly(command)

    def _cancel(self, digit: str) -> None:
        wanted = self._request.cancelling_keys
        self._pressed = (self._pressed + digit)[-len(wanted) :]
        if self._pressed == wanted and not self.refused_by:
            self.refused_by = wanted
            self._line.session.post_quietly(commands.api("hupall", f"NORMAL_CLEARING {BRIDGE_ID} {self._bridge_id}"))

    def _connected(self, other_leg: str) -> None:
        if self.other_leg:
            return
        self.other_leg = other_leg
        if self._request.on_digit is not None:
            self._line.session.post_quietly(commands.add_filter("Unique-ID", other_leg))
        if (on_connected := self._request.on_connected) is not None:
            self._put(lambda: on_connected(other_leg))

    def _put(self, told: Callable[[], Awaitable[None]]) -> None:
        with suppress(asyncio.QueueFull):
            self._told.put_nowait(told)

    async def _tell(self) -> None:
        while True:
            told = await self._told.get()
            try:
                await told()
            except CallerHungUp:
                return
            except Exception:
                logger.exception("call %s: a listener of the conversation failed", self._line.uuid)
