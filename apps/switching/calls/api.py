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
from apps.switching.calls.channel_orders import order_named, order_names
from apps.switching.calls.dial_string import UnsafeValue
from apps.switching.calls.documents import ChannelAction
from apps.switching.calls.models import LiveChannel

OWN_ACTIONS = ("hangup", "transfer", "metaflow")
#: Other names of actions.
ALIASES = {"record": "record_call"}


class ChannelResource(AccountResource):
    """Calls that are going on now: one row per leg.

    `POST` or `PUT` `{"action": "hangup"}` or `{"action": "transfer", "target": "2600"}` on a leg does just that, and so
    do the actions that keys can do in a call (`metaflows`) with their settings: hold, park, record_call, play,
    eavesdrop …; the answer says that the switch was asked, the websocket and the list say what came of it.
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
        """Hang a leg up, transfer it, or do something else with it.

        202: the switch has been asked. A leg that has ended meanwhile stays ended.
        """
        name, data = _further(request)
        if (order := order_named(name)) is not None:
            order(request.principal, instance, data)
            return Answer(self.document(instance), status=202)
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


def _further(request: ApiRequest) -> tuple[str, dict[str, Any]]:
    """What an app above does, and its settings: `{"action": "metaflow", "module": …, "data": {…}}`, or by its name.
    The name is empty for what is done here."""
    data = dict(request.data) if isinstance(request.data, dict) else {}
    name = data.pop("action", None) or request.envelope.get("action")
    if name == "metaflow":
        inner = _object(data.get("data"))
        name = data.get("module") or inner.get("module") or _object(inner.get("data")).get("module")
        data = {key: value for key, value in (_object(inner.get("data")) or inner).items() if key != "module"}
    name = ALIASES.get(name, name) if isinstance(name, str) else ""
    attended = name == "transfer" and data.get("transfer_type") == "attended"
    return ("", {}) if name in ("hangup", "transfer") and not attended else (name, data)


def _object(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


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
        known = sorted({"hangup", "transfer", *order_names()})
        message = _("Value must be one of %(values)s") % {"values": ", ".join(known)}
        raise ValidationFailed.of("module", "enum", message, target=known, value=module)
    leg = {"bleg": "bleg", "other": "other"}.get(str(inner.get("leg", "self")), "self")
    given = {"action": module, "target": inner.get("target", ""), "leg": leg}
    return _complete(ChannelAction.model_validate(validated(ChannelAction, given)))


def _complete(asked: ChannelAction) -> ChannelAction:
    if asked.action not in OWN_ACTIONS:
        known = sorted({*OWN_ACTIONS, *order_names()})
        message = _("Value must be one of %(values)s") % {"values": ", ".join(known)}
        raise ValidationFailed.of("action", "enum", message, target=known, value=asked.action)
    if asked.action == "transfer" and not asked.target:
        raise ValidationFailed.of("target", "required", _("Field is required but missing"))
    return asked
