"""What a node is told about calls and phones, as command and arguments. Every value is checked here: an argument that
holds a blank, a quote or a newline would be another argument, or another command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.switching.calls.dial_string import Leg, UnsafeValue, dial_string

_UUID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}")
_NUMBER = re.compile(r"[+*#A-Za-z0-9][*#A-Za-z0-9._-]{0,63}")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_USER = re.compile(r"[A-Za-z0-9_.+~!*()&=$,;?/-]{1,64}@[A-Za-z0-9.-]{1,253}")
_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
#: The context of calls whose account is in their variables.
INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class NodeCommand:
    """An `api` command of FreeSWITCH (mod_commands, mod_sofia)."""

    name: str
    arguments: str


def hang_up(uuid: str, cause: str = "NORMAL_CLEARING") -> NodeCommand:
    return NodeCommand("uuid_kill", f"{_checked(_UUID, uuid)} {_checked(_CAUSE, cause)}")


def transfer(uuid: str, target: str, *, other_leg: bool = False, context: str = INTERNAL) -> NodeCommand:
    """Send a leg (or the leg it talks to) to another number, as if it had dialled it."""
    which = " -bleg" if other_leg else ""
    return NodeCommand(
        "uuid_transfer",
        f"{_checked(_UUID, uuid)}{which} {_checked(_NUMBER, target)} XML {_checked(_CONTEXT, context)}",
    )


def originate(legs: Sequence[Leg], number: str, variables: Mapping[str, str]) -> NodeCommand:
    """Ring `legs` at once; the first that answers dials `number`. Raises UnsafeValue."""
    # A dial string holds no quote, so that quotes hold it together.
    dialled = f"'{dial_string(legs, variables)}'"
    return NodeCommand("originate", f"{dialled} {_checked(_NUMBER, number)} XML {INTERNAL}")


def check_sync(username: str, realm: str) -> NodeCommand:
    """NOTIFY every contact with `Event: check-sync`: fetch your configuration again."""
    return NodeCommand("sofia", f"profile internal check_sync {_checked(_USER, f'{username}@{realm}')}")


def flush_registration(username: str, realm: str) -> NodeCommand:
    """Forget every contact of a user."""
    return NodeCommand("sofia", f"profile internal flush_inbound_reg {_checked(_USER, f'{username}@{realm}')}")


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise UnsafeValue(f"cannot be sent to the switch: {value[:80]!r}")
    return value
