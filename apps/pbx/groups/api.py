"""Groups in the API."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.groups.actions import create_group, delete_group, replace_group
from apps.pbx.groups.documents import GroupDocument
from apps.pbx.groups.models import Group


class GroupResource(AccountResource):
    """Users and devices under one name, for ring groups, paging and pick-up."""

    path, model, shape = "groups", Group, GroupDocument
    summary = ("id", "name", "flags")
    actions = Actions(create=create_group, replace=replace_group, delete=delete_group)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {"name": "Sales", "endpoints": {}}

    def summarize(self, instance: Group) -> Mapping[str, Any]:
        """`endpoints` is how many members there are."""
        held = bool((instance.document.get("music_on_hold") or {}).get("media_id"))
        features = ["music_on_hold"] if held else []
        return {**super().summarize(instance), "features": features, "endpoints": len(instance.endpoints)}
