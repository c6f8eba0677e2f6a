"""Writing the audit trail. Called inside the transaction of the change, so that neither exists without the other."""

from typing import Any

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition, first_of_month


def record(
    principal: Principal,
    action: str,
    target_type: str,
    target_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Note that `principal` did `action` ("device.created") to a target of the scope's account."""
    moment = now()
    ensure_partition(AuditEntry, moment)
    AuditEntry.objects.create(
        id=monthly_id(moment),
        month=first_of_month(moment).date(),
        account_id=current_account_id(),
        created=moment,
        actor_account_id=principal.account_id,
        actor_user_id=principal.user_id or "",
        impersonator_user_id=principal.impersonator_user_id or "",
        action=action,
        target_type=target_type,
        target_id=target_id,
        request_id=principal.request_id,
        changes=_changes(before, after),
    )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    fields = sorted(before.keys() | after.keys())
    return {f: [before.get(f), after.get(f)] for f in fields if before.get(f) != after.get(f)}
