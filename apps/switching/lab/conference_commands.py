"""The api command ``conference``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apps.switching.lab.commands import command
from apps.switching.lab.conference import Conference, Member

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

_LISTS = ("list", "json_list")


@command("conference")
async def conference(switch: LabSwitch, argument: str) -> str:
    """<name> <command> …, or list, json_list of them all."""
    words = argument.split(" ")
    running = switch.conferences.get(words[0])
    if running is None:
        if words[0] in _LISTS:
            return _everything(switch, words[0])
        return f"-ERR Conference {words[0]} not found\n"
    if len(words) < 2:
        return "Conference command, not specified.\nTry 'help'\n"
    if words[1] in _OF_MEMBERS:
        return _members(running, words[1], words[2:])
    if words[1] not in _OF_ALL:
        return f"-ERR Conference command '{words[1]}' not found.\n"
    return _OF_ALL[words[1]](running, words[2:])


def _everything(switch: LabSwitch, wanted: str) -> str:
    running = list(switch.conferences.values())
    if wanted == "json_list":
        return json.dumps([_described(one) for one in running], indent="\t")
    if not running:
        return "+OK No active conferences.\n"
    return "".join(
        f"+OK Conference {one.name} ({len(one.members)} members rate: 16000 flags: running|answered)\n"
        + _listed(one, [])
        for one in running
    )


def _listed(running: Conference, _words: list[str]) -> str:
    lines = []
    for one in sorted(running.members.values(), key=lambda member: -member.id):
        flags = [
            word for word, on in (("hear", one.hears), ("speak", one.speaks), ("moderator", one.is_moderator)) if on
        ]
        caller = one.channel.profile
        lines.append(
            f"{one.id};{one.channel.name};{one.channel.uuid};{caller.caller_id_name};{caller.caller_id_number};"
            f"{'|'.join(flags)};{one.volume_in};{one.volume_out};100\n"
        )
    return "".join(lines)


def _described(running: Conference) -> dict[str, Any]:
    return {
        "conference_name": running.name,
        "member_count": len(running.members),
        "ghost_count": 0,
        "rate": 16000,
        "run_time": int(time.time() - running.began),
        "conference_uuid": running.uuid,
        "locked": running.locked,
        "running": True,
        "answered": True,
        "recording": bool(running.recordings),
        "variables": {},
        "members": [_member(one) for one in sorted(running.members.values(), key=lambda member: -member.id)],
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "type": "caller",
        "id": member.id,
        "flags": {
            "can_hear": member.hears,
            "can_see": True,
            "can_speak": member.speaks,
            "hold": False,
            "mute_detect": "mute-detect" in member.flags,
            "talking": False,
            "has_video": False,
            "video_bridge": False,
            "has_floor": False,
            "is_moderator": member.is_moderator,
            "end_conference": "endconf" in member.flags,
            "pass_digits": False,
        },
        "uuid": member.channel.uuid,
        "caller_id_name": member.channel.profile.caller_id_name,
        "caller_id_number": member.channel.profile.caller_id_number,
        "join_time": int(time.time() - member.joined),
        "last_talking": 0,
        "energy": 100,
        "volume_in": member.volume_in,
        "volume_out": member.volume_out,
    }


def _members(running: Conference, what: str, words: list[str]) -> str:
    wanted = words[0] if words else ""
    everybody = sorted(running.members.values(), key=lambda member: member.id)
    chosen = {
        "all": everybody,
        "last": everybody[-1:],
        "non_moderator": [one for one in everybody if not one.is_moderator],
    }.get(wanted, [one for one in everybody if str(one.id) == wanted])
    if not chosen and wanted != "non_moderator":
        return f"-ERR Non-Existant ID {wanted}\n"
    return "".join(_OF_MEMBERS[what](running, one, words[1:]) for one in chosen)


def _switches(what: str, attribute: str, value: bool) -> Callable[[Conference, Member, list[str]], str]:
    def turn(running: Conference, member: Member, _words: list[str]) -> str:
        setattr(member, attribute, value)
        running.tell(f"{what}-member", member)
        return f"+OK {what} {member.id}\n"

    return turn


def _kick(running: Conference, member: Member, _words: list[str]) -> str:
    running.tell("kick-member", member)
    running.put_out(member)
    return f"+OK kicked {member.id}\n"


def _hup(running: Conference, member: Member, _words: list[str]) -> str:
    running.tell("hup-member", member)
    member.channel.hang_up("NORMAL_CLEARING")
    return f"+OK hup {member.id}\n"


def _volume(direction: str) -> Callable[[Conference, Member, list[str]], str]:
    def turn(running: Conference, member: Member, words: list[str]) -> str:
        level = int(words[0]) if words and words[0].lstrip("-").isdigit() else 0
        setattr(member, f"volume_{direction}", level)
        running.tell(f"volume-{direction}-member", member, ("Volume-Level", str(level)))
        return f"+OK Volume {direction.upper()} {member.id} = {level}\n"

    return turn


def _lock(running: Conference, _words: list[str]) -> str:
    running.locked = True
    running.tell("lock")
    return f"+OK {running.name} locked\n"


def _unlock(running: Conference, _words: list[str]) -> str:
    running.locked = False
    running.tell("unlock")
    return f"+OK {running.name} unlocked\n"


def _play(running: Conference, words: list[str]) -> str:
    if not words:
        return "-ERR\n"
    if len(words) > 1 and words[1] not in map(str, running.members):
        return f"-ERR Member: {words[1]} not found.\n"
    running.tell("play-file", None, ("File", words[0]), ("Async", "false"))
    running.tell("play-file-done", None, ("File", words[0]))
    return f"+OK (play) Playing file {words[0]}\n"


def _stop(_running: Conference, _words: list[str]) -> str:
    return "+OK Stopped 0 files.\n"


def _relate(_running: Conference, words: list[str]) -> str:
    if len(words) < 3:
        return "-ERR\n"
    if words[2] == "clear":
        return f"+OK relationship {words[0]}->{words[1]} cleared.\n"
    return f"+OK {words[0]}->{words[1]} {words[2]} set\n"


def _record(running: Conference, words: list[str]) -> str:
    running.record(words[0])
    return f"+OK Record file {words[0]}\n"


def _norecord(running: Conference, words: list[str]) -> str:
    count = running.stop_recording(words[0] if words else "all")
    return f"+OK Stopped recording {count} files\n"


def _json(running: Conference, _words: list[str]) -> str:
    return json.dumps([_described(running)], indent="\t")


_OF_MEMBERS: dict[str, Callable[[Conference, Member, list[str]], str]] = {
    "mute": _switches("mute", "speaks", False),
    "unmute": _switches("unmute", "speaks", True),
    "deaf": _switches("deaf", "hears", False),
    "undeaf": _switches("undeaf", "hears", True),
    "kick": _kick,
    "hup": _hup,
    "volume_in": _volume("in"),
    "volume_out": _volume("out"),
}
_OF_ALL: dict[str, Callable[[Conference, list[str]], str]] = {
    "list": _listed,
    "json_list": _json,
    "lock": _lock,
    "unlock": _unlock,
    "play": _play,
    "stop": _stop,
    "relate": _relate,
    "record": _record,
    "norecord": _norecord,
}
