"""How much there is of everything in some accounts, read from the cluster's directory: a constant number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.kit.clock import now
from apps.pbx.numbers.models import PhoneNumber
from apps.pbx.users.models import User
from apps.switching.calls.models import LiveChannel
from apps.switching.registrar.models import Registration, SipCredential


@dataclass(frozen=True, slots=True)
class Counts:
    """By account id; an account that has none of a kind is missing there."""

    phones: Mapping[str, int] = field(default_factory=dict)
    phones_registered: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    live_calls: Mapping[str, int] = field(default_factory=dict)

    def of(self, kind: str, account_id: str) -> int:
        found: Mapping[str, int] = getattr(self, kind)
        return found.get(account_id, 0)

    def total(self, kind: str) -> int:
        found: Mapping[str, int] = getattr(self, kind)
        return sum(found.values())


def counts_of(account_ids: Iterable[str] | QuerySet[Account, Any]) -> Counts:
    registered = Registration.objects.filter(account_id__in=account_ids, expires__gt=now())
    return Counts(
        phones=_count(SipCredential.objects.filter(account_id__in=account_ids), "device_id"),
        phones_registered=_count(registered, "device_id"),
        numbers=_count(PhoneNumber.objects.filter(account_id__in=account_ids, state__in=PhoneNumber.HELD), "number"),
        live_calls=_count(LiveChannel.objects.filter(account_id__in=account_ids), "interaction_id"),
    )


def people_in(accounts: Iterable[Account]) -> dict[str, int]:
    """People by account id: one query for each reseller's schema among them."""
    by_schema: dict[str, list[Account]] = {}
    for account in accounts:
        by_schema.setdefault(str(account.tenant.schema_name), []).append(account)
    found: dict[str, int] = {}
    for together in by_schema.values():
        with account_scope(together[0]):
            ids = [account.id for account in together]
            found |= _count(User.across_accounts.filter(account_id__in=ids, deleted=None), "id")
    return found


def _count(rows: QuerySet, column: str) -> dict[str, int]:  # type: ignore[type-arg]
    grouped = rows.order_by().values("account_id").annotate(total=Count(column, distinct=True))
    return {row["account_id"]: row["total"] for row in grouped}
