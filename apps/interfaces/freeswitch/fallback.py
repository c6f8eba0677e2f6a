"""What becomes of a call where no call server can be reached: the account's `call_server_fallback`, as applications.

The switch carries it out by itself, so everything is looked up while the call is routed: the carriers' addresses for
the number, the sound's address. That costs a visit to the database, once a minute for each account that wants it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from apps.commerce.carriers.queries import select_gateways
from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.pbx.media.queries import playable
from apps.switching.calls.dial_string import Contact, Leg, UnsafeValue, dial_string

log = logging.getLogger(__name__)
DEFAULT_SECONDS = 20
KEPT_SECONDS = 60.0
MOST_KEPT = 1_000
#: How long the number of a fallback is rung, in seconds.
RINGS_SECONDS = 60
REASONS = {404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Fallback:
    """`pauses` between the attempts to reach a call server, in milliseconds; then `actions`: application and data."""

    pauses: tuple[int, ...]
    actions: tuple[tuple[str, str], ...]


_kept: dict[str, tuple[float, Fallback]] = {}


async def fallback_of(found: Sequence[Any] | None) -> Fallback | None:
    """`found` is the id of the account that says so, and its option. What cannot be looked up is left out."""
    if found is None:
        return None
    account_id, option = found
    key = repr(found)
    until, kept = _kept.get(key, (0.0, None))
    if kept is not None and time.monotonic() < until:
        return kept
    try:
        made = await in_account(account_id, _made, option)
    except (AccountUnknown, DatabaseError) as error:
        log.warning("the fallback of account %s cannot be read: %s", account_id, error)
        return Fallback(pauses(DEFAULT_SECONDS), ())
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[key] = time.monotonic() + KEPT_SECONDS, made
    return made


def pauses(seconds: int) -> tuple[int, ...]:
    """Short ones for five seconds, then longer ones."""
    left = seconds * 1000
    found: list[int] = []
    while left > 0:
        found.append(min(400 if len(found) < 12 else 1500, left))
        left -= found[-1]
    return tuple(found)


def _made(option: Mapping[str, Any]) -> Fallback:
    actions: list[tuple[str, str]] = []
    if option.get("number"):
        actions += _sent_to(str(option["number"]))
    if option.get("media") and (sound := playable(str(option["media"]))):
        actions += [("answer", ""), ("playback", sound)]
    code = option.get("code") or 503
    actions.append(("respond", f"{code} {REASONS.get(code, 'Refused')}"))
    return Fallback(pauses(int(option.get("after", DEFAULT_SECONDS))), tuple(actions))


def _sent_to(number: str) -> list[tuple[str, str]]:
    """Through one carrier after the other; what follows is for those whom none of them took."""
    legs = []
    for route in select_gateways(number):
        try:
            leg = Leg(Contact(route.uri, route.profile), timeout=RINGS_SECONDS, variables=route.variables)
            legs.append(dial_string([leg]))
        except UnsafeValue as error:
            log.warning("carrier %s cannot be dialled: %s", route.resource_name, error)
    if not legs:
        log.warning("no carrier takes the fallback's number %s", number)
        return []
    return [
        ("set", "hangup_after_bridge=true"),
        ("set", "continue_on_fail=true"),
        ("bridge", "|".join(legs)),
    ]
