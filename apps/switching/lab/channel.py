"""One channel: its state, times, variables, and the events its life consists of.

A channel does not know where its media goes. What the far end of its SIP dialog does reaches it through
`mark_ringing`, `mark_early`, `mark_answered`, `receive_digit` and `hang_up`; what the switch does to the far end goes
to its `Endpoint`.
"""

from __future__ import annotations

import asyncio
import uuid as uuids
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps.switching.lab import causes, recordings
from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.headers import caller_headers, channel_headers, timing_variables
from apps.switching.lab.profile import CallerProfile, Endpoint, Message, Redirect
from apps.switching.lab.recordings import Recording
from apps.switching.lab.states import CALL_STATE_NUMBERS, STATE_NUMBERS
from apps.switching.lab.variables import ChannelVariables

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

_STATE = Origin("switch_channel.c", "switch_channel_perform_set_running_state", 2408)
_CALLSTATE = Origin("switch_channel.c", "switch_channel_perform_set_callstate", 301)
_RING = Origin("switch_channel.c", "switch_channel_perform_mark_ring_ready_value", 3505)
_EARLY = Origin("switch_channel.c", "switch_channel_perform_mark_pre_answered", 3560)
_ANSWER = Origin("switch_channel.c", "switch_channel_perform_mark_answered", 3846)
_HANGUP = Origin("switch_channel.c", "switch_channel_perform_hangup", 3445)
_CREATE = Origin("switch_core_state_machine.c", "switch_core_session_run", 626)
_COMPLETE = Origin("switch_core_state_machine.c", "switch_core_session_reporting_state", 943)
_DESTROY = Origin("switch_core_session.c", "switch_core_session_perform_destroy", 1584)
_HOLD = Origin("switch_channel.c", "switch_channel_mark_hold", 875)
_DTMF = Origin("switch_channel.c", "switch_channel_dequeue_dtmf", 677)
_READ_CODEC = Origin("switch_core_codec.c", "switch_core_session_set_real_read_codec", 168)
_WRITE_CODEC = Origin("switch_core_codec.c", "switch_core_session_set_write_codec", 232)
_PRESENCE = Origin("switch_channel.c", "switch_channel_perform_presence", 805)


class Channel(ChannelVariables):
    """A channel. `task` runs its dialplan; a ringing outbound leg has none."""

    def __init__(
        self, switch: LabSwitch, name: str, direction: str, profile: CallerProfile, *, uuid: str | None = None
    ) -> None:
        self.switch = switch
        self.uuid = uuid or str(uuids.uuid4())
        self.name = name
        self.direction = direction
        self.profile = profile
        self.logical_direction = "inbound"
        self.state = "CS_NEW"
        self.state_number: int = 0
        self.call_state = "DOWN"
        self.answer_state = "ringing"
        self.call_uuid = self.uuid
        self.presence_id = ""
        self.has_media = False
        self.hangup_cause = ""
        self.sip_status = 0
        self.hung_up_by_far_end = False
        self.other_leg: Channel | None = None
        self.other_type = ""
        self.other_times_known = False
        self.variables: dict[str, str] = {}
        self.endpoint: Endpoint | None = None
        self.bridged_to: Channel | None = None
        self.recordings: dict[str, Recording] = {}
        self.hears_fax: asyncio.Task[Any] | None = None
        self.digits: deque[str] = deque()
        self.digits_dialed = ""
        self.messages: deque[Message] = deque()
        self.event_locked = False
        self.redirect: Redirect | None = None
        self.broken = False
        self.broken_all = False
        self.application_log: list[tuple[str, str, int]] = []
        self.extensions: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.past_profiles: list[CallerProfile] = []
        self.transfer_after_bridge = ""
        self.ring_allowance: Callable[[], None] | None = None
        self.on_change: Callable[[Channel], None] | None = None
        self.task: asyncio.Task[Any] | None = None
        self.reported = asyncio.Event()
        self.run_message: Callable[[Message], Any] | None = None
        self._wakers: set[asyncio.Future[None]] = set()
        profile.created = profile.profile_created = switch.clock.microseconds()

    # ------------------------------------------------------------------ waiting

    @property
    def up(self) -> bool:
        """Not hung up."""
        return not self.hangup_cause

    @property
    def free(self) -> bool:
        """Up and not told to go elsewhere: the current application may go on."""
        return self.up and self.redirect is None

    def wake(self) -> None:
        """Let everything that waits on this channel look again."""
        for waker in self._wakers:
            if not waker.done():
                waker.set_result(None)
        self._wakers.clear()
        if self.on_change is not None:
            self.on_change(self)

    async def until(
        self, ready: Callable[[], bool] | None = None, timeout: float | None = None, *, breakable: bool = False
    ) -> bool:
        """Wait until `ready`, the timeout in seconds, a hang-up, a transfer or (where breakable) a break.

        Applications sent to the channel meanwhile run here unless the current one holds the event lock.
        Returns whether `ready` is true."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while self.free:
            if ready is not None and ready():
                return True
            if breakable and self.broken:
                self.broken = False
                return False
            if self.messages and not self.event_locked and self.run_message is not None:
                await self.run_message(self.messages.popleft())
                continue
            remaining = None if deadline is None else deadline - loop.time()
            if remaining is not None and remaining <= 0:
                return False
            waker: asyncio.Future[None] = loop.create_future()
            self._wakers.add(waker)
            await asyncio.wait([waker], timeout=remaining)
            self._wakers.discard(waker)
        return ready is not None and ready()

    def queue(self, message: Message) -> None:
        """A sendmsg: run when the current application lets it, a hang-up at once unless the event lock is held."""
        if message.command == "hangup" and not self.event_locked and not self.messages:
            self.hang_up(message.cause)
            if message.done is not None and not message.done.done():
                message.done.set_result("+OK")
            return
        self.messages.append(message)
        self.wake()

    # ------------------------------------------------------------------ events

    def fire(
        self, name: str, origin: Origin, *, variables: bool = True, before: Headers | None = None,
        after: Headers | None = None,
    ) -> None:  # fmt: skip
        """Send an event about this channel."""
        self.switch.bus.fire(
            name,
            origin,
            lambda: [*(before or []), *channel_headers(self, variables=variables), *(after or [])],
            channel_uuid=self.uuid,
        )

    def set_state(self, state: str, number: int | None = None) -> None:
        """Enter a state; `number` is what the headers show where the real switch is already one step ahead."""
        self.state = state
        self.state_number = STATE_NUMBERS[state] if number is None else number
        self.fire("CHANNEL_STATE", _STATE, variables=False)

    def set_call_state(self, call_state: str) -> None:
        if call_state == self.call_state:
            return
        old, self.call_state = self.call_state, call_state
        number = str(CALL_STATE_NUMBERS[call_state])
        self.fire(
            "CHANNEL_CALLSTATE", _CALLSTATE, variables=False,
            before=[("Original-Channel-Call-State", old), ("Channel-Call-State-Number", number)],
        )  # fmt: skip

    def fire_presence(self, status: str) -> None:
        if not self.presence_id:
            return
        call_info = {"RINGING": "alerting", "DOWN": "alerting", "EARLY": "progressing", "HANGUP": "idle"}
        after = [
            ("proto", "any"),
            ("login", "src/switch_channel.c"),
            ("from", self.presence_id),
            ("rpid", "unknown"),
            ("status", status),
            ("event_type", "presence"),
            ("alt_event_type", "dialog"),
            ("presence-call-info-state", call_info.get(self.call_state, "active")),
            ("presence-call-direction", self.direction),
            ("event_count", "0"),
            ("Presence-Calling-File", "src/switch_core_state_machine.c"),
            ("Presence-Calling-Function", "check_presence"),
            ("Presence-Calling-Line", "521"),
        ]
        self.fire("PRESENCE_IN", _PRESENCE, variables=False, after=after)

    def created(self) -> None:
        """CS_INIT: the channel exists for everybody."""
        self.set_state("CS_INIT")
        self.state_number = STATE_NUMBERS["CS_ROUTING"]
        self.variables.setdefault("call_uuid", self.call_uuid)
        self.fire("CHANNEL_CREATE", _CREATE)
        if self.direction == "outbound":
            self.fire("CHANNEL_ORIGINATE", _CREATE)

    # ------------------------------------------------------------------ progress

    def mark_ringing(self) -> None:
        """180: the far end of an outbound leg rings, or the caller of an inbound one is told so."""
        if not self.up or self.profile.progress or self.answer_state == "answered":
            return
        self.profile.progress = self.switch.clock.microseconds()
        self.fire("CHANNEL_PROGRESS", _RING)
        self.set_call_state("RINGING")
        if self.direction == "inbound" and self.endpoint is not None:
            self.endpoint.channel_ringing(self)
        self.wake()

    def mark_early(self) -> None:
        """183 with media."""
        if not self.up or self.profile.progress_media or self.answer_state == "answered":
            return
        self.start_media()
        self.profile.progress_media = self.switch.clock.microseconds()
        self.variables["endpoint_disposition"] = "EARLY MEDIA"
        self.answer_state = "early"
        self.fire("CHANNEL_PROGRESS_MEDIA", _EARLY)
        self.set_call_state("EARLY")
        if self.direction == "inbound" and self.endpoint is not None:
            self.endpoint.channel_early(self)
        self.wake()

    def mark_answered(self) -> None:
        """200 on the INVITE, by whichever side answers it."""
        if not self.up or self.answer_state == "answered":
            return
        if self.direction == "inbound" and not self.has_media:
            self.mark_early()
        self.start_media()
        self.profile.answered = self.switch.clock.microseconds()
        self.answer_state = "answered"
        self.fire("CHANNEL_ANSWER", _ANSWER)
        self.variables["endpoint_disposition"] = "ANSWER"
        self.fire_presence("answered")
        self.set_call_state("ACTIVE")
        if self.endpoint is not None:
            self.endpoint.channel_answered(self)
        self._run_on_answer()
        self.wake()

    def _run_on_answer(self) -> None:
        """`api_on_answer…`: commands that wait for this moment (switch_channel_api_on)."""
        for name, command in list(self.variables.items()):
            if name.lower().startswith("api_on_answer") and command:
                self.switch.spawn(self.switch.run_command(command))

    def start_media(self) -> None:
        """SDP is agreed: codec events and variables."""
        if self.has_media:
            return
        self.has_media = True
        codec = [("name", "PCMU"), ("rate", "8000"), ("bit-rate", "64000")]
        self.fire(
            "CODEC", _READ_CODEC, variables=False, after=[(f"channel-read-codec-{key}", value) for key, value in codec]
        )
        self.fire(
            "CODEC", _WRITE_CODEC, variables=False,
            after=[(f"Channel-Write-Codec-{key}", value) for key, value in codec],
        )  # fmt: skip
        self.variables.update(self.switch.media_variables(self))

    def receive_digit(self, digit: str, source: str = "RTP", duration: int = 2000) -> None:
        """A DTMF digit from the far end."""
        if not self.up:
            return
        self.digits.append(digit)
        self.digits_dialed += digit
        after = [("DTMF-Digit", digit), ("DTMF-Duration", str(duration)), ("DTMF-Source", source)]
        self.fire("DTMF", _DTMF, variables=False, after=after)
        if self.bridged_to is not None and self.bridged_to.endpoint is not None:
            self.bridged_to.endpoint.channel_digit(self.bridged_to, digit)
        self.wake()

    def mark_held(self, held: bool) -> None:
        """The far end (or uuid_hold) puts the call on hold or takes it back."""
        now = self.switch.clock.microseconds()
        if held and self.call_state != "HELD":
            self.profile.last_hold = now
            self.set_call_state("HELD")
            self.fire("CHANNEL_HOLD", _HOLD)
        elif not held and self.call_state == "HELD":
            self.profile.hold_accum += now - self.profile.last_hold
            self.set_call_state("UNHELD")
            self.fire("CHANNEL_UNHOLD", _HOLD)
            self.set_call_state("ACTIVE")

    # ------------------------------------------------------------------ the end

    def hang_up(self, cause: str = "NORMAL_CLEARING", *, sip_status: int = 0, by_far_end: bool = False) -> None:
        """Hang up once. The dialplan task (or, where there is none, the loop) goes on to report and destroy."""
        if not self.up:
            return
        self.hangup_cause = cause
        self.hung_up_by_far_end = by_far_end
        self.sip_status = sip_status
        self.answer_state_before = self.answer_state
        self.answer_state = "hangup"
        self.state_number = STATE_NUMBERS["CS_HANGUP"]
        if by_far_end:
            self._note_far_end_hangup(sip_status)
        self.fire("CHANNEL_HANGUP", _HANGUP)
        self.wake()
        if self.task is None:
            asyncio.get_running_loop().call_soon(self.finish)

    def _note_far_end_hangup(self, sip_status: int) -> None:
        variables = self.variables
        if self.answer_state_before == "answered":
            sip_status = 200
        elif self.direction == "inbound":
            sip_status = 487
            variables["sip_hangup_disposition"] = "recv_cancel"
            variables["sip_invite_failure_status"] = "487"
            variables["sip_invite_failure_phrase"] = "CANCEL"
        elif sip_status:
            variables["sip_hangup_disposition"] = "recv_refuse"
            variables["sip_invite_failure_status"] = str(sip_status)
            variables["sip_invite_failure_phrase"] = causes.SIP_PHRASES.get(sip_status, "Unknown")
        if sip_status:
            variables["sip_term_status"] = str(sip_status)
            variables["proto_specific_hangup_cause"] = f"sip:{sip_status}"
            variables["sip_term_cause"] = "487" if sip_status == 487 else str(causes.q850(self.hangup_cause))

    def finish(self) -> None:
        """CS_HANGUP, CS_REPORTING, CS_DESTROY, and the CDR. Called once, when nothing runs on the channel any more."""
        if self.reported.is_set():
            return
        recordings.stop(self, "all")
        self.set_state("CS_HANGUP")
        self.profile.hangup = self.switch.clock.microseconds()
        self.set_call_state("HANGUP")
        self.fire_presence("CS_HANGUP")
        self._tell_far_end()
        self.set_state("CS_REPORTING")
        if self.direction == "outbound" and self.bridged_to is None and self.other_leg is not None:
            self.call_uuid = self.uuid if self.profile.bridged else self.call_uuid
        self.variables["call_uuid"] = self.call_uuid
        self.variables.update(timing_variables(self))
        self.fire("CHANNEL_HANGUP_COMPLETE", _COMPLETE)
        self.switch.report(self)
        self.state_number = STATE_NUMBERS["CS_DESTROY"]
        self.fire("CHANNEL_DESTROY", _DESTROY)
        self.set_state("CS_DESTROY")
        self.switch.channels.pop(self.uuid, None)
        for message in self.messages:
            if message.done is not None and not message.done.done():
                message.done.set_result("+OK")
        self.messages.clear()
        self.reported.set()
        self.wake()

    def _tell_far_end(self) -> None:
        answered = self.answer_state_before == "answered"
        status = 200 if answered else self.sip_status or causes.status_of_cause(self.hangup_cause)
        if answered and self.hung_up_by_far_end:
            self.variables["sip_hangup_disposition"] = "recv_bye"
        if not self.hung_up_by_far_end:
            if answered:
                self.variables["sip_hangup_disposition"] = "send_bye"
            elif self.direction == "inbound":
                self.variables["sip_hangup_disposition"] = "send_refuse"
            elif self.endpoint is not None:
                self.variables["sip_hangup_disposition"] = "send_cancel"
                self.variables["sip_invite_failure_status"] = "487"
                self.variables["sip_invite_failure_phrase"] = "CANCEL"
        if self.endpoint is not None:
            self.endpoint.channel_ended(self, self.hangup_cause, status)

    def new_profile(self, destination: str, dialplan: str, context: str, source: str) -> None:
        """A transfer: the old profile stays in the CDR's callflow, a new one begins."""
        self.past_profiles.insert(0, replace(self.profile))
        now = self.switch.clock.microseconds()
        old = self.profile
        self.profile = replace(
            old,
            rdnis=old.destination_number,
            destination_number=destination,
            dialplan=dialplan or old.dialplan,
            context=context or old.context,
            transfer_source=source,
            profile_index=old.profile_index + 1,
            profile_created=now,
        )

    def caller_headers(self, prefix: str) -> Headers:
        """The caller profile as headers under a prefix (Caller, Other-Leg, Hunt, Channel)."""
        return caller_headers(self, prefix)
