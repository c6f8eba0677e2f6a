"""Every write of a directory."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.directories.documents import DirectoryDocument
from apps.pbx.directories.models import Directory
from apps.pbx.directories.queries import named_by
from apps.pbx.endpoints.members import refuse_unknown


@transaction.atomic
def create_directory(document: dict[str, Any], principal: Principal) -> Directory:
    """Raises ValidationFailed: a user who does not exist."""
    return create_document(Directory, _checked(document), principal)


@transaction.atomic
def replace_directory(directory: Directory, document: dict[str, Any], principal: Principal) -> Directory:
    """Raises ValidationFailed: a new user who does not exist."""
    return replace_document(directory, _checked(document, directory), principal)


@transaction.atomic
def delete_directory(directory: Directory, principal: Principal, *, hard: bool = False) -> Directory:
    """Users who name it go on doing so; a callflow that opens it goes on at `_`."""
    return delete_document(directory, principal, hard=hard)


def _checked(document: dict[str, Any], before: Directory | None = None) -> dict[str, Any]:
    """Users who are in it by their own document are read back, but kept there only."""
    document = validated(DirectoryDocument, document)
    if document["max_dtmf"] and document["max_dtmf"] < document["min_dtmf"]:
        raise ValidationFailed.of("max_dtmf", "minimum", _("Not less than min_dtmf"), target=document["min_dtmf"])
    users = list(dict.fromkeys(document["users"]))
    known = before.user_ids if before is not None else []
    refuse_unknown(
        {f"users.{place}": ("user", one) for place, one in enumerate(users)}, [("user", one) for one in known]
    )
    by_themselves = named_by(before.id, users) if before is not None else set()
    document["users"] = [one for one in users if one not in by_themselves]
    return document
