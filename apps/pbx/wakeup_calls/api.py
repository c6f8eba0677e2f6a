"""Wake-up calls in the API."""

from __future__ import annotations

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, Actions, item_route
from apps.foundation.identity.principal import Role
from apps.pbx.wakeup_calls.actions import create_wakeup_call, delete_wakeup_call, replace_wakeup_call
from apps.pbx.wakeup_calls.documents import WakeupCallDocument
from apps.pbx.wakeup_calls.models import WakeupAttempt, WakeupCall

MOST_ROWS = 200
_ATTEMPT = {
    "id": "202602-6aadef09f6fcf5fd8bcdfca312e923ba",
    "timestamp": 63937323000,
    "due": 63937323000,
    "attempt": 1,
    "result": "confirmed",
    "reason": None,
    "interaction_id": "63937323000-1f0a2b3c",
}


class WakeupCallResource(AccountResource):
    """Phones that are called at a time of day.

    A call is for a device, or for all phones of a user; administrators set it for anybody, a user changes and switches
    off his own and sets new ones from his phone. `next_call_from` and `next_call_to` of the list are Gregorian seconds.
    Events: `wakeup_call.answered.<id>`, `wakeup_call.snoozed.<id>`, and `wakeup_call.failed.<id>` when the last try was
    in vain.
    """

    path, model, shape = "wakeup_calls", WakeupCall, WakeupCallDocument
    summary = (
        "id", "name", "device_id", "owner_id", "time", "date", "days", "enabled", "next_call", "last_call",
        "last_result", "flags",
    )  # fmt: skip
    actions = Actions(create=create_wakeup_call, replace=replace_wakeup_call, delete=delete_wakeup_call)
    access = Access(
        read=Role.USER,
        write=Role.ACCOUNT_ADMIN,
        own="owner_id",
        own_write=True,
        own_fixed=("owner_id", "device_id"),
    )
    parents = {"users": "owner_id", "devices": "device_id"}
    order = "created"
    ranges = {"next_call": "act_at"}
    example = {
        "name": "Room 12",
        "device_id": "0123456789abcdef0123456789abcdef",
        "time": "07:30",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "retries": 2,
        "retry_interval": 300,
        "snooze_minutes": 10,
    }

    @item_route("history", example=[_ATTEMPT])
    def history(self, request: ApiRequest, instance: WakeupCall) -> list[dict[str, Any]]:
        """Its last attempts, the newest first, at most 200. `interaction_id` finds the call records of an answered one.

        `due` is the moment it was for and `attempt` counts the ringing from 1; `reason` says why no phone was rung.
        """
        rows = WakeupAttempt.objects.filter(wakeup_call_id=instance.id).order_by("-created", "-id")
        return [row.to_document() for row in rows[:MOST_ROWS]]
