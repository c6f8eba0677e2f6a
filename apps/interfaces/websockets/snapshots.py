"""What is going on in an account at one moment, for a client that follows it from there.

The state is read in one transaction that sees one moment of the database, and its horizon tells for every event whether
the transaction that made it true is part of what was read. An event is told after its transaction has committed; so one
that arrives after a socket has begun to listen is either in the snapshot (and is not told) or later (and is). Nothing
is missed in between, and nothing comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import to_gregorian
from apps.interfaces.websockets.access import visible
from apps.interfaces.websockets.bindings import Binding
from apps.pbx.parking.models import ParkedCall
from apps.switching.calls.channel_documents import channel_document
from apps.switching.calls.models import LiveChannel
from apps.switching.presence.models import LampTold, MailboxCount
from apps.switching.registrar.models import Registration
from apps.switching.rooms.events import member_fields
from apps.switching.rooms.models import LiveMember

Rows = list[tuple[str, dict[str, Any]]]
"""The key an event about the thing would have, and the thing."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """PostgreSQL's snapshot (pg_current_snapshot): every transaction below `first_open` had ended, none from `next_one`
    on had begun, and `still_open` were going on."""

    first_open: int
    next_one: int
    still_open: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Horizon:
        first_open, next_one, still_open = text.split(":")
        return cls(int(first_open), int(next_one), frozenset(int(one) for one in still_open.split(",") if one))

    def includes(self, transaction_id: int) -> bool:
        """Whether what the transaction wrote was seen. What is of no known transaction (0) was not."""
        if not 0 < transaction_id < self.next_one:
            return False
        return transaction_id < self.first_open or transaction_id not in self.still_open


def take_snapshot(principal: Principal, bindings: Sequence[Binding]) -> tuple[dict[str, Any], Horizon]:
    """What the principal may see of what these bindings are about, by kind, and its horizon. Runs in the account's
    scope. A query for each kind that is asked for, O(what is going on in the account)."""
    wanted = {binding.words[0] for binding in bindings}
    found: dict[str, Any] = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_current_snapshot()::text")
            horizon = Horizon.parse(cursor.fetchone()[0])
        for kind, parts in _PARTS.items():
            if kind in wanted:
                for name, read in parts.items():
                    found[name] = _seen(principal, bindings, read())
    return found, horizon


def _seen(principal: Principal, bindings: Iterable[Binding], rows: Rows) -> list[dict[str, Any]]:
    asked = list(bindings)
    return [row for key, row in rows if visible(principal, row) and any(one.is_about(key) for one in asked)]


def _calls() -> Rows:
    rows = LiveChannel.objects.filter(account_id=current_account_id()).order_by("created", "uuid")
    return [(f"call.CHANNEL_CREATE.{row.uuid}", channel_document(row)) for row in rows]


def _parked() -> Rows:
    return [
        (
            f"call.PARK_PARKED.{row.call_id}",
            {
                "call_id": row.call_id,
                "parking_slot": row.slot,
                "authorizing_id": row.parker_id,
                "caller_id_name": row.caller_id_name,
                "caller_id_number": row.caller_id_number,
                "timestamp": to_gregorian(row.since),
            },
        )
        for row in ParkedCall.objects.exclude(call_id="").filter(asks=False)
    ]


def _participants() -> Rows:
    return [
        (
            f"conference.event.{row.conference_id}.{row.uuid}",
            {"conference_id": row.conference_id, **member_fields(row)},
        )
        for row in LiveMember.objects.filter(account_id=current_account_id())
    ]


def _lamps() -> Rows:
    realm = (Account.objects.values_list("realm", flat=True).get(id=current_account_id()) or "").lower()
    return [
        (
            f"presence.dialog.{row.presence_id}",
            {"presence_id": f"{row.presence_id}@{realm}", "state": row.state, "call_id": row.call_id},
        )
        for row in LampTold.objects.filter(account_id=current_account_id())
    ]


def _messages() -> Rows:
    return [
        (
            f"presence.mwi_updates.{row.number}",
            {
                "mailbox": row.number,
                "owner_id": row.owner_id,
                "messages_new": row.new,
                "messages_saved": row.saved,
            },
        )
        for row in MailboxCount.objects.filter(account_id=current_account_id()).order_by("number", "mailbox_id")
    ]


def _registrations() -> Rows:
    """Until an event says that it is gone: one that has run out is there a little longer."""
    return [
        (
            f"registration.registered.{row.device_id}",
            {
                "authorizing_id": row.device_id,
                "authorizing_type": "device",
                "owner_id": row.owner_id,
                "realm": row.realm,
                "username": row.username,
                "contact": row.contact,
                "user_agent": row.user_agent,
                "network_ip": row.network_ip,
                "timestamp": to_gregorian(row.registered),
            },
        )
        for row in Registration.objects.filter(account_id=current_account_id()).order_by("registered", "id")
    ]


#: By the first word of a binding: what a snapshot of it holds. Other bindings are about what happens, not what is.
_PARTS: dict[str, dict[str, Callable[[], Rows]]] = {
    "call": {"calls": _calls, "parked_calls": _parked},
    "conference": {"participants": _participants},
    "presence": {"lamps": _lamps, "messages": _messages},
    "registration": {"registrations": _registrations},
}
