"""Who can be called in an account, as phones download it: one entry for each callflow that rings somebody or something,
and one for each entry of its contact lists.

Runs in the account's scope, in five queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.models import Device
from apps.pbx.lists.models import List, ListEntry
from apps.pbx.users.models import User

#: The `list_type` of phone books that phones download.
CONTACTS = "contact_list"
MOST_OUTSIDE = 5_000


def contacts() -> list[dict[str, str]]:
    """`{name, internal_number, external_number}` by name, without the numbers there are none of.

    Left out: star codes, and what `contact_list.exclude` leaves out, be it the callflow, the user or the device. People
    outside are those in lists whose `list_type` is `contact_list`.
    """
    flows = [flow for flow in Callflow.objects.exclude(numbers=[]) if _is_listed(flow.document)]
    rung = {str(data["id"]) for flow in flows if (data := _data(flow.flow)).get("id")}
    parties: dict[str, User | Device] = {}
    for model in (User, Device):
        parties |= {party.id: party for party in model.objects.filter(id__in=rung)}
    found = []
    for flow in flows:
        party = parties.get(str(_data(flow.flow).get("id", "")))
        if party is not None and _excluded(party.document):
            continue
        entry = {"name": _name(flow, party), **_numbers(flow.numbers)}
        if len(entry) > 1:
            found.append(entry)
    found += _outside()
    return sorted(found, key=lambda entry: entry["name"].casefold())


def _outside() -> list[dict[str, str]]:
    lists = List.objects.filter(document__list_type=CONTACTS).values_list("id", flat=True)
    entries = ListEntry.objects.filter(list_id__in=list(lists)).exclude(number=None).order_by("created", "id")
    return [
        {"name": entry.shown_name or str(entry.number), "external_number": entry.normal_number or str(entry.number)}
        for entry in entries[:MOST_OUTSIDE]
    ]


def _name(flow: Callflow, party: User | Device | None) -> str:
    own = party.full_name if isinstance(party, User) else party.name if party is not None else ""
    return own or flow.name or str(flow.numbers[0])


def _numbers(numbers: list[str]) -> dict[str, str]:
    """The shortest extension, and the first number that can be called from outside."""
    inside = sorted((one for one in numbers if one.isascii() and one.isdigit()), key=lambda one: (len(one), one))
    outside = [one for one in numbers if one.startswith("+")]
    named = {"internal_number": inside[:1], "external_number": outside[:1]}
    return {name: values[0] for name, values in named.items() if values}


def _is_listed(document: Mapping[str, Any]) -> bool:
    return not document.get("featurecode") and not _excluded(document)


def _excluded(document: Mapping[str, Any]) -> bool:
    group = document.get("contact_list")
    return isinstance(group, Mapping) and bool(group.get("exclude"))


def _data(flow: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a flow's first action."""
    data = flow.get("data")
    return data if isinstance(data, Mapping) else {}
