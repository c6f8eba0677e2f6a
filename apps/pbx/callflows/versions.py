"""Versions of callflows: every save is one. Drafts become one when they are published (see `drafts`)."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.models import Callflow, CallflowDraft, CallflowVersion


def document_of(callflow: Callflow) -> dict[str, Any]:
    """What a version keeps: the public document without its id."""
    return {key: value for key, value in callflow.to_document().items() if key != "id"}


def keep_version(callflow: Callflow, principal: Principal, note: str = "") -> CallflowVersion:
    """Keep the callflow as it is now. Where nothing has changed since the last version, that one is returned.

    Callers hold the callflow's row.
    """
    document = document_of(callflow)
    latest = CallflowVersion.objects.filter(callflow_id=callflow.id).first()
    if latest is not None and latest.document == document and not note:
        return latest
    return CallflowVersion.objects.create(
        account_id=current_account_id(),
        callflow_id=callflow.id,
        number=(latest.number if latest else 0) + 1,
        document=document,
        note=note[:256],
        author=principal.method,
        author_id=principal.user_id or "",
    )


def forget_versions(callflow_id: str) -> None:
    """Remove all versions and drafts of a callflow that is deleted for good."""
    CallflowVersion.objects.filter(callflow_id=callflow_id).delete()
    CallflowDraft.objects.filter(callflow_id=callflow_id).delete()


def find_version(callflow: Callflow, number: str | int) -> CallflowVersion:
    """Raises NotFound."""
    text = str(number)
    found = None
    if text.isascii() and text.isdigit() and len(text) < 10:
        found = CallflowVersion.objects.filter(callflow_id=callflow.id, number=int(text)).first()
    if found is None:
        raise NotFound(text)
    return found


def latest_number(callflow: Callflow) -> int:
    """The number of the version calls follow now."""
    rows = CallflowVersion.objects.filter(callflow_id=callflow.id)
    return int(rows.aggregate(latest=Max("number"))["latest"] or 0)
