"""Ring groups in the API."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.ring_groups.actions import create_ring_group, delete_ring_group, replace_ring_group
from apps.pbx.ring_groups.documents import RingGroupDocument
from apps.pbx.ring_groups.models import RingGroup


class RingGroupResource(AccountResource):
    """Numbers that ring several people, in one document.

    Crossbar has no such resource: there, a ring group is a step of a callflow. Here it is both. The callflow named in
    `callflow_id` is written with the ring group and can be changed through it only.
    """

    path, model, shape = "ring_groups", RingGroup, RingGroupDocument
    summary = ("id", "name", "numbers", "strategy", "flags")
    actions = Actions(create=create_ring_group, replace=replace_ring_group, delete=delete_ring_group)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)

    def document(self, instance: RingGroup) -> dict[str, Any]:
        return {**instance.to_document(), "callflow_id": instance.callflow_id}

    def summarize(self, instance: RingGroup) -> Mapping[str, Any]:
        """`members` is how many there are."""
        members = len(instance.document.get("members", []))
        return {**super().summarize(instance), "members": members, "callflow_id": instance.callflow_id}
