"""Callflows in the API."""

from collections.abc import Mapping
from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.resource import AccountResource, Actions
from apps.foundation.identity.principal import Role
from apps.pbx.callflows.actions import create_callflow, delete_callflow, replace_callflow
from apps.pbx.callflows.documents import CallflowDocument
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.queries import modules_of


class CallflowResource(AccountResource):
    """What happens with calls to some numbers: a tree of steps, each a verb with its data and its children."""

    path, model, shape = "callflows", Callflow, CallflowDocument
    summary = ("id", "name", "type", "numbers", "patterns", "owner_id", "flags")
    actions = Actions(create=create_callflow, replace=replace_callflow, delete=delete_callflow)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    parents = {"users": "owner_id"}
    example = {
        "name": "Closed",
        "numbers": ["7999"],
        "flow": {"module": "hangup", "data": {}, "children": {}},
    }

    def summarize(self, instance: Callflow) -> Mapping[str, Any]:
        """`featurecode` is false where the flow is none; `modules` are the verbs in it."""
        featurecode = instance.document.get("featurecode") or False
        return {**super().summarize(instance), "featurecode": featurecode, "modules": modules_of(instance.flow)}
