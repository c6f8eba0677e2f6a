"""The scriptable world around the switch: phones, carriers, and the calls they have.

Nouns: a `LabPhone` registers on the internal profile and rings by its *behaviour*; a `LabCarrier` sends calls to the
external profile and receives those of gateways; a `LabCall` is one dialog as the phone or carrier sees it.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from apps.switching.lab import causes

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.core import LabSwitch

_ports = itertools.count(20000)
_numbers = itertools.count(1)
_NETWORK_SECONDS = 0.02
_REMEMBERED = 50


class Behaviour(Protocol):
    """What a phone or number does with an INVITE."""

    def start(self, call: LabCall) -> None: ...


@dataclass(frozen=True)
class Answer:
    """Ring, answer after seconds, and hang up that many seconds later (None: never)."""

    after: float = 0.05
    hang_up_after: float | None = None
    early_media: bool = False

    def start(self, call: LabCall) -> None:
        call.ring()
        if self.early_media:
            call.early()
        call.later(self.after, call.answer)
        if self.hang_up_after is not None:
            call.later(self.after + self.hang_up_after, call.hang_up)


@dataclass(frozen=True)
class Busy:
    """486 at once."""

    def start(self, call: LabCall) -> None:
        call.reject(486)


@dataclass(frozen=True)
class Reject:
    """Refuse with a SIP status (or a cause's usual one), after ringing for some seconds."""

    status: int = 603
    cause: str = ""
    after: float = 0.0

    def start(self, call: LabCall) -> None:
        status = causes.status_of_cause(self.cause) if self.cause else self.status
        if self.after:
            call.ring()
            call.later(self.after, call.reject, status)
        else:
            call.reject(status)


@dataclass(frozen=True)
class Ring:
    """Ring and never answer."""

    def start(self, call: LabCall) -> None:
        call.ring()


@dataclass(frozen=True)
class Unreachable:
    """Nothing comes back; the switch's own INVITE timer ends it after 32 s (RFC 3261 timer B)."""

    after: float = 32.0

    def start(self, call: LabCall) -> None:
        call.later(self.after, call.reject, 408)


@dataclass(frozen=True)
class PressKeys:
    """Answer, then press keys one by one, and hang up some seconds after the last."""

    keys: str
    answer_after: float = 0.05
    after: float = 0.2
    interval: float = 0.1
    hang_up_after: float | None = None

    def start(self, call: LabCall) -> None:
        call.ring()
        call.later(self.answer_after, call.answer)
        moment = self.answer_after + self.after
        for key in self.keys:
            call.later(moment, call.send_dtmf, key)
            moment += self.interval
        if self.hang_up_after is not None:
            call.later(moment + self.hang_up_after, call.hang_up)


def behaviour_from(data: dict[str, Any] | None) -> Behaviour:
    """A behaviour from JSON: ``{"kind": "answer", "after": 0.1}``; kinds are the class names in snake case.

    Raises ValueError for an unknown kind or argument."""
    options = dict(data or {"kind": "answer"})
    kinds: dict[str, Any] = {
        "answer": Answer, "busy": Busy, "reject": Reject, "ring": Ring, "unreachable": Unreachable,
        "press_keys": PressKeys,
    }  # fmt: skip
    kind = options.pop("kind", "answer")
    if kind not in kinds:
        raise ValueError(f"unknown behaviour {kind!r}; one of {', '.join(kinds)}")
    try:
        behaviour: Behaviour = kinds[kind](**options)
    except TypeError as error:
        raise ValueError(str(error)) from error
    return behaviour


@dataclass
class Invite:
    """An INVITE a phone or carrier received."""

    number: str
    caller_id_name: str
    caller_id_number: str
    headers: dict[str, str]
    call: LabCall


class LabCall:
    """One dialog seen from outside. For a call the phone placed, `channel` appears once the switch has made one."""

    def __init__(self, owner: LabPhone | LabCarrier) -> None:
        self.owner = owner
        self.id = next(_numbers)
        self.channel: Channel | None = None
        self.is_ringing = False
        self.is_early = False
        self.is_answered = False
        self._heard_answer = False
        self.is_ended = False
        self.cause = ""
        self.sip_status = 0
        self.says_nothing = False
        """Whether the caller is silent where a recording listens for silence."""
        self.is_fax = False
        """Whether it is a fax machine that calls, and its tone is heard."""
        self.digits_heard = ""
        self._changed: asyncio.Event = asyncio.Event()
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def uuid(self) -> str:
        """The uuid of its channel; empty before there is one."""
        return self.channel.uuid if self.channel is not None else ""

    # What happens at this end

    def later(self, seconds: float, action: Any, *args: Any) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, action, *args))

    def ring(self) -> None:
        if self.channel is not None and not self.is_ended:
            self.is_ringing = True
            self.channel.mark_ringing()

    def early(self) -> None:
        if self.channel is not None and not self.is_ended:
            self.is_early = True
            self.channel.mark_early()

    def answer(self) -> None:
        if self.channel is not None and not self.is_ended and not self.is_answered:
            self.channel.mark_answered()

    def reject(self, status: int = 603) -> None:
        if self.channel is not None and not self.is_ended:
            self.channel.hang_up(causes.cause_of_status(status), sip_status=status, by_far_end=True)

    def hang_up(self) -> None:
        """BYE an answered call, CANCEL one this side placed, refuse one that rings here."""
        if self.channel is None or self.is_ended:
            return
        if self.is_answered:
            self.channel.hang_up("NORMAL_CLEARING", by_far_end=True)
        elif self.channel.direction == "inbound":
            self.channel.hang_up("ORIGINATOR_CANCEL", by_far_end=True)
        else:
            self.reject(603)

    def send_dtmf(self, digits: str) -> None:
        for digit in digits:
            if self.channel is not None and not self.is_ended:
                self.channel.receive_digit(digit)

    def hold(self, held: bool = True) -> None:
        if self.channel is not None and not self.is_ended:
            self.channel.mark_held(held)

    # What the switch does to it (Endpoint)

    def channel_ringing(self, channel: Channel) -> None:
        self.is_ringing = True
        self._changed.set()

    def channel_early(self, channel: Channel) -> None:
        self.is_early = True
        self._changed.set()

    def channel_answered(self, channel: Channel) -> None:
        """The answer takes a moment to get there, as on a network: a hang-up cannot come before the bridge."""
        self.is_answered = True
        self.later(_NETWORK_SECONDS, self._hear_answer)

    def _hear_answer(self) -> None:
        self._heard_answer = True
        self._changed.set()

    def channel_digit(self, channel: Channel, digit: str) -> None:
        self.digits_heard += digit
        self._changed.set()

    def channel_ended(self, channel: Channel, cause: str, sip_status: int) -> None:
        self.end(cause, sip_status)

    def end(self, cause: str, sip_status: int) -> None:
        for timer in self._timers:
            timer.cancel()
        self.is_ended, self.cause, self.sip_status = True, cause, sip_status
        self.owner.calls.discard(self)
        self._changed.set()

    # Waiting, for tests

    async def _until(self, ready: Any, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not ready():
                self._changed.clear()
                await self._changed.wait()

    async def answered(self, timeout: float = 10.0) -> LabCall:
        """Wait until it is answered. Raises TimeoutError, or ConnectionError when it ended before."""
        await self._until(lambda: self._heard_answer or self.is_ended, timeout)
        if not self.is_answered:
            raise ConnectionError(f"the call ended: {self.cause} ({self.sip_status})")
        return self

    async def ringing(self, timeout: float = 10.0) -> LabCall:
        """Wait until it rings, or is further than that."""
        await self._until(lambda: self.is_ringing or self.is_early or self.is_answered or self.is_ended, timeout)
        return self

    async def ended(self, timeout: float = 10.0) -> str:
        """Wait for the end; gives the hang-up cause."""
        await self._until(lambda: self.is_ended, timeout)
        return self.cause

    async def heard(self, digits: str, timeout: float = 10.0) -> None:
        """Wait until these digits have arrived from the other end."""
        await self._until(lambda: digits in self.digits_heard, timeout)


@dataclass(eq=False)
class LabPhone:
    """A SIP phone. It keeps the calls it has, every INVITE it got (`rang`) and the last calls it `placed`."""

    username: str
    realm: str
    password: str
    behaviour: Behaviour = field(default_factory=Answer)
    display_name: str = ""
    user_agent: str = "Yealink SIP-T46U 108.86.0.20"
    ip: str = "127.0.0.1"
    port: int = field(default_factory=lambda: next(_ports))
    switch: LabSwitch | None = None
    rang: list[Invite] = field(default_factory=list)
    calls: set[LabCall] = field(default_factory=set)
    placed: deque[LabCall] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    registration_call_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def contact_key(self) -> str:
        return f"{self.username}@{self.ip}:{self.port}"

    @property
    def contact(self) -> str:
        return f"sip:{self.contact_key}"

    def call(self, number: str, headers: dict[str, str] | None = None) -> LabCall:
        """Dial a number; `headers` are extra SIP headers (``X-…``)."""
        if self.switch is None:
            raise RuntimeError("this phone has not registered anywhere; use lab.register(phone) or lab.attach(phone)")
        call = LabCall(self)
        self.calls.add(call)
        self.placed.append(call)
        self.switch.phone_calls(self, call, number, headers or {})
        return call

    def invite(self, channel: Channel) -> None:
        """The switch calls this phone."""
        _receive(self, channel, channel.profile.destination_number, self.behaviour)


@dataclass(eq=False)
class LabCarrier:
    """A carrier on the far side of the external profile. `numbers`: behaviours by number or regular expression."""

    name: str = "carrier"
    ip: str = "127.0.0.1"
    port: int = 5090
    behaviour: Behaviour = field(default_factory=Answer)
    numbers: dict[str, Behaviour] = field(default_factory=dict)
    switch: LabSwitch | None = None
    rang: list[Invite] = field(default_factory=list)
    calls: set[LabCall] = field(default_factory=set)
    placed: deque[LabCall] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def call(
        self, from_number: str, to_number: str, from_name: str = "", headers: dict[str, str] | None = None
    ) -> LabCall:
        """Send a call to a number of ours."""
        if self.switch is None:
            raise RuntimeError("this carrier is not connected; use lab.connect(carrier)")
        call = LabCall(self)
        self.calls.add(call)
        self.placed.append(call)
        self.switch.carrier_calls(self, call, from_number, to_number, from_name, headers or {})
        return call

    def invite(self, channel: Channel) -> None:
        number = channel.profile.destination_number
        behaviour = self.numbers.get(number)
        if behaviour is None:
            matching = (
                one for pattern, one in self.numbers.items() if re.fullmatch(pattern.replace("+", r"\+"), number)
            )
            behaviour = next(matching, self.behaviour)
        _receive(self, channel, number, behaviour)


def _receive(owner: LabPhone | LabCarrier, channel: Channel, number: str, behaviour: Behaviour) -> None:
    call = LabCall(owner)
    call.channel = channel
    channel.endpoint = call
    owner.calls.add(call)
    headers = {name[6:]: value for name, value in channel.variables.items() if name.startswith("sip_h_")}
    if alert := channel.get("alert_info"):
        headers["Alert-Info"] = alert
    profile = channel.profile
    owner.rang.append(Invite(number, profile.caller_id_name, profile.caller_id_number, headers, call))
    behaviour.start(call)
