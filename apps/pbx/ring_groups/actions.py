"""Every write of a ring group. Its callflow is written with it, in one transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from apps.foundation.crossbar.validation import validated
from apps.foundation.documents.actions import create_document, delete_document, replace_document
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import GREGORIAN_MAXIMUM, now, to_gregorian
from apps.pbx.callflows.actions import create_callflow, remove_callflow, write_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.endpoints.actions import by_phone
from apps.pbx.endpoints.members import refuse_unknown
from apps.pbx.ring_groups.documents import RingGroupDocument, flow_of
from apps.pbx.ring_groups.models import RingGroup

#: Who left a ring group stays away until he comes back.
FOREVER = GREGORIAN_MAXIMUM


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


@transaction.atomic
def toggle_member(callflow_id: str, member_ids: Sequence[str], *, away: bool, seconds: int = 0) -> bool:
    """Have a member of the ring groups in a callflow be rung no longer (for so many seconds, 0: until he is back), or
    again. False where none of the ids is a member."""
    callflow = Callflow.objects.select_for_update().filter(id=callflow_id).first()
    if callflow is None:
        return False
    until = (to_gregorian(now()) + seconds if seconds else FOREVER) if away else None
    wanted, principal = frozenset(member_ids), by_phone(next(iter(member_ids), ""))
    ring_group = RingGroup.objects.filter(callflow_id=callflow.id).first()
    if ring_group is not None:
        document = ring_group.to_document()
        is_member = _set_away(document.get("members", []), wanted, until)
        if is_member:
            replace_ring_group(ring_group, document, principal)
        return is_member
    document = callflow.to_document()
    found = [_set_away(data["endpoints"], wanted, until) for data in _ring_groups_in(document.get("flow"))]
    if any(found):
        write_callflow(callflow, document, principal)
    return any(found)


def _set_away(members: list[dict[str, Any]], wanted: frozenset[str], until: int | None) -> bool:
    mine = [member for member in members if member.get("id") in wanted]
    for member in mine:
        member.pop("disable_until", None)
        if until is not None:
            member["disable_until"] = until
    return bool(mine)


def _ring_groups_in(flow: Any) -> Iterator[dict[str, Any]]:
    """The data of every ring group of a flow."""
    waiting = [flow]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        data = node.get("data")
        if node.get("module") == "ring_group" and isinstance(data, dict) and isinstance(data.get("endpoints"), list):
            yield data
        children = node.get("children")
        waiting += children.values() if isinstance(children, dict) else []


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
