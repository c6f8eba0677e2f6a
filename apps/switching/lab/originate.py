"""Originate: make the legs of a dial string ring, and find the one that wins (switch_ivr_originate.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.switching.lab import causes, dialstring
from apps.switching.lab.channel import Channel
from apps.switching.lab.legs import Candidate, prepare

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

DEFAULT_TIMEOUT = 60.0


@dataclass
class Outcome:
    """The winning channel, or none and the cause."""

    channel: Channel | None = None
    cause: str = "DESTINATION_OUT_OF_ORDER"


@dataclass
class Stop:
    """Tells every thread of an originate to give up, and with which cause."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    cause: str = "ORIGINATOR_CANCEL"

    def give_up(self, cause: str) -> None:
        if not self.event.is_set():
            self.cause = cause
            self.event.set()


async def originate(
    switch: LabSwitch, caller: Channel | None, text: str, *, timeout: float = DEFAULT_TIMEOUT,
    overrides: dict[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Dial. With a `caller`, its hang-up or transfer cancels, and progress is passed on to it."""
    try:
        parsed = dialstring.parse(text)
    except dialstring.BadDialStringError:
        return _note(caller, Outcome(cause="DESTINATION_OUT_OF_ORDER"))
    if caller is not None:
        caller.variables |= {"originate_disposition": "failure", "DIALSTATUS": "INVALIDARGS"}
        for name in ("originate_causes", "originated_legs", "originate_failed_cause", "originate_signal_bond"):
            caller.variables.pop(name, None)
    shared = (overrides or {}) | parsed.variables
    stop = Stop()
    threads = [
        asyncio.ensure_future(_Thread(switch, caller, group, shared, timeout, stop).run()) for group in parsed.groups
    ]
    watcher = asyncio.ensure_future(_watch(caller, stop)) if caller is not None else None
    try:
        outcome = await _first(threads, stop)
    finally:
        if watcher is not None:
            watcher.cancel()
            # It gives the event lock back as it ends: later than the bridge's own end, the lock would stay.
            await asyncio.gather(watcher, return_exceptions=True)
    return _note(caller, outcome)


async def _watch(caller: Channel, stop: Stop) -> None:
    locked, caller.event_locked = caller.event_locked, True
    try:
        await caller.until(lambda: False)
        stop.give_up("ORIGINATOR_CANCEL")
    finally:
        caller.event_locked = locked


async def _first(threads: Sequence[asyncio.Future[Outcome]], stop: Stop) -> Outcome:
    outcome = Outcome(cause="NO_ROUTE_DESTINATION")
    pending: set[asyncio.Future[Outcome]] = set(threads)
    winner: Outcome | None = None
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for thread in done:
            result = thread.result()
            if result.channel is not None and winner is None:
                winner = result
                stop.give_up("LOSE_RACE")
            elif result.channel is not None:
                result.channel.hang_up("LOSE_RACE")
            else:
                outcome = result
    return winner or outcome


def _note(caller: Channel | None, outcome: Outcome) -> Outcome:
    """The variables an originate leaves on the A leg."""
    if caller is None:
        return outcome
    won = outcome.channel is not None
    caller.variables["originate_disposition"] = "SUCCESS" if won else outcome.cause
    caller.variables["DIALSTATUS"] = causes.dialstatus("SUCCESS" if won else outcome.cause)
    caller.variables.pop("originate_signal_bond", None)
    if not won:
        caller.variables["originate_failed_cause"] = outcome.cause
    return outcome


class _Thread:
    """One originate without ``:_:``: its rounds in turn, the legs of a round at once."""

    def __init__(
        self, switch: LabSwitch, caller: Channel | None, group: dialstring.Group, shared: dict[str, str],
        timeout: float, stop: Stop,
    ) -> None:  # fmt: skip
        self.switch = switch
        self.caller = caller
        self.group = group
        self.shared = shared | group.variables
        self.timeout = self._number("originate_timeout", timeout)
        self.stop = stop
        self.candidates: list[Candidate] = []
        self.changed: set[Channel] = set()
        self.signal = asyncio.Event()
        self.confirming: dict[Channel, asyncio.Task[bool]] = {}
        self.timers: list[asyncio.TimerHandle] = []
        self.timed_out = False

    def _number(self, name: str, default: float) -> float:
        try:
            return float(self.shared[name])
        except (KeyError, ValueError):
            return default

    def _yes(self, name: str) -> bool:
        value = self.shared.get(name) or (self.caller.get(name) if self.caller is not None else "")
        return value.lower() in ("true", "yes", "1", "on")

    async def run(self) -> Outcome:
        outcome = Outcome(cause="NO_ROUTE_DESTINATION")
        for legs in self.group.rounds:
            if self.stop.event.is_set():
                return Outcome(cause=self.stop.cause)
            outcome = await self._round(legs)
            if outcome.channel is not None or self.stop.event.is_set():
                break
            if outcome.cause == "NO_ANSWER" and self.timed_out and not self._yes("originate_continue_on_timeout"):
                break
        return outcome

    async def _round(self, legs: list[dialstring.Leg]) -> Outcome:
        self.candidates, self.changed, self.timed_out = [], set(), False
        for leg in legs:
            if self.stop.event.is_set():
                break
            for candidate in await prepare(self.switch, self.caller, leg, self.shared):
                self.candidates.append(candidate)
                self._start(candidate)
        try:
            return await self._race()
        finally:
            for timer in self.timers:
                timer.cancel()
            self.timers.clear()
            for task in self.confirming.values():
                task.cancel()

    def _start(self, candidate: Candidate) -> None:
        channel = candidate.channel
        if channel is None:
            return
        channel.on_change = self._on_change
        if self.caller is not None:
            callee = channel.profile
            self.caller.push("originated_legs", f"{channel.uuid};{callee.callee_id_name};{callee.callee_id_number}")
            self.caller.variables["originate_signal_bond"] = channel.uuid
            self.caller.profile.callee_id_name = callee.callee_id_name
            self.caller.profile.callee_id_number = callee.callee_id_number
        delay = candidate.seconds("leg_delay_start")
        loop = asyncio.get_running_loop()
        if delay:
            self.timers.append(loop.call_later(delay, self._ring, candidate))
        else:
            self._ring(candidate)
        limit = candidate.seconds("leg_timeout")
        if limit:
            self.timers.append(loop.call_later(delay + limit, self._leg_timed_out, channel))

    def _ring(self, candidate: Candidate) -> None:
        channel = candidate.channel
        if channel is None or not channel.up:
            return
        channel.created()
        channel.set_state("CS_ROUTING")
        channel.fire_presence("CS_ROUTING")
        channel.set_state("CS_CONSUME_MEDIA")
        candidate.begin()

    @staticmethod
    def _leg_timed_out(channel: Channel) -> None:
        if channel.answer_state != "answered":
            channel.hang_up("NO_ANSWER")

    def _on_change(self, channel: Channel) -> None:
        self.changed.add(channel)
        self.signal.set()

    async def _race(self) -> Outcome:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout
        alive = {one.channel for one in self.candidates if one.channel is not None and one.channel.up}
        self.changed |= {one.channel for one in self.candidates if one.channel is not None}
        stopping = asyncio.ensure_future(self.stop.event.wait())
        try:
            while True:
                changed, self.changed = self.changed, set()
                self.signal.clear()
                for channel in changed:
                    if not channel.up:
                        alive.discard(channel)
                    elif self._wins(channel):
                        return self._won(channel)
                    else:
                        self._pass_on(channel)
                if self.stop.event.is_set():
                    return self._lost(self.stop.cause)
                if not alive:
                    return self._lost("")
                remaining = deadline - loop.time()
                if remaining <= 0:
                    self.timed_out = True
                    return self._lost("NO_ANSWER")
                waiting = asyncio.ensure_future(self.signal.wait())
                await asyncio.wait([waiting, stopping], timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            stopping.cancel()

    def _pass_on(self, channel: Channel) -> None:
        caller = self.caller
        if caller is None or self._yes("ignore_early_media"):
            if caller is not None and channel.profile.progress:
                caller.mark_ringing()
            return
        if channel.profile.progress_media and channel.answer_state == "early":
            caller.mark_early()
        elif channel.profile.progress:
            caller.mark_ringing()

    def _wins(self, channel: Channel) -> bool:
        if channel.answer_state != "answered":
            return False
        candidate = next(one for one in self.candidates if one.channel is channel)
        key = candidate.variables.get("group_confirm_key") or (
            self.caller.get("group_confirm_key") if self.caller is not None else ""
        )
        if not key:
            return True
        if channel not in self.confirming:
            self.confirming[channel] = self.switch.spawn(_confirm(channel, key))
        task = self.confirming[channel]
        return task.done() and not task.cancelled() and task.result()

    def _won(self, winner: Channel) -> Outcome:
        if self.caller is not None and self.caller.free and not self.stop.event.is_set():
            self.caller.mark_answered()
        for candidate in self.candidates:
            channel = candidate.channel
            if channel is None:
                continue
            channel.on_change = None
            if channel is winner:
                channel.variables |= candidate.directory
            else:
                channel.hang_up("LOSE_RACE")
        self._note_causes(winner)
        return Outcome(winner, "SUCCESS")

    def _lost(self, cause: str) -> Outcome:
        for candidate in self.candidates:
            if candidate.channel is not None:
                candidate.channel.on_change = None
                if cause == "ORIGINATOR_CANCEL" and candidate.channel.up:
                    candidate.channel.variables["last_bridge_hangup_cause"] = cause
                    candidate.channel.variables["last_bridge_proto_specific_hangup_cause"] = "sip:487"
                candidate.channel.hang_up(cause or "NORMAL_CLEARING")
        self._note_causes(None)
        if not cause:
            failed = [one.channel.hangup_cause for one in self.candidates if one.channel is not None]
            refused = [one.cause for one in self.candidates if one.cause]
            cause = (failed or refused[::-1] or ["NO_ROUTE_DESTINATION"])[0]
        return Outcome(cause=cause)

    def _note_causes(self, winner: Channel | None) -> None:
        caller = self.caller
        if caller is None:
            return
        for candidate in self.candidates:
            channel = candidate.channel
            if channel is None:
                continue
            cause = "NONE" if channel is winner else channel.hangup_cause or "NONE"
            caller.push("originate_causes", f"{channel.uuid};{cause}")
            if channel is not winner and caller.up:
                caller.variables["last_bridge_hangup_cause"] = cause
                _copy_failure(channel, caller)


def _copy_failure(channel: Channel, caller: Channel) -> None:
    status = channel.get("sip_invite_failure_status")
    if status and channel.get("sip_hangup_disposition") == "recv_refuse":
        phrase = channel.get("sip_invite_failure_phrase")
        caller.variables |= {
            "sip_invite_failure_status": status,
            "sip_invite_failure_phrase": phrase,
            "sip_hangup_phrase": phrase,
            "last_bridge_proto_specific_hangup_cause": f"sip:{status}",
        }


async def _confirm(channel: Channel, key: str) -> bool:
    """A leg that answered has to press a key before it counts (group_confirm_key)."""
    on_change, channel.on_change = channel.on_change, None
    channel.digits.clear()
    if key == "exec":
        confirmed = channel.up
    else:
        limit = channel.seconds("group_confirm_read_timeout", 60_000.0) / 1000
        confirmed = await channel.until(lambda: key in channel.digits, limit)
    channel.on_change = on_change
    if not confirmed:
        channel.hang_up("NORMAL_CLEARING")
    asyncio.get_running_loop().call_soon(channel.wake)
    return confirmed
