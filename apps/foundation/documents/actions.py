"""The writes every document has in common. An app's own actions call these inside their transaction."""

from typing import Any, TypeVar

from django.db import transaction

from apps.foundation.accounts.scope import current_account_id, hold_account
from apps.foundation.audit.actions import record
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.documents.models import Document
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now

D = TypeVar("D", bound=Document)


@transaction.atomic
def create_document(model: type[D], document: dict[str, Any], principal: Principal) -> D:
    """Insert a validated document for the scope's account."""
    hold_account()
    instance = model(account_id=current_account_id())
    instance.apply_document(document)
    instance.save(force_insert=True)
    _announce("doc_created", instance, principal, {})
    return instance


@transaction.atomic
def replace_document(instance: D, document: dict[str, Any], principal: Principal) -> D:
    """Replace all public fields; private ones (created, secrets) stay."""
    hold_account()
    before = instance.to_document()
    instance.apply_document(document)
    instance.revision += 1
    instance.modified = now()
    instance.save(force_update=True)
    _announce("doc_edited", instance, principal, before)
    return instance


@transaction.atomic
def delete_document(instance: D, principal: Principal, *, hard: bool = False) -> D:
    """Soft delete (the row stays and can be restored), or remove it for good."""
    hold_account()
    before = instance.to_document()
    instance.deleted = now()
    instance.revision += 1
    if hard:
        identifier = instance.pk
        instance.delete()
        instance.pk = identifier
    else:
        instance.save(force_update=True)
    _announce("doc_deleted", instance, principal, before)
    return instance


def _announce(action: str, instance: Document, principal: Principal, before: dict[str, Any]) -> None:
    after = {} if action == "doc_deleted" else instance.to_document()
    record(principal, f"{instance.document_type}.{action[4:]}", instance.document_type, instance.pk, before, after)
    publish(DocumentChanged(instance.account_id, action, instance.document_type, instance.pk))
