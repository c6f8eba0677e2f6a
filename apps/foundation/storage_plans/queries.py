"""Which storage a kind of file goes to. Everything here runs inside `account_scope`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account
from apps.foundation.storage_plans.backend import Backend
from apps.foundation.storage_plans.backends import backends
from apps.foundation.storage_plans.documents import HERE, AttachmentRule
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.models import StorageHandler, StoragePlan, StorageSettings

#: By kind of file: KAZOO's class of database, and its types, the first that says something counting.
TYPES = {
    "recording": ("modb", ("call_recording",)),
    "voicemail": ("modb", ("mailbox_message",)),
    "fax": ("modb", ("fax",)),
    "cdr": ("modb", ("cdr",)),
    "media": ("account", ("media",)),
    "greeting": ("account", ("greeting", "media")),
}
#: Links that are followed one after the other.
_LINKS = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A storage for a kind of file, and the folder there."""

    handler: StorageHandler
    folder: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where files of a kind go: the first choice first, none where they stay here. `retention_days` None: kept."""

    targets: tuple[Target, ...] = ()
    retention_days: int | None = None


def placement(kind: str) -> Placement:
    """What the scope's account, or the nearest account above it that says something, wants for files of this kind."""
    if kind not in TYPES:
        return Placement()
    for source_id, document in _documents():
        rule = _rule(document, kind)
        if rule is not None:
            keys = [key for key in (rule.handler, rule.fallback) if key and key != HERE]
            found = (_handler(source_id, key) for key in keys)
            targets = tuple(Target(handler, rule.params.folder_path) for handler in found if handler is not None)
            return Placement(targets, rule.retention_days)
    return Placement()


def is_held(kind: str) -> bool:
    """Whether a legal hold of the scope's account, or of one above it, keeps files of this kind."""
    account = current_account()
    rows = StorageSettings.across_accounts.filter(id__in=[account.id, *account.ancestors], deleted=None)
    holds = [row.document.get("legal_hold") or {} for row in rows.filter(document__has_key="legal_hold")]
    return any(hold.get("enabled", True) and (not hold.get("kinds") or kind in hold["kinds"]) for hold in holds if hold)


def open_backend(handler: StorageHandler) -> Backend:
    """The storage behind a handler. Raises BackendError where its kind is gone."""
    kind = backends().get(handler.kind)
    if kind is None:
        raise BackendError(f"There is no kind of storage called {handler.kind}")
    return kind(handler.all_settings, handler.account_id)


def handler_of(handler_id: str) -> StorageHandler:
    """A handler by its row's id, retired or not. Raises BackendError."""
    found = StorageHandler.objects.filter(id=handler_id).first()
    if found is None:
        raise BackendError("The storage that has this file is not known any more")
    return found


def is_known_handler(key: str) -> bool:
    """Whether the scope's account, or one above it, calls a storage by this key."""
    account = current_account()
    return StorageHandler.objects.filter(key=key, account_id__in=[account.id, *account.ancestors]).exists()


def known_plan(plan_id: str) -> StoragePlan | None:
    """A plan of the scope's account or of one above."""
    account = current_account()
    rows = StoragePlan.across_accounts.filter(id=plan_id, deleted=None, account_id__in=[account.id, *account.ancestors])
    found: StoragePlan | None = rows.first()
    return found


def linked(settings: dict[str, Any], account_id: str, ancestors: list[str], source_id: str) -> StorageHandler | None:
    """The handler a link in an account's document `source_id` leads to; None where there is none that it may use."""
    owner_id, plan_id = settings.get("account_id") or account_id, settings.get("plan_id")
    if owner_id not in (account_id, *ancestors):
        return None
    rows = StorageHandler.objects.filter(retired=None, key=settings.get("handler_id", ""), account_id=owner_id)
    row = rows.filter(source_id=plan_id or (owner_id if settings.get("account_id") else source_id)).first()
    return row if row is not None and (owner_id == account_id or row.shared) else None


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """`(source id, document)` of all that speaks for the scope's account, the nearest first."""
    account = current_account()
    lineage = [account.id, *reversed(account.ancestors)]
    own = {row.id: row for row in StorageSettings.across_accounts.filter(id__in=lineage, deleted=None)}
    for account_id in lineage:
        row = own.get(account_id)
        if row is None:
            continue
        yield row.id, row.document
        plan_id = row.document.get("plan_id")
        plan = StoragePlan.across_accounts.filter(id=plan_id, deleted=None).first() if plan_id else None
        if plan is not None and plan.account_id in lineage:
            yield plan.id, plan.document


def _rule(document: dict[str, Any], kind: str) -> AttachmentRule | None:
    database, types = TYPES[kind]
    group = (document.get("plan") or {}).get(database) or {}
    for name in types:
        if found := ((group.get("types") or {}).get(name) or {}).get("attachments"):
            return AttachmentRule.model_validate(found)
    found = group.get("attachments")
    return AttachmentRule.model_validate(found) if found else None


def _handler(source_id: str, key: str) -> StorageHandler | None:
    """The handler a document names, links followed to their end."""
    row = StorageHandler.objects.filter(source_id=source_id, key=key, retired=None).first()
    for _ in range(_LINKS):
        if row is None or row.kind != "link":
            return row
        ancestors = Account.objects.filter(id=row.account_id).values_list("ancestors", flat=True).first() or []
        row = linked(row.settings, row.account_id, ancestors, row.source_id)
    return None
