"""What a node is told about calls and phones, as command and arguments. Every value is checked here: an argument that
holds a blank, a quote or a newline would be another argument, or another command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from apps.switching.calls.dial_string import Leg, UnsafeValue, dial_string, safe_variables

_UUID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}")
_NUMBER = re.compile(r"[+*#A-Za-z0-9][*#A-Za-z0-9._-]{0,63}")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_USER = re.compile(r"[A-Za-z0-9_.+~!*()&=$,;?/-]{1,64}@[A-Za-z0-9.-]{1,253}")
_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,260}/[A-Za-z0-9._~/-]{1,700}")
_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,1000}")
_MEDIA = re.compile(r"[^\s\x00-\x1f\x7f$\\'\"`]{1,2048}")
_APPLICATION = re.compile(r"[^:]*::")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
_DIGITS = re.compile(r"[0-9A-Da-d*#wW]{1,128}")
Legs = Literal["aleg", "bleg", "both"]
Listening = Literal["listen", "whisper", "barge"]
#: What somebody who listens in speaks into: what that channel's person hears, and what they are heard to say.
WHISPERS: Mapping[Listening, Mapping[str, str]] = {
    "listen": {"eavesdrop_enable_dtmf": "false"},
    "whisper": {"eavesdrop_enable_dtmf": "false", "eavesdrop_whisper_bleg": "true"},
    "barge": {
        "eavesdrop_enable_dtmf": "false", "eavesdrop_whisper_bleg": "true", "eavesdrop_whisper_aleg": "true",
    },
}  # fmt: skip
#: The context of calls whose account is in their variables.
INTERNAL = "internal"
#: `hupall` with the id of an account: every leg that carries it ends (mod_commands).
HANG_UP_ACCOUNT = ("hupall", "MANAGER_REQUEST", "account_id")


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """An `api` command of FreeSWITCH (mod_commands, mod_sofia)."""

    name: str
    arguments: str


def hang_up(uuid: str, cause: str = "NORMAL_CLEARING") -> NodeCommand:
    return NodeCommand("uuid_kill", f"{checked_uuid(uuid)} {checked(_CAUSE, cause)}")


def hang_up_later(uuid: str, seconds: int, cause: str = "ALLOTTED_TIMEOUT") -> NodeCommand:
    """End a leg after so long, whatever becomes of who handles the call."""
    return NodeCommand("sched_hangup", f"+{max(1, seconds)} {checked_uuid(uuid)} {checked(_CAUSE, cause)}")


def transfer(
    uuid: str, target: str, *, other_leg: bool = False, both: bool = False, context: str = INTERNAL
) -> NodeCommand:
    """Send a leg (or the leg it talks to, or both, each for itself) to another number, as if it had dialled it."""
    which = " -both" if both else " -bleg" if other_leg else ""
    return NodeCommand("uuid_transfer", f"{checked_uuid(uuid)}{which} {extension(target, context)}")


def connect(uuid: str, other: str) -> NodeCommand:
    """Have two channels talk to one another, whatever they did; whom they talked to is hung up. At least one must be
    answered."""
    return NodeCommand("uuid_bridge", f"{checked_uuid(uuid)} {checked_uuid(other)}")


def park(uuid: str) -> NodeCommand:
    """Leave a channel waiting in silence, out of anybody's control; whom it talked to is hung up."""
    return NodeCommand("uuid_park", checked_uuid(uuid))


def hold(uuid: str, on: bool) -> NodeCommand:
    """Put the phone of a leg on hold (re-INVITE) or take it back; the other leg hears the music on hold."""
    return NodeCommand("uuid_hold", checked_uuid(uuid) if on else f"off {checked_uuid(uuid)}")


def press(uuid: str, digits: str) -> NodeCommand:
    """As if a leg's phone had sent these digits."""
    return NodeCommand("uuid_recv_dtmf", f"{checked_uuid(uuid)} {checked(_DIGITS, digits)}")


def exists(uuid: str) -> NodeCommand:
    """Answers `true` or `false`."""
    return NodeCommand("uuid_exists", checked_uuid(uuid))


def send_digits(uuid: str, digits: str) -> NodeCommand:
    """Dial digits to a leg's phone; `w` waits half a second."""
    return NodeCommand("uuid_send_dtmf", f"{checked_uuid(uuid)} {checked(_DIGITS, digits)}")


def broadcast(uuid: str, media: str, legs: Legs = "aleg") -> NodeCommand:
    """Play a sound into a conversation: to the channel, to whom it talks to, or to both."""
    return NodeCommand("uuid_broadcast", f"{checked_uuid(uuid)} {playable(media)} {legs}")


def stop_sounds(uuid: str) -> NodeCommand:
    """End what is played to a channel now."""
    # `all` would also flush what a call server has told the channel to do next, which it would then wait for in vain.
    return NodeCommand("uuid_break", checked_uuid(uuid))


def mute(uuid: str, on: bool, direction: Literal["read", "write"] = "read") -> NodeCommand:
    """Silence a leg: what it says (`read`) or what it hears (`write`). Taking it back takes back both."""
    return NodeCommand("uuid_audio", f"{checked_uuid(uuid)} " + (f"start {direction} mute 1" if on else "stop"))


def set_variable(uuid: str, name: str, value: str) -> NodeCommand:
    """Set a channel variable; an empty value removes it."""
    given = safe_variables({name: value})
    return NodeCommand("uuid_setvar", f"{checked_uuid(uuid)} {name} {given.get(name, '')}".rstrip())


def get_variable(uuid: str, name: str) -> NodeCommand:
    """Answers a channel variable, `_undef_` where it is not set."""
    return NodeCommand("uuid_getvar", f"{checked_uuid(uuid)} {checked(_NAME, name)}")


def eavesdrop(legs: Sequence[Leg], uuid: str, variables: Mapping[str, str], mode: Listening = "listen") -> NodeCommand:
    """Ring `legs`; the first that answers hears that channel's conversation (`whisper`: and speaks to its person
    alone, `barge`: to both). Run it as a job. Raises UnsafeValue."""
    dialled = f"'{dial_string(legs, {**variables, **WHISPERS[mode]})}'"
    return NodeCommand("originate", f"{dialled} &eavesdrop({checked_uuid(uuid)})")


def intercept(legs: Sequence[Leg], uuid: str, variables: Mapping[str, str]) -> NodeCommand:
    """Ring `legs`; the first that answers takes over that channel. Run it as a job. Raises UnsafeValue."""
    return NodeCommand("originate", f"'{dial_string(legs, variables)}' &intercept({checked_uuid(uuid)})")


def in_background(command: NodeCommand) -> NodeCommand:
    """The same command, answered at once: what comes of it is not told."""
    return NodeCommand("bgapi", f"{command.name} {command.arguments}")


def originate(legs: Sequence[Leg], number: str, variables: Mapping[str, str]) -> NodeCommand:
    """Ring `legs` at once; the first that answers dials `number`. Raises UnsafeValue."""
    # A dial string holds no quote, so that quotes hold it together.
    dialled = f"'{dial_string(legs, variables)}'"
    return NodeCommand("originate", f"{dialled} {checked(_NUMBER, number)} XML {INTERNAL}")


def check_sync(username: str, realm: str) -> NodeCommand:
    """NOTIFY every contact with `Event: check-sync`: fetch your configuration again."""
    return NodeCommand("sofia", f"profile internal check_sync {checked(_USER, f'{username}@{realm}')}")


def flush_registration(username: str, realm: str) -> NodeCommand:
    """Forget every contact of a user."""
    return NodeCommand("sofia", f"profile internal flush_inbound_reg {checked(_USER, f'{username}@{realm}')}")


def http_put(url: str, path: str) -> NodeCommand:
    """Send a recorded file to an address of ours (mod_http_cache). A large file takes its time: run it as a job."""
    return NodeCommand("http_put", f"{checked(_URL, url)} {recorded_path(path)}")


def remove_recording(path: str) -> NodeCommand:
    """Remove a recorded file. No API of the switch does, but its shell: so the path holds nothing a shell reads."""
    # Silence would be answered `-ERR no reply`.
    return NodeCommand("system", f"rm -f {recorded_path(path)} && echo +OK")


def recorded_path(path: str) -> str:
    """The path of a recorded file: absolute, below a folder called `recordings`. Raises UnsafeValue."""
    if "/.." in path or "/recordings/" not in path:
        raise UnsafeValue(f"not a recorded file: {path[:80]!r}")
    return checked(_PATH, path)


def hang_up_account(account_id: str) -> NodeCommand:
    """End every leg of an account on the node."""
    name, *words = HANG_UP_ACCOUNT
    return NodeCommand(name, " ".join([*words, checked(_UUID, account_id)]))


def flush_realm(realm: str) -> NodeCommand:
    """Forget every contact of every user of a realm."""
    return NodeCommand("sofia", f"profile internal flush_inbound_reg @{checked(_CONTEXT, realm)}")


def checked_uuid(uuid: str) -> str:
    """A channel's id. Raises UnsafeValue."""
    return checked(_UUID, uuid)


def extension(target: str, context: str = INTERNAL) -> str:
    """A number to dial in a context of the dialplan, as `transfer` takes it. Raises UnsafeValue."""
    return f"{checked(_NUMBER, target)} XML {checked(_CONTEXT, context)}"


def playable(media: str) -> str:
    """A sound's reference as one argument. Raises UnsafeValue, also for `application::argument`, which would be run."""
    if _APPLICATION.match(media):
        raise UnsafeValue(f"not a sound: {media[:80]!r}")
    return checked(_MEDIA, media)


def checked(pattern: re.Pattern[str], value: str) -> str:
    """The value, where all of it matches. Raises UnsafeValue."""
    if not pattern.fullmatch(value):
        raise UnsafeValue(f"cannot be sent to the switch: {value[:80]!r}")
    return value
