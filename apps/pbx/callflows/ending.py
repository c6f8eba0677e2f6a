"""What is left to do when a call is over, whoever ended it and whatever became of the process that handled it.

A verb notes a *duty* with `at_end`; the function registered under its name is run once after the call has ended, inside
the account's scope:

    @at_call_end("missed_call_alert")
    def alert(ended: EndedCall, data: Mapping[str, Any]) -> None:
        if not ended.was_bridged:
            ...

    async def run(self, call, data):
        await at_end(call, "missed_call_alert", {"recipients": ["ada@example.com"]})
        return go_on()

Duties are kept in a variable of the caller's channel, and with the call's trace: they outlive the call server and a
transfer, and are done even where the caller hung up while nobody was listening (see `leftovers`).
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction

from apps.switching.calls.port import Call, CallerId, CallKind

logger = logging.getLogger(__name__)
#: The channel variable that holds the duties.
VARIABLE = "flow_at_end"
#: Characters of that variable; a duty beyond is refused.
LONGEST = 16_000


@dataclass(frozen=True, slots=True)
class EndedCall:
    """`cause` is FreeSWITCH's hangup cause; `was_bridged` whether the caller ever talked to anybody the flow rang.
    `variables` are the channel's last ones: what a verb set with `call.set_variables` is there."""

    call_id: str
    account_id: str
    destination: str = ""
    caller_id: CallerId = field(default_factory=CallerId)
    call_kind: CallKind = "internal"
    authorizing_id: str = ""
    owner_id: str = ""
    interaction_id: str = ""
    callflow_id: str = ""
    cause: str = ""
    was_answered: bool = False
    was_bridged: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


Duty = Callable[[EndedCall, Mapping[str, Any]], None]
DutyT = TypeVar("DutyT", bound=Duty)
_duties: dict[str, Duty] = {}


class DuplicateDuty(Exception):
    """Two functions claim one name."""


class TooManyDuties(ValueError):
    """A call has more left to do than its channel can keep."""


def at_call_end(name: str) -> Callable[[DutyT], DutyT]:
    """Register what is done under `name`. It runs in a worker thread inside the account's scope, once per duty."""

    def register(function: DutyT) -> DutyT:
        known = _duties.setdefault(name, function)
        if (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise DuplicateDuty(name)
        return function

    return register


async def at_end(call: Call, name: str, data: Mapping[str, Any] | None = None) -> None:
    """Have the duty `name` done when the call is over. The same duty with the same data is done once.

    `data` is plain JSON. Raises LookupError for a name nobody registered, and `TooManyDuties`.
    """
    if name not in _duties:
        raise LookupError(f"nobody registered {name!r} with at_call_end")
    duties = duties_of(call.variables)
    if (name, dict(data or {})) in duties:
        return
    await call.set_variables({VARIABLE: _written([*duties, (name, dict(data or {}))])})


def duties_of(variables: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """`(name, data)` of what is left to do; nothing where the variable is not ours to read."""
    text = variables.get(VARIABLE, "")
    if not text:
        return []
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode()))
        return [(str(name), dict(data)) for name, data in found]
    except (binascii.Error, ValueError, TypeError):
        logger.warning("a call's duties cannot be read")
        return []


def perform(ended: EndedCall) -> None:
    """Do all of the call's duties. One that fails is logged and keeps none of the others from being done."""
    from apps.pbx.callflows.registry import verbs

    verbs()  # so that those of the verbs' own files are registered, in whatever process this is
    for name, data in duties_of(ended.variables):
        function = _duties.get(name)
        if function is None:
            logger.warning("call %s: nobody knows the duty %r", ended.call_id, name)
            continue
        try:
            with transaction.atomic():
                function(ended, data)
        except Exception:
            logger.exception("call %s: the duty %s failed", ended.call_id, name)


def _written(duties: list[tuple[str, dict[str, Any]]]) -> str:
    text = base64.urlsafe_b64encode(json.dumps(duties, separators=(",", ":")).encode()).decode()
    if len(text) > LONGEST:
        raise TooManyDuties(f"{len(duties)} duties, {len(text)} characters")
    return text
