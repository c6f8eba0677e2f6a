"""Dialling by name."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.directories.actions import create_directory
from apps.pbx.directories.spelling import on_keys
from apps.pbx.users.models import User
from apps.switching.calls.fake import FakeCall
from tests.pbx_office import Office, office, run

__all__ = ["office"]
FLOW = "f" * 32


def person(office: Office, first: str, last: str, **document: Any) -> User:
    def make() -> User:
        made: User = User.objects.create(
            account_id=office.id, username=f"{first}{last}".lower(), first_name=first, last_name=last, document=document
        )
        return made

    return office.within(make)


def a_directory(office: Office, *users: User, **settings: Any) -> str:
    document = {"name": "Company", "users": [user.id for user in users], **settings}
    return str(office.within(lambda: create_directory(document, system_principal(office.id))).id)


def dial(office: Office, directory: str, *digits: str) -> tuple[Branch, FakeCall]:
    call = FakeCall(account_id=office.id, digits=digits)
    verb = verbs()["directory"]
    return run(verb.run(call, read_data(verb, {"id": directory}, ["_"]))), call


@pytest.mark.parametrize(
    ("name", "keys"),
    [("Ada", "232"), ("Müller", "685537"), ("Straße", "7872773"), ("Øst-Vang", "6788264"), ("名前", "")],
)
def test_names_on_keys(name: str, keys: str) -> None:
    assert on_keys(name) == keys


def test_one_result_is_confirmed_and_called(office: Office) -> None:
    ada = person(office, "Ada", "Baker")
    office.device("1001", owner=ada)
    directory = a_directory(office, ada)
    branch, call = dial(office, directory, "225", "1")
    assert len(call.requests) == 1
    assert branch.keys == ("NO_ANSWER",)
    _again, call = dial(office, directory, "225", "2", "225", "1")
    assert len(call.requests) == 1
    quick = a_directory(office, ada, confirm_match=False)
    assert len(dial(office, quick, "232")[1].requests) == 1


def test_a_callflow_of_the_users_own_is_where_the_call_goes(office: Office) -> None:
    directory = a_directory(office, confirm_match=False)
    person(office, "Carl", "Cook", directories={directory: FLOW})
    assert dial(office, directory, "266")[0].callflow_id == FLOW


def test_several_results_are_read_out_in_order(office: Office) -> None:
    people = [person(office, first, "Baker") for first in ("Carla", "Ada", "Bert")]
    for number, one in enumerate(people):
        office.device(f"100{number}", owner=one)
    directory = a_directory(office, *people)
    _branch, call = dial(office, directory, "225", "2", "2", "1")
    assert people[0].id in call.details("bridge")[0], "Ada, Bert, then Carla"
    _branch, call = dial(office, directory, "225", "3", "225", "1")
    assert people[1].id in call.details("bridge")[0], "3 begins again"
    _branch, call = dial(office, directory, "225", "2", "2", "2")
    assert not call.requests


@pytest.mark.parametrize(("fields", "found"), [("first_name", "232"), ("last_name", "225"), ("both", "232")])
def test_which_names_are_spelled(office: Office, fields: str, found: str) -> None:
    ada = person(office, "Ada", "Baker")
    office.device("1001", owner=ada)
    directory = a_directory(office, ada, search_fields=fields, confirm_match=False)
    other = {"232": "225", "225": "232"}[found]
    assert len(dial(office, directory, found)[1].requests) == 1
    assert len(dial(office, directory, other)[1].requests) == (1 if fields == "both" else 0)


def test_too_few_keys_and_nobody_found_end_after_some_tries(office: Office) -> None:
    directory = a_directory(office)
    branch, call = dial(office, directory, "22", "999", "", "")
    assert branch.keys == ()
    assert call.verbs.count("collect") == 5
    assert dial(office, "0" * 32, "225")[0].keys == ()
