"""The flags a call asks its carriers for: those of the step, and those of the caller's account, user and device.

A *static* flag is asked for as it stands. A *dynamic* one names a fact of the call, whose value is asked for: `zone`
where carriers are flagged with zones, `owner_id` for a carrier of one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.foundation.accounts.models import Account
from apps.switching.calls.port import Call
from apps.switching.switches.models import SwitchNode

#: What a dynamic flag can name, as KAZOO calls it. Another name asks for nothing.
FACTS = (
    "account_id",
    "account_realm",
    "authorizing_id",
    "authorizing_type",
    "call_id",
    "caller_id_name",
    "caller_id_number",
    "owner_id",
    "request_user",
    "to_user",
    "zone",
)


def facts_of(call: Call, dialled: str) -> dict[str, str]:
    """What the call itself says; `outbound_flags` adds what the database says."""
    return {
        "account_id": call.account_id,
        "authorizing_id": call.authorizing_id,
        "authorizing_type": call.variables.get("authorizing_type", ""),
        "call_id": call.uuid,
        "caller_id_name": call.caller_id.name,
        "caller_id_number": call.caller_id.number,
        "owner_id": call.owner_id,
        "request_user": dialled,
        "to_user": dialled,
        "switch": call.switch,
    }


def outbound_flags(
    static: Iterable[str],
    dynamic: Iterable[str],
    documents: Iterable[Mapping[str, Any]],
    facts: Mapping[str, str],
    account: Account,
) -> frozenset[str]:
    """`static` and `dynamic` are the step's; `documents` those of account, user and device."""
    wanted, names = set(static), set(dynamic)
    for document in documents:
        given = document.get("outbound_flags") or {}
        own = given if isinstance(given, Mapping) else {"static": given}
        wanted.update(map(str, own.get("static") or ()))
        names.update(map(str, own.get("dynamic") or ()))
    known = {**facts, "account_realm": account.realm}
    if "zone" in names:
        zones = SwitchNode.objects.filter(name=facts.get("switch", "")).values_list("zone", flat=True)
        known["zone"] = zones.first() or ""
    return frozenset(filter(None, [*wanted, *(known.get(name, "") for name in names.intersection(FACTS))]))
