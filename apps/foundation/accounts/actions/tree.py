"""Changes to the tree: an account moves below another, becomes a reseller with a schema of its own, or stops being one.

Each is one transaction. It locks the accounts it moves, so that a write for one of them (`hold_account`) either is
finished before, or finds afterwards that the account has gone elsewhere.
"""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts import lifecycle
from apps.foundation.accounts.actions.announcing import note
from apps.foundation.accounts.actions.relocation import Inventory, move_rows, take_inventory
from apps.foundation.accounts.errors import (
    AlreadyAReseller,
    InvalidAccount,
    MasterAccount,
    MoveIntoItself,
    NotAReseller,
    ResellerHasResellers,
)
from apps.foundation.accounts.events import AccountMoved
from apps.foundation.accounts.models import Account
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.tenants.actions import create_tenant, drop_tenant
from apps.foundation.tenants.models import Tenant

_TREE_LOCK = 7_140_922


@transaction.atomic
def promote_to_reseller(account: Account, principal: Principal) -> Inventory:
    """Give the account a schema of its own and move its subtree there. Returns what moved.

    Raises MasterAccount, AlreadyAReseller, CountsDiffer.
    """
    residents = _lock(account)
    if account.is_reseller:
        raise AlreadyAReseller
    account.is_reseller = True
    account.save(update_fields=["is_reseller"])
    inventory = _resettle(account, residents, create_tenant(account.id))
    _announce("promoted", account, principal, inventory, {"is_reseller": False}, {"is_reseller": True})
    return inventory


@transaction.atomic
def demote_reseller(account: Account, principal: Principal) -> Inventory:
    """Move the reseller and its customers into the schema of the reseller above, and drop its own.

    Raises MasterAccount, NotAReseller, ResellerHasResellers, CountsDiffer.
    """
    residents = _lock(account)
    if not account.is_reseller:
        raise NotAReseller
    if Account.objects.below(account.id).filter(is_reseller=True).exists():
        raise ResellerHasResellers
    assert account.parent is not None  # it is not the master account
    left = account.tenant
    account.is_reseller = False
    account.save(update_fields=["is_reseller"])
    inventory = _resettle(account, residents, account.parent.tenant)
    drop_tenant(left)
    _announce("demoted", account, principal, inventory, {"is_reseller": True}, {"is_reseller": False})
    return inventory


@transaction.atomic
def move_account(account: Account, to: Account, principal: Principal) -> Inventory:
    """Put the account and everything below it under another parent, and into that one's schema.

    A reseller keeps its schema. Returns what the subtree owns. Raises MasterAccount, MoveIntoItself, CountsDiffer, and
    InvalidAccount where the new parent is deleted.
    """
    residents = _lock(account)
    to = Account.objects.select_related("tenant").get(id=to.id)
    if to.is_within(account.id):
        raise MoveIntoItself
    if to.deleted is not None:
        raise InvalidAccount({"to": {"not_found": {"message": _("The account is deleted"), "cause": to.id}}})
    before = account.parent_id
    _reparent(account, to)
    target = account.tenant if account.is_reseller else to.tenant
    inventory = _resettle(account, residents, target)
    _announce("moved", account, principal, inventory, {"parent_id": before}, {"parent_id": to.id})
    return inventory


def _lock(account: Account) -> list[str]:
    """Lock the accounts of the subtree that live in the account's schema, refresh it, and return their ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])  # one change of the tree at a time
    account.refresh_from_db()
    if account.is_master:
        raise MasterAccount
    residents = Account.objects.subtree(account.id).filter(tenant_id=account.tenant_id).order_by("id")
    return list(residents.select_for_update().values_list("id", flat=True))


def _reparent(account: Account, parent: Account) -> None:
    path = [*parent.ancestors, parent.id]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.accounts_account SET ancestors = %s::varchar[] || ancestors[%s:] WHERE %s = ANY(ancestors)",
            [path, len(account.ancestors) + 1, account.id],
        )
    account.parent, account.ancestors = parent, path
    account.save(update_fields=["parent", "ancestors"])


def _resettle(account: Account, residents: list[str], target: Tenant) -> Inventory:
    """Move the residents' rows into the target's schema, unless they are there already."""
    source = account.tenant
    if source.pk == target.pk:
        return take_inventory(str(source.schema_name), residents)
    inventory = move_rows(str(source.schema_name), str(target.schema_name), residents)
    Account.objects.filter(id__in=residents).update(tenant=target)
    account.tenant = target
    return inventory


def _announce(
    action: str,
    account: Account,
    principal: Principal,
    inventory: Inventory,
    before: dict[str, object],
    after: dict[str, object],
) -> None:
    account.revision += 1
    account.modified = now()
    account.save(update_fields=["revision", "modified"])
    lifecycle.moved.happen(account)
    moved = {"rows": inventory.row_total, "files": inventory.files}
    note(action, account, principal, before, after | moved)
    publish(AccountMoved(account.id, account.name, account.parent_id or "", account.reseller_id))
