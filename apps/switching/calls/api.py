"""Live channels in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, item_route
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Role
from apps.switching.calls import commands, tasks
from apps.switching.calls.channel_documents import channel_document
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.documents import ChannelAction
from apps.switching.calls.models import LiveChannel


class ChannelResource(AccountResource):
    """Calls that are going on now: one row per leg.

    `POST` or `PUT` `{"action": "hangup"}` or `{"action": "transfer", "target": "2600"}` on a leg does just that; the
    answer says that the switch was asked, the websocket and the list say what came of it.
    """

    path, model, key, hex_ids = "channels", LiveChannel, "uuid", False
    parents = {"users": "owner_id", "devices": "authorizing_id"}
    access = Access(read=Role.USER, write=Role.USER, own="owner_id", own_write=True)
    order = "-created"
    summary = (
        "uuid",
        "answered",
        "direction",
        "destination",
        "caller_id_name",
        "caller_id_number",
        "callee_id_name",
        "callee_id_number",
        "other_leg",
        "interaction_id",
        "authorizing_id",
        "authorizing_type",
        "owner_id",
        "presence_id",
        "username",
        "timestamp",
        "elapsed_s",
        "is_on_hold",
    )

    def document(self, instance: LiveChannel) -> dict[str, Any]:
        return channel_document(instance)

    @item_route("", methods=("PUT", "POST"), shape=ChannelAction, example={"action": "transfer", "target": "2600"})
    def act(self, request: ApiRequest, instance: LiveChannel) -> Answer:
        """Hang a leg up or transfer it.

        202: the switch has been asked. A leg that has ended meanwhile stays ended.
        """
        asked = _asked(request)
        try:
            if asked.action == "hangup":
                commands.hang_up(instance.uuid, asked.cause)
                tasks.hang_up.delay(instance.account_id, instance.uuid, asked.cause)
            else:
                other = asked.leg in ("bleg", "other")
                commands.transfer(instance.uuid, asked.target, other_leg=other)
                tasks.transfer.delay(instance.account_id, instance.uuid, asked.target, other)
        except UnsafeValue:
            raise ValidationFailed.of("target", "pattern", _("This cannot be dialled"), value=asked.target) from None
        return Answer(self.document(instance), status=202)


def _asked(request: ApiRequest) -> ChannelAction:
    """The action, wherever the client put it: in `data` or in the envelope, as a metaflow or by its name."""
    data = dict(request.data) if isinstance(request.data, dict) else {}
    data.setdefault("action", request.envelope.get("action"))
    asked = ChannelAction.model_validate(validated(ChannelAction, data))
    if asked.action != "metaflow":
        return _complete(asked)
    inner: Any = asked.data
    # `{"action": "metaflow", "data": {"data": {"module": …}}}` is how some clients nest it.
    module = asked.module or inner.get("module") or inner.get("data", {}).get("module")
    inner = inner if "target" in inner or "data" not in inner else inner["data"]
    if module not in ("hangup", "transfer"):
        message = _("Value must be one of hangup, transfer")
        raise ValidationFailed.of("module", "enum", message, target=["hangup", "transfer"], value=module)
    leg = {"bleg": "bleg", "other": "other"}.get(str(inner.get("leg", "self")), "self")
    given = {"action": module, "target": inner.get("target", ""), "leg": leg}
    return _complete(ChannelAction.model_validate(validated(ChannelAction, given)))


def _complete(asked: ChannelAction) -> ChannelAction:
    if asked.action == "transfer" and not asked.target:
        raise ValidationFailed.of("target", "required", _("Field is required but missing"))
    return asked
