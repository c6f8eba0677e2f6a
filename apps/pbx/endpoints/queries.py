"""From what a callflow names (devices, users, groups) to the legs that are rung, in a fixed number of queries.

Everything here runs inside `account_scope`. A *member* is what a callflow names; a *leg* is one thing the switch
dials. A user stands for his devices; a group for its members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account, current_account_id
from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.conditions import holds_now, is_listed, who_refuses
from apps.pbx.endpoints.forwarding import Circumstances, Condition
from apps.pbx.endpoints.legs import Asking, Household, Member, Party
from apps.pbx.endpoints.rules import Document, caller_id
from apps.pbx.groups.models import Group
from apps.pbx.media.music import own_music, references_of
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.users.models import User
from apps.switching.calls.dial_string import Leg
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import CallerId
from apps.switching.registrar.models import Registration

#: Groups may hold groups; deeper than this they are taken for a loop. One query each.
DEEPEST_GROUP = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """`skipped` says for whom there is no leg and why, for the log; `cause` is the hangup cause that says it best.
    `later` are the forwards for what may come of ringing."""

    legs: tuple[Leg, ...]
    skipped: tuple[str, ...]
    later: Mapping[Condition, tuple[Leg, ...]] = field(default_factory=dict)
    cause: str = ""


def resolve(members: Sequence[Member], asking: Asking) -> Resolution:
    """The legs for `members`, in their order; a device that is named twice rings once, as the first time."""
    household, flat = assemble(members, asking)
    for member in flat:
        household.ring(member, asking)
    later = {condition: tuple(legs) for condition, legs in household.later.items()}
    return Resolution(tuple(household.legs), tuple(household.skipped), later, household.cause)


def assemble(members: Sequence[Member], asking: Asking) -> tuple[Household, list[Member]]:
    """The household of all `members`, nobody rung yet, and the members without groups."""
    flat = expand_groups(members)
    named_devices = [member.id for member in flat if member.type == "device"]
    named_users = [member.id for member in flat if member.type == "user"]
    account = current_account()
    wanted = Q(id__in=named_devices) | Q(owner_id__in=named_users) | Q(logged_in__overlap=named_users)
    devices = {device.id: device for device in Device.objects.filter(wanted)}
    people = {identifier for device in devices.values() for identifier in device.user_ids}
    users = {user.id: user for user in User.objects.filter(id__in=people | set(named_users))}
    household = Household(
        account_id=account.id,
        account=account.document,
        devices={identifier: _party(device, device.user_ids) for identifier, device in devices.items()},
        users={identifier: _party(user, ()) for identifier, user in users.items()},
        contacts=_contacts(devices),
        busy=busy_among([*devices, *named_users], asking.interaction_id),
        refusing=who_refuses({row.id: row.document for row in (*devices.values(), *users.values())}, asking.caller_id),
        circumstances=circumstances_of(account, asking.caller_id.number),
        music=references_of(one.document for one in (*devices.values(), *users.values())),
    )
    return household, flat


def busy_among(identifiers: Iterable[str], interaction_id: str = "") -> frozenset[str]:
    """Which of these devices and users have a call now, other than the one named. One query."""
    wanted = set(identifiers)
    legs = LiveChannel.objects.filter(account_id=current_account_id()).filter(
        Q(authorizing_id__in=wanted) | Q(owner_id__in=wanted)
    )
    if interaction_id:
        legs = legs.exclude(interaction_id=interaction_id)
    found = {one for pair in legs.values_list("authorizing_id", "owner_id") for one in pair}
    return frozenset(found & wanted)


def circumstances_of(account: Account, caller: str) -> Circumstances:
    """What selective forwarding asks about a call from `caller`. Lists and schedules are read only where a rule names
    one."""
    region = home_region(account)

    def in_full(number: str) -> str:
        return as_number(number, region) or number

    return Circumstances(caller=in_full(caller), in_list=is_listed, holds=holds_now, in_full=in_full)


def expand_groups(members: Sequence[Member]) -> list[Member]:
    """Devices and users only: a group is replaced by its members, who keep its delay and timeout."""
    for _ in range(DEEPEST_GROUP):
        wanted = [member.id for member in members if member.type == "group"]
        if not wanted:
            break
        found = {group.id: group.document for group in Group.objects.filter(id__in=wanted)}
        members = [inner for member in members for inner in _opened(member, found)]
    return [member for member in members if member.type != "group"]


def music_of_groups(members: Sequence[Member]) -> str:
    """What is played on hold for the first of these groups that names a music; empty for none. One query where there is
    a group."""
    wanted = [member.id for member in members if member.type == "group"]
    if not wanted:
        return ""
    found = {group.id: group.document for group in Group.objects.filter(id__in=wanted).only("document")}
    return own_music(*(found[identifier] for identifier in wanted if identifier in found))


def _opened(member: Member, found: Mapping[str, Document]) -> Iterable[Member]:
    if member.type != "group":
        return [member]
    endpoints = found.get(member.id, {}).get("endpoints")
    if not isinstance(endpoints, Mapping):
        return []
    return [
        Member(identifier, given["type"], member.delay, member.timeout, int(given.get("weight") or member.weight))
        for identifier, given in endpoints.items()
        if isinstance(given, Mapping) and given.get("type") in ("device", "user", "group")
    ]


def caller_identity(kind: str, *, authorizing_id: str, owner_id: str) -> CallerId:
    """The caller id this account's caller shows for `kind` (internal, external, emergency); parts may be empty."""
    account = Account.objects.get(id=current_account_id())
    device = Device.objects.filter(id=authorizing_id).first()
    return caller_id(kind, **documents_of(account, device, owner_id or authorizing_id))


def documents_of(account: Account, device: Device | None, user_id: str = "") -> dict[str, Document]:
    """The three documents of an endpoint, as `rules` takes them. `user_id` where no device says whose it is."""
    owner = (device.user_ids[0] if device is not None and device.user_ids else "") or user_id
    user = User.objects.filter(id=owner).first() if owner else None
    return {
        "account": account.document,
        "user": user.document if user is not None else {},
        "device": device.document if device is not None else {},
    }


def _contacts(devices: Mapping[str, Device]) -> dict[str, list[tuple[str, str]]]:
    contacts: dict[str, list[tuple[str, str]]] = {}
    rows = Registration.objects.filter(
        account_id=current_account_id(), device_id__in=list(devices), expires__gt=now()
    ).order_by("registered")
    for device_id, contact, profile in rows.values_list("device_id", "contact", "profile"):
        contacts.setdefault(device_id, []).append((contact, profile or "internal"))
    return contacts


def _party(row: Device | User, users: tuple[str, ...]) -> Party:
    return Party(
        id=row.id,
        enabled=bool(getattr(row, "enabled", True)),
        users=users,
        device_type=str(getattr(row, "device_type", "") or ""),
        document=row.document,
    )
