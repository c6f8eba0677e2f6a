"""Every write of a ring group. Its callflow is written with it, in one transaction."""

from typing import Any

from django.db import transaction

from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.actions import create_callflow, remove_callflow, write_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.endpoints.members import refuse_unknown
from apps.pbx.ring_groups.documents import RingGroupDocument, flow_of
from apps.pbx.ring_groups.models import RingGroup


@transaction.atomic
def create_ring_group(document: dict[str, Any], principal: Principal) -> RingGroup:
    """Raises ValidationFailed: a member that does not exist, a number that is taken or another account's."""
    document = _checked(document)
    callflow = create_callflow(_callflow(document), principal)
    ring_group = create_document(RingGroup, document | {"numbers": callflow.numbers}, principal)
    ring_group.callflow_id = callflow.id
    ring_group.save(update_fields=["callflow_id"])
    return ring_group


@transaction.atomic
def replace_ring_group(ring_group: RingGroup, document: dict[str, Any], principal: Principal) -> RingGroup:
    """Raises as `create_ring_group`. What was added to the callflow after the ring group's step stays."""
    document = _checked(document, ring_group)
    wanted = _callflow(document)
    callflow = Callflow.objects.select_for_update().filter(id=ring_group.callflow_id).first()
    if callflow is None:
        callflow = create_callflow(wanted, principal)
        ring_group.callflow_id = callflow.id
    else:
        wanted["flow"]["children"] = callflow.flow.get("children") or {}
        write_callflow(callflow, callflow.to_document() | wanted, principal)
    return replace_document(ring_group, document | {"numbers": callflow.numbers}, principal)


@transaction.atomic
def delete_ring_group(ring_group: RingGroup, principal: Principal, *, hard: bool = False) -> RingGroup:
    callflow = Callflow.objects.filter(id=ring_group.callflow_id).first()
    if callflow is not None:
        remove_callflow(callflow, principal, hard=hard)
    return delete_document(ring_group, principal, hard=hard)


def _checked(document: dict[str, Any], ring_group: RingGroup | None = None) -> dict[str, Any]:
    document = validated(RingGroupDocument, document)
    document.pop("callflow_id", None)
    before = ring_group.document.get("members", []) if ring_group else []
    refuse_unknown(
        {
            f"members.{position}.id": (member["type"], member["id"])
            for position, member in enumerate(document["members"])
        },
        [(member["type"], member["id"]) for member in before],
    )
    return document


def _callflow(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": document["name"],
        "numbers": document["numbers"],
        "type": "ring_group",
        "flow": flow_of(document),
    }
