"""Every write of storage documents and plans, inside `account_scope`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.errors import Conflict
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.foundation.storage_plans.backends import backends
from apps.foundation.storage_plans.checking import Checked, check
from apps.foundation.storage_plans.documents import StorageDocument, StoragePlanDocument
from apps.foundation.storage_plans.models import AwaitedCopy, StorageHandler, StoragePlan, StorageSettings


@transaction.atomic
def create_storage(document: dict[str, Any], principal: Principal, *, try_out: bool = True) -> StorageSettings:
    """The account's storage document. `try_out` tests every storage it names first. Raises ValidationFailed, and
    Conflict where there is one."""
    account_id = current_account_id()
    if StorageSettings.objects.filter(id=account_id).exists():
        raise Conflict(_("the account has a storage document: replace it with POST"))
    checked = check(validated(StorageDocument, document), account_id, try_out=try_out)
    _write_handlers(checked, account_id)
    made = create_document(StorageSettings, checked.document, principal)
    _catch_up()
    return made


@transaction.atomic
def replace_storage(
    storage: StorageSettings, document: dict[str, Any], principal: Principal, *, try_out: bool = True
) -> StorageSettings:
    """Raises ValidationFailed."""
    checked = check(validated(StorageDocument, document), storage.id, try_out=try_out)
    _write_handlers(checked, storage.id)
    _catch_up()
    return replace_document(storage, checked.document, principal)


@transaction.atomic
def delete_storage(storage: StorageSettings, principal: Principal, *, hard: bool = False) -> StorageSettings:
    """From now on the account above says where files go. Those written before are where they are."""
    deleted = delete_document(storage, principal, hard=True)
    _retire(storage.id, keep=())
    return deleted


@transaction.atomic
def create_plan(document: dict[str, Any], principal: Principal, *, try_out: bool = True) -> StoragePlan:
    """Raises ValidationFailed."""
    checked = check(validated(StoragePlanDocument, document), "", try_out=try_out)
    made = create_document(StoragePlan, checked.document, principal)
    _write_handlers(checked, made.id)
    return made


@transaction.atomic
def replace_plan(
    plan: StoragePlan, document: dict[str, Any], principal: Principal, *, try_out: bool = True
) -> StoragePlan:
    """Raises ValidationFailed."""
    checked = check(validated(StoragePlanDocument, document), plan.id, try_out=try_out)
    _write_handlers(checked, plan.id)
    _catch_up()
    return replace_document(plan, checked.document, principal)


@transaction.atomic
def delete_plan(plan: StoragePlan, principal: Principal, *, hard: bool = False) -> StoragePlan:
    """Raises Conflict while a storage document names it."""
    if StorageSettings.across_accounts.filter(document__plan_id=plan.id, deleted=None).exists():
        raise Conflict(_("the plan is used by a storage document"))
    deleted = delete_document(plan, principal, hard=hard)
    _retire(plan.id, keep=())
    return deleted


def _write_handlers(checked: Checked, source_id: str) -> None:
    owner_id = current_account_id()
    _retire(source_id, keep=checked.handlers)
    for key, given in checked.handlers.items():
        row = StorageHandler.objects.select_for_update().filter(source_id=source_id, key=key, retired=None).first()
        if row is not None and not _is_same_place(row, given.kind, given.public):
            StorageHandler.objects.filter(id=row.id).update(retired=now())
            row = None
        if row is None:
            row = StorageHandler(account_id=owner_id, source_id=source_id, key=key)
        row.kind, row.name, row.shared = given.kind, given.name, given.shared
        row.settings, row.secrets = given.public, given.secrets
        row.save()


def _is_same_place(row: StorageHandler, kind: str, settings: Mapping[str, Any]) -> bool:
    movable = {*backends()[kind].movable, "path_template", "field_list", "field_separator", "folder_base_path"}
    names = (row.settings.keys() | settings.keys()) - movable
    return row.kind == kind and all(row.settings.get(name) == settings.get(name) for name in names)


def _retire(source_id: str, keep: Mapping[str, Any] | tuple[str, ...]) -> None:
    StorageHandler.objects.filter(source_id=source_id, retired=None).exclude(key__in=list(keep)).update(retired=now())


def _catch_up() -> None:
    """What could not be kept before may be kept now: try it at once."""
    below = Account.objects.subtree(current_account_id()).values("id")
    AwaitedCopy.objects.filter(account_id__in=below).update(next_try=now())
