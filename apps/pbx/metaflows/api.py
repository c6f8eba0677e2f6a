"""What keys do during a call, in the API."""

from __future__ import annotations

from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import Actions, SingletonResource
from apps.foundation.identity.principal import Role
from apps.pbx.devices.models import Device
from apps.pbx.metaflows.actions import Holder, replace_metaflows
from apps.pbx.metaflows.documents import MetaflowsDocument
from apps.pbx.users.models import User

_MODELS = {"users": User, "devices": Device}


class MetaflowsResource(SingletonResource):
    """What keys do during a call: of the whole account, or below a user or device of his alone.

    Of a call's party the device's own count, else its user's, else the account's. Whoever presses `binding_digit` (`*`)
    and then the keys in `numbers` has that action done: transfer, hold, record_call, park …
    """

    path, model, shape = "metaflows", Account, MetaflowsDocument
    parents = {"users": "id", "devices": "id"}
    actions = Actions(replace=replace_metaflows, delete=replace_metaflows)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    omits = ("patch",)
    example = {
        "binding_digit": "*",
        "numbers": {
            "2": {"module": "record_call", "data": {"action": "toggle"}},
            "3": {"module": "hold_control", "data": {"action": "toggle"}},
        },
        "patterns": {"^1([0-9]{3,4})$": {"module": "transfer", "data": {}}},
    }

    def find(self, request: ApiRequest) -> Holder:
        for noun, identifier in request.parent_ids.items():
            rows = _MODELS[noun].objects.filter(id=identifier)
            found: Device | User | None = (rows if request.verb == "GET" else rows.select_for_update()).first()
            if found is None:
                raise NotFound(identifier)
            return found
        if request.verb == "GET":
            return request.account
        return (
            Account.objects.select_related("tenant", "parent")
            .select_for_update(of=("self",))
            .get(id=request.account.id)
        )

    def document(self, instance: Holder) -> dict[str, Any]:
        found = instance.document.get("metaflows")
        return dict(found) if isinstance(found, dict) else {}

    def store(self, request: ApiRequest, instance: Holder, document: dict[str, Any]) -> Answer:
        replaced = replace_metaflows(instance, document, request.principal)
        return Answer(self.document(replaced), revision=self.revision(replaced))

    def delete(self, request: ApiRequest, instance: Holder) -> Answer:
        """Keys do nothing any more, but what they do for those above."""
        document = self.document(instance)
        replaced = replace_metaflows(instance, None, request.principal)
        return Answer({**document, "_read_only": {"deleted": True}}, revision=self.revision(replaced))
