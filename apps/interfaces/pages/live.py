"""Live calls as the pages show them: one line per conversation, whatever number of legs it has."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.interfaces.pages.phone_numbers import shown_number
from apps.switching.calls.models import ChannelState, LiveChannel


def conversations(channels: Iterable[LiveChannel]) -> list[list[LiveChannel]]:
    """Legs grouped by conversation, each with the caller's leg first; the newest conversation first."""
    grouped: dict[str, list[LiveChannel]] = {}
    for channel in channels:
        grouped.setdefault(channel.interaction_id or channel.uuid, []).append(channel)
    calls = [sorted(legs, key=lambda leg: (leg.direction != "inbound", leg.created)) for legs in grouped.values()]
    return sorted(calls, key=lambda legs: legs[0].created, reverse=True)


def live_rows(
    channels: Iterable[LiveChannel], account_names: Mapping[str, str], *, region: str, can_hang_up: bool = True
) -> list[dict[str, Any]]:
    """The rows of `portal/live_calls_rows.html`. `id` is the caller's leg, the one to hang up."""
    return [_row(legs, account_names, region, can_hang_up) for legs in conversations(channels)]


def _row(legs: list[LiveChannel], account_names: Mapping[str, str], region: str, can_hang_up: bool) -> dict[str, Any]:
    first = legs[0]
    callee = next((leg for leg in legs[1:] if leg.answered), legs[1] if len(legs) == 2 else None)
    answered = [leg.answered for leg in legs[1:] if leg.answered] or ([first.answered] if first.answered else [])
    number = (callee.callee_id_number if callee else "") or first.destination
    return {
        "id": first.uuid,
        "direction": _direction(legs),
        "from_name": first.caller_id_name if first.caller_id_name != first.caller_id_number else "",
        "from_number": shown_number(first.caller_id_number, region),
        "to_name": (callee.callee_id_name if callee else "") or first.callee_id_name,
        "to_number": shown_number(number, region),
        "state": _state(legs, bool(answered)),
        "started_at": first.created,
        "answered_at": min(answered) if answered else None,
        "account_name": account_names.get(first.account_id, ""),
        "switch": first.switch,
        "can_hang_up": can_hang_up,
    }


def _direction(legs: list[LiveChannel]) -> str:
    if legs[0].call_kind == "inbound":
        return "inbound"
    outside = any(leg.channel_name.startswith(("sofia/gateway/", "sofia/external/")) for leg in legs[1:])
    return "outbound" if outside else "internal"


def _state(legs: list[LiveChannel], answered: bool) -> str:
    if any(leg.state == ChannelState.HELD for leg in legs):
        return "held"
    return "answered" if answered else "ringing"
