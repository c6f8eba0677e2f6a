"""Whose keys do what: the device's own, else its user's, else the account's. In the account's scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.kit.patterns import BadPattern, search
from apps.pbx.devices.models import Device
from apps.pbx.metaflows.documents import Metaflow, MetaflowsDocument
from apps.pbx.users.models import User
from apps.switching.calls.models import LiveChannel


@dataclass(frozen=True, slots=True)
class Found:
    """What the keys stand for; `digits` is what a pattern captured."""

    flow: Metaflow
    digits: str = ""


def of_party(device_id: str, owner_id: str) -> MetaflowsDocument | None:
    """What holds for a phone, None where its keys do nothing."""
    documents: list[Any] = []
    if device_id:
        rows = Device.objects.filter(id=device_id).values_list("document__metaflows", "owner_id")
        for given, owner in rows:
            documents.append(given)
            owner_id = owner_id or owner or ""
    if owner_id:
        documents += User.objects.filter(id=owner_id).values_list("document__metaflows", flat=True)
    documents += Account.objects.filter(id=current_account_id()).values_list("document__metaflows", flat=True)
    for given in documents:
        if isinstance(given, Mapping) and (given.get("numbers") or given.get("patterns")):
            try:
                return MetaflowsDocument.model_validate(given)
            except ValidationError:
                continue
    return None


def of_channel(uuid: str) -> MetaflowsDocument | None:
    """What holds for the phone at the end of a channel."""
    found = LiveChannel.objects.filter(uuid=uuid, account_id=current_account_id()).first()
    return of_party(found.authorizing_id, found.owner_id) if found is not None else None


def anybody(identifiers: Iterable[str]) -> bool:
    """Whether keys do something for one of these devices and users, or for the whole account."""
    wanted = set(identifiers) - {""}
    return any(
        rows.filter(document__metaflows__isnull=False).exists()
        for rows in (
            Account.objects.filter(id=current_account_id()),
            Device.objects.filter(id__in=wanted),
            User.objects.filter(id__in=wanted),
        )
    )


def meaning(settings: MetaflowsDocument, keys: str) -> Found | None:
    """What is done for exactly these keys, None for nothing."""
    if (flow := settings.numbers.get(keys)) is not None:
        return Found(flow)
    for pattern, flow in settings.patterns.items():
        try:
            match = search(pattern, keys)
        except BadPattern:
            continue
        if match is not None and match.group() == keys:
            return Found(flow, next((group for group in match.groups() if group), ""))
    return None


def may_go_on(settings: MetaflowsDocument, keys: str) -> bool:
    """Whether more keys could mean something else."""
    return bool(settings.patterns) or any(one != keys and one.startswith(keys) for one in settings.numbers)
