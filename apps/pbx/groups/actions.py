"""Every write of a group."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.endpoints.members import refuse_unknown
from apps.pbx.groups.documents import GroupDocument
from apps.pbx.groups.models import Group


@transaction.atomic
def create_group(document: dict[str, Any], principal: Principal) -> Group:
    """Raises ValidationFailed: a member that does not exist."""
    return create_document(Group, _checked(document), principal)


@transaction.atomic
def replace_group(group: Group, document: dict[str, Any], principal: Principal) -> Group:
    """Raises ValidationFailed: a new member that does not exist, or the group itself."""
    return replace_document(group, _checked(document, group), principal)


@transaction.atomic
def delete_group(group: Group, principal: Principal, *, hard: bool = False) -> Group:
    return delete_document(group, principal, hard=hard)


def _checked(document: dict[str, Any], group: Group | None = None) -> dict[str, Any]:
    document = validated(GroupDocument, document)
    endpoints = document["endpoints"]
    if group is not None and group.id in endpoints:
        raise ValidationFailed.of(f"endpoints.{group.id}", "invalid", _("A group cannot be a member of itself"))
    known = [(member.get("type", ""), identifier) for identifier, member in group.endpoints.items()] if group else []
    refuse_unknown(
        {f"endpoints.{identifier}": (member["type"], identifier) for identifier, member in endpoints.items()}, known
    )
    return document
