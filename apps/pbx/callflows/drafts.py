"""Working on a callflow without calls following it yet, publishing that, and going back to an earlier version."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.scope import current_account_id
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import Conflict, NotFound, Refused
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now
from apps.pbx.callflows.actions import replace_callflow
from apps.pbx.callflows.models import Callflow, CallflowDraft
from apps.pbx.callflows.versions import document_of, find_version, latest_number

MOST_DRAFTS = 20


def find_draft(callflow: Callflow, draft_id: str) -> CallflowDraft:
    """Raises NotFound."""
    found = CallflowDraft.objects.filter(callflow_id=callflow.id, id=draft_id).first()
    if found is None:
        raise NotFound(draft_id)
    return found


@transaction.atomic
def create_draft(callflow: Callflow, name: str, document: dict[str, Any] | None, principal: Principal) -> CallflowDraft:
    """A draft that begins with `document`, or with the callflow as it is. Raises Refused beyond `MOST_DRAFTS`."""
    if CallflowDraft.objects.filter(callflow_id=callflow.id).count() >= MOST_DRAFTS:
        raise Refused("too_many_drafts", _("At most %(most)d drafts of a callflow") % {"most": MOST_DRAFTS})
    draft = CallflowDraft.objects.create(
        account_id=current_account_id(),
        callflow_id=callflow.id,
        name=name[:128],
        based_on=latest_number(callflow),
        document=document_of(callflow) if document is None else document,
        author=principal.user_id or principal.method,
    )
    record(principal, "callflow_draft.created", "callflow", callflow.id, {}, {"draft": draft.id, **draft.document})
    return draft


@transaction.atomic
def change_draft(draft: CallflowDraft, name: str, document: dict[str, Any], principal: Principal) -> CallflowDraft:
    """Replace what the draft holds; it need not be a valid callflow yet."""
    before, draft.document = draft.document, document
    draft.name, draft.modified = name[:128], now()
    draft.save(force_update=True)
    record(principal, "callflow_draft.edited", "callflow", draft.callflow_id, before, document)
    return draft


@transaction.atomic
def delete_draft(draft: CallflowDraft, principal: Principal) -> None:
    """The callflow stays as it is."""
    CallflowDraft.objects.filter(id=draft.id).delete()
    record(principal, "callflow_draft.deleted", "callflow", draft.callflow_id, draft.document, {})


@transaction.atomic
def publish_draft(callflow: Callflow, draft: CallflowDraft, principal: Principal, *, force: bool = False) -> Callflow:
    """Put the draft in the callflow's place and remove it.

    Raises as `replace_callflow`, and Conflict where the callflow was changed since the draft began (`force` publishes
    it all the same).
    """
    if not force and draft.based_on != latest_number(callflow):
        cause = _("The callflow has changed since version %(number)d, which the draft began from")
        raise Conflict(cause % {"number": draft.based_on})
    note = _("Published from the draft %(name)s") % {"name": draft.name or draft.id}
    replaced = replace_callflow(callflow, draft.document, principal, note=note)
    CallflowDraft.objects.filter(id=draft.id).delete()
    record(principal, "callflow.published", "callflow", callflow.id, {}, {"draft": draft.id, "name": draft.name})
    return replaced


@transaction.atomic
def revert(callflow: Callflow, number: int | str, principal: Principal) -> Callflow:
    """Make the callflow what it was in a version, which becomes the newest. Raises NotFound, and as
    `replace_callflow` (a number that another callflow has taken meanwhile)."""
    version = find_version(callflow, number)
    note = _("Version %(number)d again") % {"number": version.number}
    replaced = replace_callflow(callflow, version.document, principal, note=note)
    record(principal, "callflow.reverted", "callflow", callflow.id, {}, {"version": version.number})
    return replaced
