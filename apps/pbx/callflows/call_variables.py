"""What flows remember on a call under names of their own, and how they read it and the call's other variables.

A customer's names never reach the switch as they are: some of the switch's variables run commands. They get a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apps.switching.calls.dial_string import display_text
from apps.switching.calls.port import Call

PREFIX = "app_"
DIGITS_PREFIX = "digits_"
LONGEST_NAME, LONGEST_VALUE = 64, 1024
#: KAZOO's names of what routing knows, in the form `_plain` gives them.
_KNOWN = {
    "account_id": "account_id",
    "authorizing_id": "authorizing_id",
    "authorizing_type": "authorizing_type",
    "owner_id": "owner_id",
    "call_interaction_id": "interaction_id",
    "interaction_id": "interaction_id",
    "callflow_id": "callflow_id",
    "call_priority": "call_priority",
    "capture_group": "capture_group",
    "call_kind": "call_kind",
    "privacy": "caller_privacy",
}
_NOT_PLAIN = re.compile(r"[^a-z0-9_]+")


def own_name(name: str) -> str:
    """The channel variable behind a customer's name."""
    return f"{PREFIX}{_plain(name)}"


async def remember(call: Call, variables: Mapping[str, Any], *, export: bool = False) -> int:
    """Set a customer's variables; with `export` also on legs rung later. What is no plain value is left out.

    Answers how many were set.
    """
    plain = {
        own_name(name): display_text(_text(value))[:LONGEST_VALUE]
        for name, value in variables.items()
        if _plain(name) and isinstance(value, str | int | float | bool)
    }
    if plain:
        await call.set_variables(plain, export=export)
    return len(plain)


def recall(call: Call, name: str) -> str:
    """What a flow asks for by name: a customer's variable, else what routing knows; empty for neither."""
    plain = _plain(name)
    return call.variables.get(f"{PREFIX}{plain}", "") or call.variables.get(_KNOWN.get(plain, ""), "")


def digits_name(collection: str) -> str:
    """The channel variable that holds the digits collected under a name."""
    return f"{DIGITS_PREFIX}{_plain(collection) or 'default'}"


def value_in(document: Mapping[str, Any], path: str) -> str:
    """A plain value of a document at a dotted path as text, empty where there is none."""
    found: Any = document
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return _text(found) if isinstance(found, str | int | float | bool) else ""


def _plain(name: str) -> str:
    return _NOT_PLAIN.sub("_", name.strip().lower())[:LONGEST_NAME].strip("_")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
