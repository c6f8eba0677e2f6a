"""A call carried over the outbound event socket (dialplan application `socket <here> async full`)."""

from __future__ import annotations

import itertools
import json
import logging
import math
import re
import time
from collections.abc import Mapping

from apps.switching.calls import commands, recording_commands
from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.conference_commands import conference_argument
from apps.switching.calls.dial_string import (
    LEGS_IN_A_CHUNK,
    dial_string,
    display_text,
    safe_text,
    safe_variables,
    shown_name,
)
from apps.switching.calls.goes import in_goes
from apps.switching.calls.port import (
    ALL_KEYS,
    BridgeRequest,
    BridgeResult,
    CallerHungUp,
    CallerId,
    CallKind,
    ConferenceRequest,
    DigitListener,
    Listening,
    Recorded,
    RecordRequest,
    SwitchRefused,
)
from apps.switching.calls.socket_bridge import OUTCOMES, new_bridge_id, overhear, ring, shared_variables
from apps.switching.calls.socket_line import EVENTS, Line
from apps.switching.calls.socket_recordings import Recordings, recordings_of
from apps.switching.calls.watching import WATCHES
from apps.switching.esl.errors import CallHungUp
from apps.switching.esl.events import Event
from apps.switching.esl.session import OutboundSession

logger = logging.getLogger(__name__)
PLAYED = "FILE PLAYED"
NO_PROMPT = "silence_stream://100"
#: What a caller hears who is kept waiting with a sound that cannot be played: a soft tone now and then.
STILL_HERE = "tone_stream://%(150,4850,425);loops=-1"
#: How long the switch may take to tell how a call ended.
_LAST_WORDS_SECONDS = 3.0
_MEDIA = re.compile(r"[^\s\x00-\x1f\x7f$\\'\"]{1,2048}")
_DIGITS = re.compile(r"[0-9A-Da-d*#wW]{1,128}")
#: A sound over and over that is shorter than this is taken for one that cannot be played.
_SHORTEST_SECONDS = 0.05
#: The switch lets what the caller exports win over what a leg is given: these say who the *caller* is.
LEGS_OWN = ("authorizing_id", "authorizing_type", "owner_id", "call_kind", "dialed_number")
#: What was dialled, and the number a dial plan made of it.
READ_AS = "dialled_read_as"
_REASONS = {403: "Forbidden", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Unavailable"}


class Watched(Exception):
    """No call: somebody wants to know when this process ends."""


async def take_over(session: OutboundSession) -> SocketCall:
    """Take control of the call the switch handed to us. Raises `CallerHungUp`, `Watched`."""
    try:
        channel = await session.start(events=EVENTS)
        if channel.get(WATCHES):
            raise Watched
        line = Line(session)
        return SocketCall(line, await recordings_of(line))
    except CallHungUp as error:
        raise CallerHungUp(error.cause or "") from error


class SocketCall:
    """See `apps.switching.calls.port.Call`."""

    def __init__(self, line: Line, recordings: Recordings) -> None:
        self._line, self._recordings = line, recordings
        self._session = line.session
        channel = line.session.channel_data
        self._channel = channel
        self._set: dict[str, str] = {}
        self._exported: list[str] = []
        # A call that was taken over from a lost call server holds what it collected.
        self._collected = next(n for n in itertools.count() if not channel.variable(f"collected_digits_{n + 1}"))
        self.uuid = channel.uuid
        self.switch = channel.get("FreeSWITCH-Switchname")
        self.account_id = channel.variable("account_id")
        self.destination = channel.get("Caller-Destination-Number")
        if self.call_kind == "inbound":
            # A carrier's number in E.164, as routing read it.
            self.destination = channel.variable("dialed_number") or self.destination
        self._dialled = self.destination
        # Of this number only: a transferred call keeps its variables, and has dialled another.
        dialled, _, read_as = channel.variable(READ_AS).partition(" ")
        if read_as and dialled == self.destination:
            self.destination = read_as
        self.authorizing_id = channel.variable("authorizing_id")
        self.owner_id = channel.variable("owner_id")
        self.interaction_id = channel.variable("interaction_id")
        self.original_caller_id = CallerId(channel.get("Caller-Caller-ID-Name"), channel.get("Caller-Caller-ID-Number"))
        self.caller_id = CallerId(
            channel.variable("effective_caller_id_name"), channel.variable("effective_caller_id_number")
        ).or_else(self.original_caller_id)

    def __repr__(self) -> str:
        return f"<call {self.uuid}>"

    @property
    def is_answered(self) -> bool:
        return self._line.is_answered

    @property
    def call_kind(self) -> CallKind:
        return "inbound" if self._channel.variable("call_kind") == "inbound" else "internal"

    @property
    def variables(self) -> Mapping[str, str]:
        return _variables(self._channel) | self._set

    async def answer(self) -> None:
        if not self.is_answered:
            await self._execute("answer")
            self._line.is_answered = True

    async def ring_ready(self) -> None:
        if not self.is_answered:
            await self._execute("ring_ready")

    async def pre_answer(self) -> None:
        if not self.is_answered:
            await self._execute("pre_answer")

    async def play(self, media: str, terminators: str = "", *, loops: int = 1, seconds: int | None = None) -> str:
        if loops == 0:
            return await self.wait(seconds, media, terminators)
        ends = None if seconds is None else time.monotonic() + seconds
        for _ in range(loops):
            for go in in_goes(media):
                left = None if ends is None else ends - time.monotonic()
                if left is not None and left <= 0:
                    return ""
                if pressed := (await self._sound(go, terminators, left)).variable("playback_terminator_used"):
                    return pressed
        return ""

    async def wait(self, seconds: float | None = None, media: str = "", terminators: str = "") -> str:
        # `endless_playback` hears no keys, and a break does not end it: so we repeat the sound ourselves.
        ends = None if seconds is None else time.monotonic() + seconds
        goes = itertools.cycle(in_goes(media))
        cannot_be_played = False
        while True:
            sound = STILL_HERE if cannot_be_played else next(goes)
            began = time.monotonic()
            left = None if ends is None else ends - began
            if left is not None and left <= 0:
                return ""
            silence = f"silence_stream://{-1 if left is None else math.ceil(left * 1000)}"
            done = await self._sound(sound or silence, terminators, left)
            if pressed := done.variable("playback_terminator_used"):
                return pressed
            if not sound:
                return ""
            if done.get("Application-Response") != PLAYED or time.monotonic() - began < _SHORTEST_SECONDS:
                logger.warning("call %s: %s cannot be played", self.uuid, sound[:200])
                cannot_be_played = True

    async def _sound(self, media: str, terminators: str, seconds: float | None) -> Event:
        sound = _media(media)
        self._queue("set", f"playback_terminators={safe_text(terminators) or 'none'}")
        self._queue("unset", "playback_terminator_used")
        return await self._line.sound("playback", sound, seconds)

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
        *before, prompt = in_goes(prompt or NO_PROMPT)
        for go in before:
            # A key ends what is said, and is the first of what is collected.
            if first := (await self._sound(go, ALL_KEYS, None)).variable("playback_terminator_used"):
                if first in terminators or maximum <= 1:
                    return "" if first in terminators else first
                rest = await self.collect(
                    minimum=max(1, minimum - 1),
                    maximum=maximum - 1,
                    timeout=interdigit_timeout,
                    interdigit_timeout=interdigit_timeout,
                    terminators=terminators,
                )
                return first + rest if rest or minimum <= 1 else ""
        self._collected += 1
        variable = f"collected_digits_{self._collected}"
        argument = (
            f"{minimum} {maximum} 1 {timeout} {safe_text(terminators) or 'none'} {_media(prompt)} silence "
            f"{variable} [0-9*#]+ {interdigit_timeout}"
        )
        done = await self._line.sound("play_and_get_digits", argument)
        return done.variable(variable)

    async def sleep(self, milliseconds: int) -> None:
        await self._line.sound("sleep", str(max(0, milliseconds)))

    async def send_digits(self, digits: str, milliseconds: int = 100) -> None:
        if not _DIGITS.fullmatch(digits):
            raise ValueError(f"not digits that can be sent: {digits[:80]!r}")
        await self._execute("send_dtmf", f"{digits}@{max(40, milliseconds)}")

    async def detect_fax(self, seconds: int) -> bool:
        heard = False

        def hear(event: Event) -> None:
            nonlocal heard
            if event.name == "DETECTED_TONE" and event.get("Detected-Fax-Tone") == "true" and event.uuid == self.uuid:
                heard = True
                self._line.break_now()

        stop = self._session.on_event(hear)
        try:
            # Its application is run when the tone is heard; the event is what tells us.
            self._queue("spandsp_start_fax_detect", f"set fax_tone_heard=true {seconds} cng")
            await self._sound(f"silence_stream://{seconds * 1000}", "", seconds + 1)
        finally:
            stop()
        self._queue("spandsp_stop_fax_detect")
        return heard

    # Recording

    async def record(self, request: RecordRequest) -> Recorded:
        path = await self._recordings.folder_for(request.file)
        self._queue("set", f"playback_terminators={safe_text(request.terminators) or 'none'}")
        self._queue("multiunset", "playback_terminator_used record_ms")
        silence = f" {request.silence_threshold} {request.silence_seconds}" if request.silence_seconds > 0 else ""
        done = await self._line.sound("record", f"{path} {max(1, request.limit)}{silence}")
        length = done.variable("record_ms")
        milliseconds = int(length) if length.isascii() and length.isdigit() else 0
        return Recorded(request.file, path, milliseconds, done.variable("playback_terminator_used"))

    def recording_path(self, file: str) -> str:
        return self._recordings.path(file)

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
        path = self.recording_path(file)
        options = recording_commands.RecordingOptions(limit, stereo, minimum, after_answer, after_bridge)
        command = recording_commands.start_recording(self.uuid, path, options)
        if (after_answer or after_bridge) and not self.is_answered:
            # It would open the audio, and the caller hear nothing instead of their own ringing tone.
            self._recordings.begin_when_answered(file, command)
        else:
            await self.tell_switch(command)
        return path

    async def stop_recording(self, file: str) -> None:
        if self._recordings.forget(file):
            return
        try:
            await self.tell_switch(recording_commands.stop_recording(self.uuid, self.recording_path(file)))
        except SwitchRefused:
            logger.info("call %s: %s was not being recorded", self.uuid, file)

    async def pause_recording(self, file: str, paused: bool) -> None:
        await self.tell_switch(recording_commands.mask_recording(self.uuid, self.recording_path(file), paused))

    # Other people

    async def bridge(self, request: BridgeRequest) -> BridgeResult:
        bridge_id = new_bridge_id()
        text = dial_string(request.legs, shared_variables(request, bridge_id, self.uuid))
        self._queue("multiunset", OUTCOMES)
        for name, value in self._ringing_variables(request).items():
            self._queue("set" if value else "unset", f"{name}={value}" if value else name)
        if len(request.legs) > LEGS_IN_A_CHUNK and not self.is_answered:
            # Legs rung in several threads do not pass their ringing on.
            self._queue("ring_ready")
        return await ring(self._line, request, text, bridge_id)

    def _known(self, name: str) -> str:
        """One channel variable, without reading all of them."""
        return self._set.get(name, "") or self._channel.variable(name)

    def _ringing_variables(self, request: BridgeRequest) -> dict[str, str]:
        listed = self._channel.variable("export_vars").removeprefix("ARRAY::").replace("|:", ",").split(",")
        exported = dict.fromkeys(name for name in [*listed, *self._exported] if name and name not in LEGS_OWN)
        ringback = _media(in_goes(request.ringback)[0]) if request.ringback else ""
        transfer = ringback
        if not ringback and not self.is_answered:
            ringback, transfer = self._known("early_ringback"), self._known("later_ringback")
        elif not ringback:
            transfer = self._known("later_ringback")
        return {
            "hangup_after_bridge": "false",
            "continue_on_fail": "true",
            "export_vars": ",".join(exported),
            "ringback": ringback,
            "transfer_ringback": transfer,
            "instant_ringback": "true" if ringback else "",
        }

    async def conference(self, request: ConferenceRequest) -> None:
        argument = conference_argument(request.name, request.profile, request.pin, request.flags)
        # A profile with music of its own would not take the account's.
        await self.set_variables({"conference_moh_sound": STILL_HERE, **request.variables})
        await self.answer()
        await self._execute("conference", argument)

    async def intercept(self, uuid: str) -> bool:
        found = await self._line.api("uuid_dump", f"{commands.checked_uuid(uuid)} json")
        wanted = _who_to_talk_to(uuid, found.text) if found.ok else ""
        if not wanted or wanted == self.uuid:
            return False
        await self.answer()
        # When the other one hangs up, the switch would otherwise go on with what stands behind us in its dialplan.
        self._queue("set", "hangup_after_bridge=true")
        # Where it worked the channel is not ours afterwards, and this raises.
        await self._execute("intercept", wanted)
        return False

    async def overhear(self, other_leg: str, on_digit: DigitListener) -> None:
        await overhear(self._line, commands.checked_uuid(other_leg), on_digit)

    async def eavesdrop(self, uuid: str, mode: Listening = "listen") -> None:
        commands.checked_uuid(uuid)
        await self.answer()
        self._queue("multiunset", "eavesdrop_whisper_aleg eavesdrop_whisper_bleg")
        for name, value in commands.WHISPERS[mode].items():
            self._queue("set", f"{name}={value}")
        await self._execute("eavesdrop", uuid)

    async def hold(self, on: bool) -> None:
        await self.tell_switch(commands.hold(self.uuid, on))

    async def transfer(self, target: str) -> None:
        self._queue("set", "hangup_after_bridge=true")
        await self._execute("transfer", commands.extension(target))
        raise self._line.given_away()

    async def tell_switch(self, command: NodeCommand) -> str:
        answer = await self._line.api(command.name, command.arguments)
        if not answer.ok:
            raise SwitchRefused(answer.text.strip())
        return answer.text

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
            shown = shown_name(value) if part == "name" else display_text(value)
            name = f"effective_caller_id_{part}"
            self._queue("set" if shown else "unset", f"{name}={shown}" if shown else name)
        self.caller_id = caller_id

    async def set_destination(self, number: str) -> None:
        await self.set_variables({READ_AS: f"{self._dialled} {number}"})
        self.destination = number

    async def set_owner(self, user_id: str) -> None:
        await self.set_variables({"owner_id": user_id})
        self.owner_id = user_id

    async def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        if not self._line.has_left:
            await self._session.hangup(cause)

    async def respond(self, code: int, reason: str = "") -> None:
        """RFC 3261 §21. The switch cannot refuse what is answered: that is hung up."""
        if self.is_answered:
            await self.hang_up("CALL_REJECTED")
            return
        reason = display_text(reason) or _REASONS.get(code, "")
        # The application ends with the call: its completion may or may not still be told.
        self._queue("respond", f"{code} {reason}".strip())
        await self._line.wait(self._session.wait_ended())

    def _queue(self, application: str, argument: str = "") -> None:
        self._line.queue(application, argument)

    async def _execute(self, application: str, argument: str = "") -> Event:
        return await self._line.execute(application, argument)


def _media(sound: str) -> str:
    if not _MEDIA.fullmatch(sound):
        raise ValueError(f"not a sound that can be played: {sound[:80]!r}")
    return sound


def _who_to_talk_to(uuid: str, dump: str) -> str:
    """Where the channel is a phone that is still ringing, whoever makes it ring; else the channel itself."""
    known = json.loads(dump)
    rings = known.get("Call-Direction") == "outbound" and known.get("Answer-State") != "answered"
    return str(known.get("Other-Leg-Unique-ID") or known.get("variable_originating_leg_uuid") or "") if rings else uuid


def _variables(event: Event) -> dict[str, str]:
    prefix = "variable_"
    return {name.removeprefix(prefix): value for name, value in event.as_dict().items() if name.startswith(prefix)}
