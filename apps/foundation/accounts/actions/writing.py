"""Creating and changing accounts."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts import lifecycle
from apps.foundation.accounts.actions.announcing import announce
from apps.foundation.accounts.actions.lifecycle import disable_account, enable_account
from apps.foundation.accounts.documents import AccountDocument, apply_document, to_document
from apps.foundation.accounts.errors import InvalidAccount
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import master_account
from apps.foundation.accounts.realms import checked_realm, generated_realm
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id
from apps.foundation.tenants.actions import create_tenant


class MasterExists(Exception):
    """There is one master account."""


@transaction.atomic
def create_master(document: dict[str, Any]) -> Account:
    """The operator's account and its schema, in an empty installation. Raises MasterExists, InvalidAccount."""
    if master_account() is not None:
        raise MasterExists
    account = Account(id=new_id(), is_reseller=True)
    account.tenant = create_tenant(account.id)
    return _insert(account, document, system_principal(account.id))


@transaction.atomic
def create_account(parent: Account, document: dict[str, Any], principal: Principal) -> Account:
    """A customer below `parent`, in its reseller's schema.

    Raises pydantic's ValidationError for a document of the wrong shape, InvalidAccount for a realm that is taken or no
    domain name, or where the parent is deleted.
    """
    parent = Account.objects.select_related("tenant").select_for_update(of=("self",), no_key=True).get(id=parent.id)
    if parent.deleted is not None:
        message = _("The account above is deleted")
        raise InvalidAccount({"parent": {"not_found": {"message": message, "cause": parent.id}}})
    account = Account(id=new_id(), parent=parent, ancestors=[*parent.ancestors, parent.id], tenant=parent.tenant)
    return _insert(account, document, principal)


@transaction.atomic
def replace_account(account: Account, document: dict[str, Any], principal: Principal) -> Account:
    """Replace the public fields; read-only facts in the document are ignored.

    `enabled` is taken over where the caller's account is above this one; its own people cannot change it.
    """
    before = to_document(account)
    document = _checked(document)
    enabled = document.get("enabled", account.enabled)
    if document.get("realm"):
        account.realm = checked_realm(document["realm"], account.id)
    apply_document(account, document)
    account.revision += 1
    account.modified = now()
    account.save(force_update=True)
    announce("doc_edited", account, principal, before, to_document(account))
    lifecycle.changed.happen(account)
    if enabled != account.enabled and principal.account_id in account.ancestors:
        (enable_account if enabled else disable_account)(account, principal)
    return account


def _insert(account: Account, document: dict[str, Any], principal: Principal) -> Account:
    document = _checked(document)
    realm = document.get("realm")
    account.realm = checked_realm(realm) if realm else generated_realm()
    account.enabled = document.get("enabled", True) or account.parent is None
    apply_document(account, document)
    account.save(force_insert=True)
    announce("doc_created", account, principal, {}, to_document(account))
    return account


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    return AccountDocument.model_validate(document).as_document()
