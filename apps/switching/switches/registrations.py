"""Registrations as the switches announce them, and as they list them after a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now
from apps.switching.registrar.models import Registration, SipCredential
from apps.switching.switches.events import RegistrationChanged
from apps.switching.switches.facts import DeviceRegistered, DeviceUnregistered

Key = tuple[str, str, str]
_COLUMNS = [
    "account_id",
    "device_id",
    "owner_id",
    "network_ip",
    "network_port",
    "user_agent",
    "profile",
    "switch",
    "call_id",
    "registered",
    "expires",
]


def apply_registrations(facts: Sequence[DeviceRegistered | DeviceUnregistered]) -> list[Event]:
    """Write them in the caller's transaction; the events say which contacts are new and which are gone."""
    if not facts:
        return []
    latest: dict[Key, DeviceRegistered | DeviceUnregistered] = {_key(fact): fact for fact in facts}
    before = {_key(row): row for row in Registration.objects.filter(_any_of(latest))}
    events: list[Event] = []
    coming: list[DeviceRegistered] = []
    gone: list[int] = []
    for key, fact in latest.items():
        row = before.get(key)
        if isinstance(fact, DeviceRegistered):
            coming.append(fact)
            if row is None or row.expires < now():
                events.append(RegistrationChanged.of(fact))
        elif row is not None:
            gone.append(row.pk)
            events.append(unregistered(row, "expired" if fact.expired else "goodbye"))
    write_registrations(coming)
    if gone:
        Registration.objects.filter(pk__in=gone).delete()
    return events


def write_registrations(facts: Iterable[DeviceRegistered]) -> None:
    rows = [
        Registration(
            realm=fact.realm,
            username=fact.username,
            account_id=fact.account_id,
            device_id=fact.device_id,
            owner_id=fact.owner_id,
            contact=fact.contact[:1024],
            network_ip=fact.network_ip[:45],
            network_port=fact.network_port,
            user_agent=fact.user_agent[:255],
            profile=fact.profile,
            switch=fact.switch,
            call_id=fact.call_id[:255],
            registered=fact.at,
            expires=fact.expires,
        )
        for fact in sorted(facts, key=_key)
        if fact.account_id and fact.device_id
    ]
    if rows:
        Registration.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["realm", "username", "contact"], update_fields=_COLUMNS
        )


def unregistered(row: Registration, reason: str) -> RegistrationChanged:
    return RegistrationChanged(
        row.account_id,
        registered=False,
        device_id=row.device_id,
        owner_id=row.owner_id,
        realm=row.realm,
        username=row.username,
        contact=row.contact,
        user_agent=row.user_agent,
        network_ip=row.network_ip,
        reason=reason,
    )


def with_owners(listed: Sequence[DeviceRegistered]) -> list[DeviceRegistered]:
    """Listed registrations with whose they are; those of credentials that are gone are left out."""
    from dataclasses import replace

    names = Q(pk__in=())
    for fact in listed:
        names |= Q(realm=fact.realm, username=fact.username)
    known = {(row.realm, row.username): row for row in SipCredential.objects.filter(names)}
    return [
        replace(fact, account_id=row.account_id, device_id=row.device_id, owner_id=row.owner_id)
        for fact in listed
        if (row := known.get((fact.realm, fact.username)))
    ]


def _key(one: DeviceRegistered | DeviceUnregistered | Registration) -> Key:
    return one.realm, one.username, one.contact[:1024]


def _any_of(keys: Iterable[Key]) -> Q:
    wanted = Q(pk__in=())
    for realm, username, contact in keys:
        wanted |= Q(realm=realm, username=username, contact=contact)
    return wanted
