"""What call handling asks of a call, whoever carries it out: the event socket (`socket_call`) or a script (`fake`).

A *call* is a person's: the channel of whoever called us, under our control until it ends. Every waiting method raises
`CallerHungUp` the moment the caller is gone, so that call handling reads straight on and never polls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from apps.switching.calls.dial_string import Leg

CallKind = Literal["inbound", "internal"]
ALL_KEYS = "0123456789*#"
DEFAULT_RING_SECONDS = 60


class CallerHungUp(Exception):
    """The caller hung up, was transferred away, or the switch's connection was lost: nothing more can be done.

    `cause` is FreeSWITCH's hangup cause, empty where it is not known.
    """

    def __init__(self, cause: str = "") -> None:
        super().__init__(cause or "the call is gone")
        self.cause = cause


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who is shown as calling. Either part may be empty."""

    name: str = ""
    number: str = ""

    def or_else(self, other: CallerId) -> CallerId:
        """This one, its empty parts taken from the other."""
        return CallerId(self.name or other.name, self.number or other.number)


@dataclass(frozen=True, slots=True)
class BridgeRequest:
    """Ring these legs at once and connect the first that answers.

    `timeout` counts seconds for all of them together; a leg may have a shorter one of its own. `ringback` is what the
    caller hears meanwhile (a tone or a sound), empty for what the far end sends. `variables` are set on every leg.
    """

    legs: tuple[Leg, ...]
    timeout: int = DEFAULT_RING_SECONDS
    ringback: str = ""
    ignore_early_media: bool = False
    fail_on_single_reject: bool = False
    caller_id: CallerId | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BridgeResult:
    """How ringing ended. `cause` is a FreeSWITCH hangup cause, `SUCCESS` where somebody answered; `sip_code` the SIP
    status of the failure, None where there was none (a timeout, nobody to ring)."""

    answered: bool
    cause: str
    sip_code: int | None = None


class Call(Protocol):
    """The caller's channel."""

    @property
    def uuid(self) -> str:
        """The channel's id, the same in events, call records and log lines."""

    @property
    def account_id(self) -> str:
        """The account the call belongs to, set when it was routed."""

    @property
    def caller_id(self) -> CallerId:
        """As shown now; `original_caller_id` as it arrived."""

    @property
    def original_caller_id(self) -> CallerId: ...

    @property
    def destination(self) -> str:
        """The number that was dialled."""

    @property
    def call_kind(self) -> CallKind:
        """`inbound` from a carrier, `internal` from a device of the account."""

    @property
    def authorizing_id(self) -> str:
        """The device (or carrier) that was let in, empty for none."""

    @property
    def owner_id(self) -> str:
        """The user who owns the authorizing device, empty for none."""

    @property
    def interaction_id(self) -> str:
        """What ties the legs of one conversation together."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Channel variables, as they were at the start and as set since."""

    @property
    def is_answered(self) -> bool: ...

    async def answer(self) -> None: ...

    async def ring_ready(self) -> None:
        """180 Ringing."""

    async def pre_answer(self) -> None:
        """183 Session Progress: the caller can hear before the call is answered."""

    async def play(self, media: str, terminators: str = "", *, loops: int = 1) -> str:
        """Play a sound; a digit of `terminators` ends it and is returned. `loops` 0 plays until then."""

    async def speak(self, text: str, voice: str = "", language: str = "") -> None:
        """Say a text by text-to-speech."""

    async def collect(
        self,
        prompt: str = "",
        *,
        minimum: int = 1,
        maximum: int,
        timeout: int,
        interdigit_timeout: int,
        terminators: str = "#",
    ) -> str:
        """Digits the caller presses during or after `prompt`; timeouts in milliseconds. Empty where none came."""

    async def sleep(self, milliseconds: int) -> None: ...

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        """Ring, and return when nobody answered or when the conversation is over (the called party hung up)."""

    async def set_variables(self, variables: Mapping[str, str], *, export: bool = False) -> None:
        """Set channel variables; with `export` also on legs rung later."""

    async def set_caller_id(self, caller_id: CallerId) -> None: ...

    async def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """End the call; nothing happens where it has ended."""

    async def respond(self, code: int, reason: str = "") -> None:
        """Refuse with a SIP status (RFC 3261 §21); an answered call is hung up."""
