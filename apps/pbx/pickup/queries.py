"""Somebody else's calls: whom a verb means, whether the caller may reach them, and which of their calls are on.

*Parties* are devices and users together: a leg names the device that was rung or called, or the user a forward belongs
to. Everything runs inside the account's scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q

from apps.foundation.accounts.scope import current_account_id
from apps.pbx.callflows.queries import find_flow
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import Member
from apps.pbx.endpoints.queries import expand_groups
from apps.pbx.groups.models import Group
from apps.pbx.pickup.documents import ApprovedData, ReachData
from apps.switching.calls.models import ChannelState, LiveChannel

#: Where nobody is named as approved: nobody at all, or people who share a device's owner or a group with the target.
WithoutApproval = Literal["nobody", "related"]
#: Verbs whose data names who is rung.
_RINGING = {"device": "device", "user": "user", "group": "group"}
#: Nodes looked at below an extension's first one.
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants to reach into a call. `device_id` is empty for a call from outside, which never may."""

    device_id: str
    owner_id: str


def named_by(data: ReachData) -> list[Member]:
    """Whom the verb's data names; nobody where it names nothing."""
    if data.device_id:
        return [Member(data.device_id, "device")]
    if data.user_id:
        return [Member(data.user_id, "user")]
    return [Member(data.group_id, "group")] if data.group_id else []


def behind(extension: str) -> list[Member]:
    """Whom an extension rings first: those of the first ringing verb of its callflow."""
    found = find_flow(extension)
    node: Any = found.flow if found is not None and not found.is_no_match else None
    for _depth in range(_DEEPEST):
        if not isinstance(node, Mapping):
            break
        data: Any = node.get("data")
        data = data if isinstance(data, Mapping) else {}
        module = str(node.get("module"))
        if module in _RINGING and data.get("id"):
            return [Member(str(data["id"]), _RINGING[module])]  # type: ignore[arg-type]
        if module == "ring_group":
            endpoints = data.get("endpoints")
            return [
                Member(str(one.get("id")), one["endpoint_type"])
                for one in (endpoints if isinstance(endpoints, list) else [])
                if isinstance(one, Mapping) and one.get("endpoint_type") in ("device", "user", "group")
            ]
        children = node.get("children")
        node = children.get("_") if isinstance(children, Mapping) else None
    return []


def parties(members: Iterable[Member]) -> frozenset[str]:
    """The ids of the devices and users these members come to."""
    flat = expand_groups(list(members))
    users = {member.id for member in flat if member.type == "user"}
    devices = {member.id for member in flat if member.type == "device"}
    owned = Device.objects.filter(Q(owner_id__in=users) | Q(logged_in__overlap=list(users))) if users else []
    return frozenset(users | devices | {device.id for device in owned})


def may_reach(caller: Caller, wanted: frozenset[str], approved: ApprovedData, otherwise: WithoutApproval) -> bool:
    """Whether the caller may reach calls of `wanted`: who is approved, or without such a rule, who is related."""
    own = _own(caller)
    if not own:
        return False
    if approved.approved_device_id:
        return approved.approved_device_id == caller.device_id
    if approved.approved_user_id:
        return approved.approved_user_id in own
    if approved.approved_group_id:
        return bool(own & parties([Member(approved.approved_group_id, "group")]))
    return otherwise == "related" and _related(own, wanted)


def _own(caller: Caller) -> frozenset[str]:
    """The calling device and whoever it belongs to, or is logged in to it."""
    device = Device.objects.filter(id=caller.device_id).first() if caller.device_id else None
    if device is None:
        return frozenset()
    return frozenset({device.id, *device.user_ids} | ({caller.owner_id} if caller.owner_id else set()))


def _related(own: frozenset[str], wanted: frozenset[str]) -> bool:
    """They have a user or device in common, or are both in one group."""
    if own & wanted:
        return True
    named = Q()
    for identifier in own:
        named |= Q(document__endpoints__has_key=identifier)
    return any(wanted & parties([Member(group.id, "group")]) for group in Group.objects.filter(named))


def ringing_legs(wanted: frozenset[str], *, besides: str = "") -> list[str]:
    """Channels that make phones of `wanted` ring now, the longest first; not those of the conversation `besides`."""
    rows = _legs(wanted, besides).filter(direction="outbound", state=ChannelState.RINGING)
    return list(rows.order_by("created").values_list("uuid", flat=True)[:_DEEPEST])


def talking_legs(wanted: frozenset[str], *, besides: str = "") -> list[LiveChannel]:
    """Channels of `wanted` that are in a conversation now, the newest first."""
    rows = _legs(wanted, besides).exclude(other_leg="").exclude(state=ChannelState.RINGING)
    return list(rows.order_by("-created")[:_DEEPEST])


def _legs(wanted: frozenset[str], besides: str) -> Any:
    rows = LiveChannel.objects.filter(account_id=current_account_id()).filter(
        Q(authorizing_id__in=wanted) | Q(owner_id__in=wanted)
    )
    return rows.exclude(interaction_id=besides) if besides else rows
