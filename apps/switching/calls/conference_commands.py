"""What a node is told about conferences (mod_conference). A conference is named `<account id>-<conference id>`, so
that no account can reach another's; a *member* is its number there, or `all`, `last`, `non_moderator`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from apps.switching.calls.commands import NodeCommand, checked, playable
from apps.switching.calls.dial_string import Leg, dial_string
from apps.switching.calls.recording_commands import recording_path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_FLAG = re.compile(r"[a-z][a-z0-9_-]{1,40}")
_PIN = re.compile(r"[0-9]{1,32}")
_MEMBER = re.compile(r"[0-9]{1,10}|all|last|non_moderator")
_NUMBER = re.compile(r"[0-9]{1,10}")
Relation = Literal["nospeak", "nohear", "clear"]
LOUDEST = 4


def conference_argument(name: str, profile: str = "default", pin: str = "", flags: Sequence[str] = ()) -> str:
    """The argument of the application `conference`. Raises UnsafeValue."""
    argument = f"{conference_name(name)}@{checked(_NAME, profile)}"
    if pin:
        argument += f"+{checked(_PIN, pin)}"
    if flags:
        argument += f"+flags{{{'|'.join(checked(_FLAG, flag) for flag in flags)}}}"
    return argument


def conference_name(name: str) -> str:
    return checked(_NAME, name)


def list_conference(name: str) -> NodeCommand:
    """Answers a JSON array of one conference with its `members`; `-ERR Conference … not found` where it is empty."""
    return _about(name, "json_list")


def list_conferences() -> NodeCommand:
    """Answers a JSON array of every conference on the node with its members."""
    return NodeCommand("conference", "json_list")


def kick(name: str, member: str) -> NodeCommand:
    """Out of the conference; the call goes on with whatever comes next for it."""
    return _member(name, "kick", member)


def hang_up_member(name: str, member: str) -> NodeCommand:
    return _member(name, "hup", member)


def mute(name: str, member: str, on: bool = True) -> NodeCommand:
    return _member(name, "mute" if on else "unmute", member)


def deaf(name: str, member: str, on: bool = True) -> NodeCommand:
    return _member(name, "deaf" if on else "undeaf", member)


def lock(name: str, on: bool = True) -> NodeCommand:
    """A locked conference takes nobody in."""
    return _about(name, "lock" if on else "unlock")


def play(name: str, media: str, member: str = "") -> NodeCommand:
    """To everybody, or to one member by number."""
    return _about(name, f"play {playable(media)} {checked(_NUMBER, member) if member else ''}".rstrip())


def stop_playing(name: str, member: str = "") -> NodeCommand:
    return _about(name, f"stop all {checked(_NUMBER, member) if member else ''}".rstrip())


def volume(name: str, member: str, level: int, direction: Literal["in", "out"] = "out") -> NodeCommand:
    """How loud a member hears (`out`) or is heard (`in`), -4 to 4, 0 as it comes."""
    return _member(name, f"volume_{direction}", member, str(max(-LOUDEST, min(LOUDEST, level))))


def relate(name: str, member: str, others: Sequence[str], relation: Relation) -> NodeCommand:
    """A member cannot be heard by the others (`nospeak`), cannot hear them (`nohear`), or again can (`clear`)."""
    listed = ",".join(checked(_NUMBER, other) for other in others)
    return _about(name, f"relate {checked(_NUMBER, member)} {checked(re.compile('[0-9,]+'), listed)} {relation}")


def record(name: str, path: str) -> NodeCommand:
    """Record what everybody hears into a file of the node; folders are made. It ends with the conference."""
    return _about(name, f"record {recording_path(path)}")


def stop_recording(name: str, path: str = "") -> NodeCommand:
    """One recording, or every one of the conference."""
    return _about(name, f"norecord {recording_path(path) if path else 'all'}")


def call_into(
    name: str,
    legs: Sequence[Leg],
    variables: Mapping[str, str],
    *,
    profile: str = "default",
    flags: Sequence[str] = (),
) -> NodeCommand:
    """Ring `legs`; the first that answers is in the conference (which begins with it where it is not going on). Run
    it as a job: it answers when somebody has answered. Raises UnsafeValue."""
    # `conference … dial` splits its arguments at blanks and reads no quotes, and so could not carry a caller's name.
    argument = conference_argument(name, profile, flags=flags)
    return NodeCommand("originate", f"'{dial_string(legs, variables)}' &conference({argument})")


def _member(name: str, what: str, member: str, rest: str = "") -> NodeCommand:
    return _about(name, f"{what} {checked(_MEMBER, member)} {rest}".rstrip())


def _about(name: str, what: str) -> NodeCommand:
    return NodeCommand("conference", f"{conference_name(name)} {what}")
