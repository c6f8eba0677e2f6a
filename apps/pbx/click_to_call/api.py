"""Click to call in the API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import (
    Conflict,
    Forbidden,
    TooManyRequests,
    Unauthenticated,
    ValidationFailed,
)
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.identity.principal import Role
from apps.foundation.identity.restrictions import allowed
from apps.foundation.kit.clock import to_gregorian
from apps.pbx.click_to_call.actions import (
    WINDOW_SECONDS,
    NotConnected,
    connect,
    create_click_to_call,
    delete_click_to_call,
    replace_click_to_call,
)
from apps.pbx.click_to_call.documents import ClickToCallDocument
from apps.pbx.click_to_call.models import ClickToCall, ConnectAttempt

_CONTACT = re.compile(r"\+?[0-9]{2,15}")
_PUNCTUATION = str.maketrans("", "", " ()./-")
_OPEN = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN, public=("GET", "POST"))
_CONNECTED = {"job_id": "7c3f…", "interaction_id": "63937080000-1f0a2b3c", "status": "started"}
MOST_ROWS = 200


class ClickToCallResource(AccountResource):
    """Addresses that connect a visitor of a web page with an extension.

    The page sends the visitor's number as `contact` to `connect`; `auth_required` false lets anybody do so, as often as
    `throttle` allows and to numbers of the `whitelist` only, where there is one. Emergency numbers and those the
    account's restrictions deny are never called.
    """

    path, model, shape = "clicktocall", ClickToCall, ClickToCallDocument
    summary = ("id", "name", "extension")
    actions = Actions(create=create_click_to_call, replace=replace_click_to_call, delete=delete_click_to_call)
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    example = {"name": "Sales", "extension": "2000", "whitelist": ["^\\+?1\\d{10}$"], "throttle": 5}

    def find(self, request: ApiRequest) -> ClickToCall:
        """Connecting changes nothing of the document, so that its row is not locked: a refusal is kept all the same."""
        connects = request.http.path.rstrip("/").endswith("/connect")
        found: ClickToCall = super().find(replace(request, verb="GET") if connects else request)
        return found

    @item_route("connect", methods=("GET",), access=_OPEN, example=_CONNECTED)
    def connect(self, request: ApiRequest, instance: ClickToCall) -> Answer:
        """Make the call: `contact` is the visitor's number. Answers at once with 202.

        429 where it was used too often, 403 for a number it may not call, 409 where no switch is connected.
        """
        return _connect(request, instance)

    @item_route("connect", methods=("POST",), access=_OPEN, atomic=False, example=_CONNECTED)
    def connect_by_post(self, request: ApiRequest, instance: ClickToCall) -> Answer:
        """The same, with `contact` in `data`."""
        return _connect(request, instance)

    @item_route("history", methods=("GET",), example=[{"contact": "+13125550100", "timestamp": 63937080000}])
    def history(self, request: ApiRequest, instance: ClickToCall) -> list[dict[str, Any]]:
        """Its last uses, the newest first, at most 200. `interaction_id` finds the call records."""
        rows = ConnectAttempt.objects.filter(click_to_call_id=instance.id).order_by("-created", "-id")
        return [
            {
                "id": row.id,
                "timestamp": to_gregorian(row.created),
                "contact": row.contact,
                "extension": row.extension,
                "client_ip": row.client_ip,
                "interaction_id": row.interaction_id or None,
                "result": row.refusal or "started",
            }
            for row in rows[:MOST_ROWS]
        ]


def _connect(request: ApiRequest, instance: ClickToCall) -> Answer:
    _refuse_stranger(request, instance)
    contact = str(request.value("contact", "")).translate(_PUNCTUATION)
    if not contact:
        raise ValidationFailed.of("contact", "required", _("Field is required but missing"))
    if not _CONTACT.fullmatch(contact):
        raise ValidationFailed.of("contact", "pattern", _("This cannot be dialled"), value=contact)
    try:
        made = connect(instance, contact, request.client_ip)
    except NotConnected as refused:
        raise _as_error(refused) from refused
    return Answer({"job_id": made.job_id, "interaction_id": made.interaction_id, "status": "started"}, status=202)


def _refuse_stranger(request: ApiRequest, instance: ClickToCall) -> None:
    """The address is open to everybody, so that who asks is looked at here, where anybody has to."""
    if instance.document.get("auth_required", True) is False:
        return
    caller = request.identified
    if caller is None:
        raise Unauthenticated
    if caller.role < Role.ACCOUNT_ADMIN or not request.account.is_within(caller.account_id):
        raise Forbidden
    if not allowed(caller, request.account, "clicktocall", [instance.id, "connect"], request.verb):
        raise Forbidden(_("access denied by token restrictions"))


def _as_error(refused: NotConnected) -> Exception:
    if refused.reason == "throttle":
        return TooManyRequests(WINDOW_SECONDS, _("this was used too often: try again in a minute"))
    if refused.reason == "no_switch":
        return Conflict(_("no switch is connected"))
    return Forbidden(_("this number may not be called"))
