"""Every write of lists and blacklists. What routing knows of blocked callers is written with them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.blocked_callers.actions import block_only
from apps.pbx.blocked_callers.models import ANONYMOUS
from apps.pbx.lists.documents import BlacklistDocument, ListDocument, ListEntryDocument, MatchListDocument
from apps.pbx.lists.models import Blacklist, List, ListEntry, ListEntryPhoto, MatchList
from apps.pbx.lists.numbers import in_one_form
from apps.pbx.lists.queries import blacklists_of
from apps.pbx.schedules.models import TemporalRule


@transaction.atomic
def create_list(document: dict[str, Any], principal: Principal) -> List:
    return create_document(List, validated(ListDocument, document), principal)


@transaction.atomic
def replace_list(one: List, document: dict[str, Any], principal: Principal) -> List:
    return replace_document(one, validated(ListDocument, document), principal)


@transaction.atomic
def delete_list(one: List, principal: Principal, *, hard: bool = False) -> List:
    """With its entries."""
    clear_list(one, principal, hard=hard)
    return delete_document(one, principal, hard=hard)


@transaction.atomic
def clear_list(one: List, principal: Principal, *, hard: bool = False) -> int:
    """Delete every entry of a list. Answers how many there were."""
    entries = list(ListEntry.objects.select_for_update().filter(list_id=one.id))
    for entry in entries:
        delete_entry(entry, principal, hard=hard)
    return len(entries)


@transaction.atomic
def create_entry(one: List, document: dict[str, Any], principal: Principal) -> ListEntry:
    return create_document(ListEntry, _entry(one.id, document), principal)


@transaction.atomic
def replace_entry(entry: ListEntry, document: dict[str, Any], principal: Principal) -> ListEntry:
    """It stays in its list, whatever the document says."""
    return replace_document(entry, _entry(entry.list_id, document), principal)


@transaction.atomic
def delete_entry(entry: ListEntry, principal: Principal, *, hard: bool = False) -> ListEntry:
    if hard:
        ListEntryPhoto.objects.filter(entry_id=entry.id).delete()
    return delete_document(entry, principal, hard=hard)


@transaction.atomic
def store_photo(entry: ListEntry, content: bytes, content_type: str, principal: Principal) -> ListEntry:
    """Put a checked picture in the place of the entry's former one."""
    account_id = current_account_id()
    ListEntryPhoto.objects.update_or_create(
        entry_id=entry.id,
        defaults={"account_id": account_id, "content": content, "content_type": content_type},
    )
    return replace_document(entry, entry.to_document(), principal)


@transaction.atomic
def create_blacklist(document: dict[str, Any], principal: Principal) -> Blacklist:
    return create_document(Blacklist, validated(BlacklistDocument, document), principal)


@transaction.atomic
def replace_blacklist(blacklist: Blacklist, document: dict[str, Any], principal: Principal) -> Blacklist:
    replaced = replace_document(blacklist, validated(BlacklistDocument, document), principal)
    _block_where_named(blacklist.id)
    return replaced


@transaction.atomic
def delete_blacklist(blacklist: Blacklist, principal: Principal, *, hard: bool = False) -> Blacklist:
    deleted = delete_document(blacklist, principal, hard=hard)
    _block_where_named(blacklist.id)
    return deleted


@transaction.atomic
def create_match_list(document: dict[str, Any], principal: Principal) -> MatchList:
    """Raises ValidationFailed: a list or temporal rule that does not exist."""
    return create_document(MatchList, _match_list(document), principal)


@transaction.atomic
def replace_match_list(one: MatchList, document: dict[str, Any], principal: Principal) -> MatchList:
    """Raises ValidationFailed as `create_match_list`."""
    return replace_document(one, _match_list(document), principal)


@transaction.atomic
def delete_match_list(one: MatchList, principal: Principal, *, hard: bool = False) -> MatchList:
    return delete_document(one, principal, hard=hard)


def block_for(account: Account) -> None:
    """The account or its blacklists were changed: bring what routing knows up to date."""
    with account_scope(account.id), transaction.atomic():
        _block(account)


def unblock_all(account: Account) -> None:
    """The account is removed for good."""
    block_only(account.id, ())


def _block_where_named(blacklist_id: str) -> None:
    account = Account.objects.get(id=current_account_id())
    if blacklist_id in blacklists_of(account.document):
        _block(account)


def _block(account: Account) -> None:
    blacklists = Blacklist.objects.filter(id__in=blacklists_of(account.document))
    numbers: set[str] = set()
    for blacklist in blacklists:
        numbers |= {in_one_form(number) for number in blacklist.numbers}
        if blacklist.document.get("should_block_anonymous"):
            numbers.add(ANONYMOUS)
    if account.document.get("block_anonymous_caller_id"):
        numbers.add(ANONYMOUS)
    block_only(account.id, numbers)


def _entry(list_id: str, document: dict[str, Any]) -> dict[str, Any]:
    return validated(ListEntryDocument, {**document, "list_id": list_id})


def _match_list(document: dict[str, Any]) -> dict[str, Any]:
    document = validated(MatchListDocument, document)
    rules = dict(enumerate(document["rules"]))
    lists = {f"rules.{place}.list_id": rule["list_id"] for place, rule in rules.items() if rule.get("list_id")}
    temporal = {
        f"rules.{place}.temporal_rules.{number}": rule_id
        for place, rule in rules.items()
        for number, rule_id in enumerate(rule["temporal_rules"])
    }
    found = set(List.objects.filter(id__in=lists.values()).values_list("id", flat=True))
    found |= set(TemporalRule.objects.filter(id__in=temporal.values()).values_list("id", flat=True))
    messages = [(lists, _("The account has no such list")), (temporal, _("The account has no such temporal rule"))]
    unknown = {
        path: {"not_found": {"message": message, "cause": identifier}}
        for named, message in messages
        for path, identifier in named.items()
        if identifier not in found
    }
    if unknown:
        raise ValidationFailed(unknown)
    return document
