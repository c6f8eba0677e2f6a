"""Conferences (mod_conference): members, their flags, and the `conference::maintenance` events. There is no audio, so
nobody is ever talking, and `wait-mod` music is silence."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from apps.switching.lab import media
from apps.switching.lab.applications import application
from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.headers import basic_headers, caller_headers
from apps.switching.lab.sound_files import write_wav

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.core import LabSwitch

MAINTENANCE = "conference::maintenance"
_EVENT = Origin("conference_event.c", "conference_event_add_data", 1)
_ARGUMENT = re.compile(
    r"(?P<name>[^@+]+)(@(?P<profile>[^+]+))?(\+(?!flags\{)(?P<pin>[^+]*))?(\+flags\{(?P<flags>.*)\})?"
)
_TRIES, _PIN_SECONDS = 3, 5.0


@dataclass(eq=False)
class Member:
    """Somebody in a conference. `flags` are the words given when joining."""

    id: int
    channel: Channel
    flags: frozenset[str]
    hears: bool = True
    speaks: bool = True
    out: bool = False
    volume_in: int = 0
    volume_out: int = 0
    joined: float = field(default_factory=time.time)

    @property
    def is_moderator(self) -> bool:
        return "moderator" in self.flags

    def headers(self) -> Headers:
        return [
            ("Floor", "false"),
            *basic_headers(self.channel),
            *caller_headers(self.channel, "Caller"),
            ("Video", "false"),
            ("Hear", _word(self.hears)),
            ("See", "true"),
            ("Speak", _word(self.speaks)),
            ("Talking", "false"),
            ("Mute-Detect", _word("mute-detect" in self.flags)),
            ("Hold", "false"),
            ("Member-ID", str(self.id)),
            ("Member-Type", "moderator" if self.is_moderator else "member"),
            ("Member-Ghost", _word("ghost" in self.flags)),
            ("Energy-Level", "100"),
            ("Current-Energy", "0"),
        ]


class Conference:
    """A conference that is going on; it begins with its first member and ends with its last."""

    def __init__(self, switch: LabSwitch, name: str, profile: str) -> None:
        self.switch, self.name, self.profile = switch, name, profile
        self.uuid = str(uuid.uuid4())
        self.began = time.time()
        self.members: dict[int, Member] = {}
        self.locked = False
        self.recordings: dict[str, float] = {}
        self._last = 0
        self.tell("conference-create")

    def tell(self, action: str, member: Member | None = None, *more: tuple[str, str]) -> None:
        """Fire `conference::maintenance`."""
        headers: Headers = [
            ("Conference-Name", self.name),
            ("Conference-Domain", "cluecon.com"),
            ("Conference-Size", str(len(self.members))),
            ("Conference-Ghosts", str(sum("ghost" in one.flags for one in self.members.values()))),
            ("Conference-Profile-Name", self.profile),
            ("Conference-Unique-ID", self.uuid),
            *(member.headers() if member is not None else []),
            ("Action", action),
            *more,
        ]
        self.switch.bus.fire("CUSTOM", _EVENT, headers, subclass=MAINTENANCE)

    def join(self, channel: Channel, flags: frozenset[str]) -> Member:
        self._last += 1
        member = Member(self._last, channel, flags, hears="deaf" not in flags, speaks="mute" not in flags)
        self.members[member.id] = member
        channel.variables |= {
            "conference_name": self.name,
            "conference_member_id": str(member.id),
            "conference_uuid": self.uuid,
        }
        self.tell("add-member", member)
        return member

    def leave(self, member: Member) -> None:
        del self.members[member.id]
        self.tell("del-member", member)
        if self._ends_with(member):
            for one in list(self.members.values()):
                self.put_out(one)
        if not self.members:
            self.stop_recording("all")
            self.switch.conferences.pop(self.name, None)
            self.tell("conference-destroy")

    def _ends_with(self, member: Member) -> bool:
        """`endconf` ends it with whoever has it, `mandatory_member_endconf` with the last who has."""
        mandatory = "mandatory_member_endconf"
        others = any(mandatory in one.flags for one in self.members.values())
        return "endconf" in member.flags or (mandatory in member.flags and not others)

    @staticmethod
    def put_out(member: Member) -> None:
        member.out = True
        member.channel.wake()

    def record(self, path: str) -> None:
        self.recordings[path] = time.time()
        write_wav(Path(path), 0)
        self.tell("start-recording", None, ("Path", path))

    def stop_recording(self, path: str) -> int:
        """How many were stopped."""
        ended = [one for one in self.recordings if path in ("all", one)]
        for one in ended:
            seconds = time.time() - self.recordings.pop(one)
            write_wav(Path(one), seconds)
            self.tell("stop-recording", None, ("Path", one), ("Milliseconds-Elapsed", str(int(seconds * 1000))))
        return len(ended)


@application("conference")
async def conference(channel: Channel, argument: str) -> None:
    """name[@profile][+pin][+flags{a|b}]"""
    asked = _ARGUMENT.fullmatch(argument)
    if asked is None:
        return
    channel.mark_answered()
    flags = frozenset(re.split(r"[|,]", asked["flags"] or "")) - {""}
    running = channel.switch.conferences.get(asked["name"])
    if running is not None and running.locked and channel.get("conference_enforce_security") != "false":
        return
    if running is None and "join-only" in flags:
        return
    if asked["pin"] and not await _knows(channel, asked["pin"]):
        return
    if running is None:
        running = Conference(channel.switch, asked["name"], asked["profile"] or "default")
        channel.switch.conferences[asked["name"]] = running
    member = running.join(channel, flags)
    try:
        await channel.until(lambda: _left(member))
    finally:
        running.leave(member)


def _left(member: Member) -> bool:
    member.channel.digits.clear()  # a member's keys are the conference's
    return member.out


async def _knows(channel: Channel, pin: str) -> bool:
    if channel.get("supplied_pin") == pin:
        return True
    for _ in range(_TRIES):
        digits, _terminator = await media.collect(
            channel, 1, len(pin), first=_PIN_SECONDS, between=_PIN_SECONDS, terminators="#"
        )
        if digits == pin or not channel.free:
            return digits == pin
    return False


def _word(value: bool) -> str:
    return "true" if value else "false"
