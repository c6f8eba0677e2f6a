"""A call carried over the outbound event socket (dialplan application `socket <here> async full`)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from apps.switching.calls.dial_string import (
    LEGS_IN_A_CHUNK,
    dial_string,
    display_text,
    safe_text,
    safe_variables,
)
from apps.switching.calls.port import BridgeRequest, BridgeResult, CallerHungUp, CallerId, CallKind
from apps.switching.esl.errors import CallHungUp
from apps.switching.esl.events import Event
from apps.switching.esl.session import OutboundSession

T = TypeVar("T")
#: Of this channel; `myevents` would bring every other kind as well, which grow with the group that rings.
EVENTS = ("CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
NO_PROMPT = "silence_stream://100"
DEFAULT_SPEECH_ENGINE = "tts_commandline"  # what the node configuration we render loads
_MEDIA = re.compile(r"[^\s\x00-\x1f\x7f$\\'\"]{1,2048}")
#: The switch lets what the caller exports win over what a leg is given: these say who the *caller* is.
LEGS_OWN = ("authorizing_id", "authorizing_type", "owner_id", "call_kind", "dialed_number")
#: Left by an earlier bridge, they would be read as the next one's.
_OUTCOMES = "last_bridge_proto_specific_hangup_cause last_bridge_hangup_cause sip_invite_failure_status"
#: How long the switch may take to tell how a call ended.
_LAST_WORDS_SECONDS = 3.0
_REASONS = {403: "Forbidden", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Unavailable"}


async def take_over(session: OutboundSession) -> SocketCall:
    """Take control of the call the switch handed to us. Raises `CallerHungUp`."""
    with _as_hung_up():
        await session.start(events=EVENTS)
    return SocketCall(session)


class SocketCall:
    """See `apps.switching.calls.port.Call`."""

    def __init__(self, session: OutboundSession) -> None:
        self._session = session
        channel = session.channel_data
        self._channel = channel
        self._set: dict[str, str] = {}
        self._exported: list[str] = []
        self._collected = 0
        self.uuid = channel.uuid
        self.account_id = channel.variable("account_id")
        self.destination = channel.get("Caller-Destination-Number")
        if self.call_kind == "inbound":
            # A carrier's number in E.164, as routing read it.
            self.destination = channel.variable("dialed_number") or self.destination
        self.authorizing_id = channel.variable("authorizing_id")
        self.owner_id = channel.variable("owner_id")
        self.interaction_id = channel.variable("interaction_id")
        self.original_caller_id = CallerId(channel.get("Caller-Caller-ID-Name"), channel.get("Caller-Caller-ID-Number"))
        self.caller_id = CallerId(
            channel.variable("effective_caller_id_name"), channel.variable("effective_caller_id_number")
        ).or_else(self.original_caller_id)
        self.is_answered = channel.get("Answer-State") == "answered"

    def __repr__(self) -> str:
        return f"<call {self.uuid}>"

    @property
    def call_kind(self) -> CallKind:
        return "inbound" if self._channel.variable("call_kind") == "inbound" else "internal"

    @property
    def variables(self) -> Mapping[str, str]:
        return _variables(self._channel) | self._set

    async def answer(self) -> None:
        if not self.is_answered:
            await self._execute("answer")
            self.is_answered = True

    async def ring_ready(self) -> None:
        if not self.is_answered:
            await self._execute("ring_ready")

    async def pre_answer(self) -> None:
        if not self.is_answered:
            await self._execute("pre_answer")

    async def play(self, media: str, terminators: str = "", *, loops: int = 1) -> str:
        sound = _media(media)
        self._queue("set", f"playback_terminators={safe_text(terminators) or 'none'}")
        self._queue("unset", "playback_terminator_used")
        if loops == 0:
            done = await self._execute("endless_playback", sound)
            return done.variable("playback_terminator_used")
        for _ in range(loops):
            done = await self._execute("playback", sound)
            if pressed := done.variable("playback_terminator_used"):
                return pressed
        return ""

    async def speak(self, text: str, voice: str = "", language: str = "") -> None:
        # The voice names what the engine has; a language chooses among them where the engine takes one.
        engine = self.variables.get("tts_engine") or DEFAULT_SPEECH_ENGINE
        if language:
            self._queue("set", f"default_language={safe_text(language)}")
        await self._execute("speak", f"{safe_text(engine)}|{display_text(voice) or 'default'}|{display_text(text)}")

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
        self._collected += 1
        variable = f"collected_digits_{self._collected}"
        argument = (
            f"{minimum} {maximum} 1 {timeout} {safe_text(terminators) or 'none'} {_media(prompt or NO_PROMPT)} silence "
            f"{variable} [0-9*#]+ {interdigit_timeout}"
        )
        done = await self._execute("play_and_get_digits", argument)
        return done.variable(variable)

    async def sleep(self, milliseconds: int) -> None:
        await self._execute("sleep", str(max(0, milliseconds)))

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        text = dial_string(request.legs, _shared_variables(request))
        self._queue("multiunset", _OUTCOMES)
        for name, value in self._ringing_variables(request).items():
            self._queue("set" if value else "unset", f"{name}={value}" if value else name)
        if len(request.legs) > LEGS_IN_A_CHUNK and not self.is_answered:
            # Legs rung in several threads do not pass their ringing on.
            self._queue("ring_ready")
        done = await self._execute("bridge", text)
        disposition = done.variable("originate_disposition")
        if disposition.upper() == "SUCCESS":
            self.is_answered = True
            return BridgeResult(answered=True, cause="SUCCESS")
        cause = disposition if disposition not in ("", "failure") else done.variable("originate_failed_cause")
        return BridgeResult(answered=False, cause=cause or "NO_ROUTE_DESTINATION", sip_code=_sip_code(done))

    def _ringing_variables(self, request: BridgeRequest) -> dict[str, str]:
        listed = self._channel.variable("export_vars").removeprefix("ARRAY::").replace("|:", ",").split(",")
        exported = dict.fromkeys(name for name in [*listed, *self._exported] if name and name not in LEGS_OWN)
        ringback = _media(request.ringback) if request.ringback else ""
        return {
            "hangup_after_bridge": "false",
            "continue_on_fail": "true",
            "export_vars": ",".join(exported),
            "ringback": ringback,
            "transfer_ringback": ringback,
            "instant_ringback": "true" if ringback else "",
        }

    async def set_variables(self, variables: Mapping[str, str], *, export: bool = False) -> None:
        for name, value in safe_variables(variables).items():
            self._queue("export" if export else "set", f"{name}={value}")
            self._set[name] = value
            if export:
                self._exported.append(name)

    async def remember(self, variables: Mapping[str, str]) -> None:
        known = safe_variables(variables)
        pairs = [f"{name}={known.get(name, '')}" for name in variables]
        self._queue("multiset", f"^^~{'~'.join(pairs)}")
        self._set |= {name: known.get(name, "") for name in variables}

    async def last_variables(self) -> Mapping[str, str]:
        last = await self._session.wait_complete(_LAST_WORDS_SECONDS)
        return {**self.variables, **(_variables(last) if last is not None else {})}

    async def set_caller_id(self, caller_id: CallerId) -> None:
        for part, value in (("name", caller_id.name), ("number", caller_id.number)):
            shown = display_text(value)
            name = f"effective_caller_id_{part}"
            self._queue("set" if shown else "unset", f"{name}={shown}" if shown else name)
        self.caller_id = caller_id

    async def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        await self._session.hangup(cause)

    async def respond(self, code: int, reason: str = "") -> None:
        """RFC 3261 §21. The switch cannot refuse what is answered: that is hung up."""
        if self.is_answered:
            await self.hang_up("CALL_REJECTED")
            return
        reason = display_text(reason) or _REASONS.get(code, "")
        # The application ends with the call: its completion may or may not still be told.
        self._queue("respond", f"{code} {reason}".strip())
        await self._wait(self._session.wait_ended())

    def _queue(self, application: str, argument: str = "") -> None:
        with _as_hung_up():
            self._session.execute_nowait(application, argument, event_lock=True)

    async def _execute(self, application: str, argument: str = "") -> Event:
        return await self._wait(self._session.execute(application, argument))

    async def _wait(self, work: Awaitable[T]) -> T:
        with _as_hung_up():
            return await work


def _shared_variables(request: BridgeRequest) -> dict[str, str]:
    shared = {
        "originate_timeout": str(max(1, request.timeout)),
        # Else a leg is offered the caller's codec alone, and a phone that lacks it cannot answer.
        "media_mix_inbound_outbound_codecs": "true",
        **request.variables,
    }
    if request.ignore_early_media or len(request.legs) > 1:
        shared["ignore_early_media"] = "true"
    if request.fail_on_single_reject:
        shared["fail_on_single_reject"] = "true"
    if request.caller_id is not None:
        shared["origination_caller_id_name"] = display_text(request.caller_id.name)
        shared["origination_caller_id_number"] = display_text(request.caller_id.number)
    return shared


def _variables(event: Event) -> dict[str, str]:
    prefix = "variable_"
    return {name.removeprefix(prefix): value for name, value in event.as_dict().items() if name.startswith(prefix)}


def _sip_code(done: Event) -> int | None:
    specific = done.variable("last_bridge_proto_specific_hangup_cause").removeprefix("sip:")
    code = specific or done.variable("sip_invite_failure_status")
    return int(code) if code.isascii() and code.isdigit() and len(code) == 3 else None


def _media(sound: str) -> str:
    if not _MEDIA.fullmatch(sound):
        raise ValueError(f"not a sound that can be played: {sound[:80]!r}")
    return sound


@contextmanager
def _as_hung_up() -> Iterator[None]:
    try:
        yield
    except CallHungUp as error:
        raise CallerHungUp(error.cause or "") from error
