"""Whom phones can call, as they download it."""

from __future__ import annotations

from apps.pbx.callflows.models import Callflow
from apps.pbx.contact_list.queries import contacts
from apps.pbx.lists.models import List, ListEntry
from tests.pbx_office import Office, office

__all__ = ["office"]


def _rings(kind: str, identifier: str) -> dict[str, object]:
    return {"module": kind, "data": {"id": identifier}, "children": {}}


def test_everybody_by_name_with_extension_and_number(office: Office) -> None:
    ada = office.user("ada")
    office.within(lambda: type(ada).objects.filter(id=ada.id).update(first_name="Ada", last_name="Baker"))
    lobby = office.device("Lobby")
    office.callflow(["+14157775555", "10002", "1000"], _rings("user", ada.id))
    office.callflow(["1001"], _rings("device", lobby.id))
    office.callflow(["no_match"], {"module": "offnet", "data": {}, "children": {}})
    assert office.within(contacts) == [
        {"name": "Ada Baker", "internal_number": "1000", "external_number": "+14157775555"},
        {"name": "Lobby", "internal_number": "1001"},
    ]


def test_who_is_left_out(office: Office) -> None:
    hidden = office.user("hidden", contact_list={"exclude": True})
    office.callflow(["1000"], _rings("user", hidden.id))
    hidden_flows = {
        "*97": {"featurecode": {"name": "x", "number": "97"}},
        "1002": {"contact_list": {"exclude": True}},
    }
    for number, document in hidden_flows.items():
        _with(office, office.callflow([number], {"module": "noop", "data": {}, "children": {}}), document)
    assert office.within(contacts) == []


def test_people_outside_come_from_contact_lists(office: Office) -> None:
    def write(kind: str, **entries: str) -> None:
        book = List.objects.create(account_id=office.id, name=kind, document={"list_type": kind})
        for name, number in entries.items():
            person = {"list_id": book.id, "number": number, "displayname": name}
            ListEntry(account_id=office.id).apply_document(person).save()

    office.within(lambda: write("contact_list", Miller="(415) 555-0111", Grocer="+442079460000"))
    office.within(lambda: write("nuisance", Pest="+13125550666"))
    assert office.within(contacts) == [
        {"name": "Grocer", "external_number": "+442079460000"},
        {"name": "Miller", "external_number": "+14155550111"},
    ]


def _with(office: Office, flow: Callflow, document: dict[str, object]) -> None:
    office.within(lambda: Callflow.objects.filter(id=flow.id).update(document=document))
