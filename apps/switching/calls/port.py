"""What call handling asks of a call, whoever carries it out: the event socket (`socket_call`) or a script (`fake`).

A *call* is a person's: the channel of whoever called us, under our control until it ends. Every waiting method raises
`CallerHungUp` the moment the caller is gone, so that call handling reads straight on and never polls. Where the caller
goes on without us (transferred, picked up by somebody else, connected by `intercept`), it is the `CallerLeft` among
them: the conversation lives, and nothing we do touches it any more.

A waiting method may be cancelled: what it plays, records or rings stops, and the call can be told the next thing. A
conference and listening in are left by their commands only (`kick`), or by the caller.

Two things at once: while one method waits (a bridge, a conference, music), only `start_recording`, `stop_recording`,
`pause_recording`, `hold`, `tell_switch` and `hang_up` may be called beside it, from another task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.dial_string import Leg

CallKind = Literal["inbound", "internal"]
Listening = Literal["listen", "whisper", "barge"]
Side = Literal["caller", "called"]
ALL_KEYS = "0123456789*#"
DEFAULT_RING_SECONDS = 60
#: The caller's variable with what he is to hear while others ring, where the call brought that with it (click to call).
OWN_RINGBACK = "own_ringback"
#: The caller's variable that says that somebody answered the last bridge.
BRIDGE_ANSWERED = "bridge_answered"


class CallerHungUp(Exception):
    """The caller hung up, was transferred away, or the switch's connection was lost: nothing more can be done.

    `cause` is FreeSWITCH's hangup cause, empty where it is not known.
    """

    def __init__(self, cause: str = "") -> None:
        super().__init__(cause or "the call is gone")
        self.cause = cause


class CallerLeft(CallerHungUp):
    """The caller is on the line still, but no longer ours: transferred, picked up, or connected with another call."""


class SwitchRefused(Exception):
    """The switch answered a command with `-ERR` (or `-USAGE`); the text is its answer."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who is shown as calling. Either part may be empty."""

    name: str = ""
    number: str = ""

    def or_else(self, other: CallerId) -> CallerId:
        """This one, its empty parts taken from the other."""
        return CallerId(self.name or other.name, self.number or other.number)


#: Told of each key pressed in a conversation and by whom. The other party hears the tone as well.
DigitListener = Callable[[str, Side], Awaitable[None]]
#: Told the channel id of whoever answered, as soon as the two are talking.
ConnectedListener = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BridgeRequest:
    """Ring these legs at once and connect the first that answers.

    `timeout` counts seconds for all of them together; a leg may have a shorter one of its own. `ringback` is what the
    caller hears meanwhile (a tone or a sound), empty for what the far end sends. `variables` are set on every leg.

    Where legs ask whoever answers to press a key (`group_confirm_key`), one of `refusing_keys` pressed there ends
    ringing for all of them, and the result says which. Such a leg has an id from the start (`origination_uuid`).

    `cancelling_keys` is a sequence of keys by which the caller ends all of it, while it rings or in the conversation;
    the result's `key` then holds it. The one who was called hears the tones.

    `on_connected` and `on_digit` are awaited while the conversation goes on, one after the other, in a task of their
    own; one that fails is logged and does not touch the call, one still running when the conversation ends is
    cancelled. They may call what the module's text names. Digits come as RFC 4733 events or SIP INFO of either leg.
    """

    legs: tuple[Leg, ...]
    timeout: int = DEFAULT_RING_SECONDS
    ringback: str = ""
    ignore_early_media: bool = False
    fail_on_single_reject: bool = False
    caller_id: CallerId | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    on_connected: ConnectedListener | None = None
    on_digit: DigitListener | None = None
    refusing_keys: str = ""
    cancelling_keys: str = ""


@dataclass(frozen=True, slots=True)
class BridgeResult:
    """How ringing ended. `cause` is a FreeSWITCH hangup cause, `SUCCESS` where somebody answered; `sip_code` the SIP
    status of the failure, None where there was none (a timeout, nobody to ring). `other_leg` is the channel id of
    whoever answered, empty for nobody. `key` is the refusing key that was pressed or the cancelling keys, empty for
    none."""

    answered: bool
    cause: str
    sip_code: int | None = None
    other_leg: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """Record what the caller says until a key of `terminators`, `limit` seconds, or `silence_seconds` of silence (0:
    never). `silence_threshold` is the energy below which it is silent (FreeSWITCH's unit, 200 is a quiet room).

    `file` is a relative name below the node's recordings directory, `<account id>/<id>.wav`; folders are made.
    """

    file: str
    limit: int
    silence_seconds: int = 0
    silence_threshold: int = 200
    terminators: str = ALL_KEYS


@dataclass(frozen=True, slots=True)
class Recorded:
    """`path` is absolute on the node, `milliseconds` 0 where nothing was said (there may be no file then), `key` the
    terminator that ended it, empty for the limit or silence.

    A caller who hangs up while recording raises `CallerHungUp`, and what was said until then is in the file.
    """

    file: str
    path: str
    milliseconds: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class ConferenceRequest:
    """Join the conference `name`, which is the account's alone: `<account id>-<conference id>`.

    `profile` is one of the node's (conference.conf). `flags` are mod_conference's for this member: `mute`, `deaf`,
    `moderator`, `endconf` (it ends when this member leaves), `mintwo`, `nomoh`, `wait-mod` (music until a moderator
    comes), `ghost`, `join-only` … `pin` is asked by the switch where it is not empty. `variables` are set on the
    caller first (`conference_enter_sound` …).
    """

    name: str
    profile: str = "default"
    flags: tuple[str, ...] = ()
    pin: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


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
        """The user who owns the authorizing device, or whom a flow has named instead; empty for none."""

    @property
    def interaction_id(self) -> str:
        """What ties the legs of one conversation together."""

    @property
    def switch(self) -> str:
        """The name of the node that carries the call, as in `SwitchNode.name`."""

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

    async def play(self, media: str, terminators: str = "", *, loops: int = 1, seconds: int | None = None) -> str:
        """Play a sound; a digit of `terminators` ends it and is returned. `loops` 0 plays until then.

        `seconds` ends it after that long in any case.
        """

    async def wait(self, seconds: float | None = None, media: str = "", terminators: str = "") -> str:
        """Keep the caller for so long (None: until the hang-up), in silence or with `media` over and over.

        A key of `terminators` ends it and is returned. This is also *parking*: another call may `intercept` this one,
        which ends the wait with `CallerLeft`.
        """

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

    async def send_digits(self, digits: str, milliseconds: int = 100) -> None:
        """Dial `digits` (`w` waits half a second) to the caller's end, each so long."""

    async def detect_fax(self, seconds: int) -> bool:
        """Listen to the caller so long, in silence; True as soon as a fax machine's calling tone (CNG, ITU-T T.30) is
        heard. The call must be answered."""

    # Recording

    async def record(self, request: RecordRequest) -> Recorded:
        """The caller's voice into a file of the switch (a message, a greeting)."""

    def recording_path(self, file: str) -> str:
        """Where the relative `file` of a recording lies on the node: absolute, and playable by `play` on this node.
        Raises ValueError for a name that leads elsewhere."""

    async def start_recording(
        self,
        file: str,
        *,
        limit: int = 0,
        stereo: bool = True,
        minimum: int = 0,
        after_answer: bool = False,
        after_bridge: bool = False,
    ) -> str:
        """Record the whole call from now on, both directions (`stereo`: caller left, the others right); returns the
        file's absolute path on the node.

        `limit` is in seconds, 0 for none. A file shorter than `minimum` seconds is not kept. With `after_answer` or
        `after_bridge` nothing is written before that has happened.
        """

    async def stop_recording(self, file: str) -> None:
        """End what `start_recording` began; nothing happens where it is not running."""

    async def pause_recording(self, file: str, paused: bool) -> None:
        """Silence in the recording while paused (a card number is being said), the conversation again after."""

    # Other people

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        """Ring, and return when nobody answered or when the conversation is over (the called party hung up)."""

    async def conference(self, request: ConferenceRequest) -> None:
        """Join; returns when the caller has left it and is still on the line (kicked, the conference ended)."""

    async def intercept(self, uuid: str) -> bool:
        """Connect the caller with that channel: answers it where it is ringing somebody's phone, takes it over where
        it is talking (the third party is dropped) or waiting.

        False where there is no such channel (any more): the caller is still ours. Where it worked the two talk and
        the caller is no longer ours: `CallerLeft` is raised.
        """

    async def overhear(self, other_leg: str, on_digit: DigitListener) -> None:
        """Be told of keys in the conversation with `other_leg`, after `CallerLeft`: nothing can be asked of the caller
        any more. Returns when the two no longer talk to one another."""

    async def eavesdrop(self, uuid: str, mode: Listening = "listen") -> None:
        """Hear that channel's conversation; `whisper` also speaks to that channel's person alone, `barge` to both.
        Returns when the conversation is over, or at once where there is no such channel."""

    async def hold(self, on: bool) -> None:
        """Put the caller on hold or take the call back: the other party hears the music on hold."""

    async def transfer(self, target: str) -> None:
        """The caller dials `target` anew, as an internal call of the account. Raises `CallerLeft`: it is gone from
        here."""

    async def tell_switch(self, command: NodeCommand) -> str:
        """Run a command of `apps.switching.calls.commands` on this call's node; returns its answer.
        Raises `SwitchRefused`."""

    async def set_variables(self, variables: Mapping[str, str], *, export: bool = False) -> None:
        """Set channel variables; with `export` also on legs rung later."""

    async def remember(self, variables: Mapping[str, str]) -> None:
        """Set channel variables that are bookkeeping, in one go; an empty value removes one. Nothing is waited for."""

    async def last_variables(self) -> Mapping[str, str]:
        """Channel variables as they were when the call ended; those known so far where the switch did not say."""

    async def set_caller_id(self, caller_id: CallerId) -> None: ...

    async def set_destination(self, number: str) -> None:
        """The number that was dialled is to be read as this one from here on."""

    async def set_owner(self, user_id: str) -> None:
        """The call is that user's from here on: his identity, his language, his restrictions."""

    async def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """End the call; nothing happens where it has ended."""

    async def respond(self, code: int, reason: str = "") -> None:
        """Refuse with a SIP status (RFC 3261 §21); an answered call is hung up."""
