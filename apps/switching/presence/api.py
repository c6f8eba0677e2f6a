"""Lamps in the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, item_route, route
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import now
from apps.switching.presence.actions import reset_lamps, set_lamp
from apps.switching.presence.documents import PresenceAction, subscriptions_document
from apps.switching.presence.models import LampLine, LampMark, LampState, Subscription
from apps.switching.presence.queries import lamps_of

LONGEST = 128


@dataclass(frozen=True, slots=True)
class Extension:
    presence_id: str


class PresenceResource(AccountResource):
    """Lamps (BLF): what phones show about extensions, and which phones watch them.

    An extension's lamp follows its calls, do-not-disturb, parked calls and what was set by hand. `POST` with
    `{"action": "set", "state": "confirmed"}` sets one by hand, on top of its calls; `{"action": "reset"}` forgets that
    and sends the true state to every phone that watches it. Below a user or device it acts on all lamps of that one.
    """

    path, model, key, hex_ids = "presence", LampLine, "presence_id", False
    parents = {"users": "endpoint_id", "devices": "endpoint_id"}
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)

    def list(self, request: ApiRequest) -> Any:
        """Who watches what, and the lamps that are lit."""
        rows = Subscription.objects.filter(account_id=request.account.id, expires__gt=now())
        lit = self._lit(request)
        if request.parent_ids:
            mine = self._mine(request)
            rows, lit = rows.filter(presence_id__in=mine), {one: lit[one] for one in mine if one in lit}
        return {"subscriptions": subscriptions_document(rows), "lamps": lit}

    def find(self, request: ApiRequest) -> Any:
        if not request.id or len(request.id) > LONGEST:
            raise NotFound(request.id)
        if request.parent_ids and request.id not in self._mine(request):
            raise NotFound(request.id)
        return Extension(request.id.partition("@")[0])

    def get(self, request: ApiRequest, instance: Extension) -> Answer:
        """One extension: its state, and who watches it."""
        known = {"account_id": request.account.id, "presence_id": instance.presence_id}
        watching = Subscription.objects.filter(**known, expires__gt=now())
        state = self._lit(request).get(instance.presence_id)
        if state is None and not watching.exists() and not LampLine.objects.filter(**known).exists():
            raise NotFound(instance.presence_id)
        subscriptions = subscriptions_document(watching).get(instance.presence_id, {})
        document = {"id": instance.presence_id, "state": state or LampState.TERMINATED.value}
        return Answer({**document, "subscriptions": subscriptions})

    @item_route("", methods=("POST",), shape=PresenceAction, example={"action": "set", "state": "confirmed"})
    def act(self, request: ApiRequest, instance: Extension) -> dict[str, Any]:
        """Set or reset the lamp of an extension."""
        return self._act(request, [instance.presence_id])

    @route("", methods=("POST",), shape=PresenceAction, example={"action": "reset"})
    def act_on_all(self, request: ApiRequest) -> dict[str, Any]:
        """Set or reset the lamps of a user or device; reset those of the account.

        404 for a user or device without a lamp.
        """
        extensions = self._mine(request)
        if request.parent_ids and not extensions:
            raise NotFound("presence")
        if not request.parent_ids and _asked(request).action == "set":
            raise ValidationFailed.of("action", "enum", _("Name the extension to set"), value="set", target=["reset"])
        return self._act(request, extensions)

    def _act(self, request: ApiRequest, extensions: Sequence[str]) -> dict[str, Any]:
        asked, account_id = _asked(request), request.account.id
        if asked.state is None or asked.action == "reset":
            reset_lamps(account_id, extensions)
        else:
            for extension in extensions:
                set_lamp(account_id, extension, asked.state)
        lit = self._lit(request)
        return {"lamps": {one: lit.get(one, LampState.TERMINATED.value) for one in extensions}}

    def _lit(self, request: ApiRequest) -> dict[str, str]:
        return {extension: lamp.state.value for (_id, extension), lamp in lamps_of([request.account.id]).items()}

    def _mine(self, request: ApiRequest) -> Sequence[str]:
        """The lamps of the user or device in the URL; without one, every lamp of the account."""
        lines = set(self.visible(request).values_list("presence_id", flat=True))
        if not request.parent_ids:
            marks = LampMark.objects.filter(account_id=request.account.id)
            lines |= set(marks.values_list("presence_id", flat=True))
        return sorted(lines)


def _asked(request: ApiRequest) -> PresenceAction:
    return PresenceAction.model_validate(validated(PresenceAction, request.data))
