"""No page shows anything of an account to somebody it does not belong to.

The pages come from Django's URL patterns: one that is new is tried at once, and one that opens for nobody in particular
fails until it is written into the table below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from tests.company import Company, Person, session_of
from tests.contracts.planting import Planted, plant

pytestmark = pytest.mark.django_db

#: Pages for everybody, signed in or not.
OPEN = {
    "",
    "healthz",
    "login",
    "logout",
    "recovery",
    "recovery/<str:token>",
    "brand/<str:account_id>/logo",
    "i18n/setlang/",
    "docs/api",
    "docs/api/",
    "files/<str:token>",  # the address itself is the permission, signed
}
#: Which resource of the API is behind a placeholder.
NOUNS = {
    "account_id": "accounts",
    "customer_id": "accounts",
    "person_id": "users",
    "device_id": "devices",
    "ring_group_id": "ring_groups",
    "number_id": "phone_numbers",
    "flow_id": "callflows",
    "call_id": "channels",
    "carrier_id": "resources",
}


def pages() -> list[str]:
    """Every route that is not the API's."""
    found: list[str] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern) and not route.lstrip("^").startswith("v2/"):
                found.append(route)

    walk(get_resolver().url_patterns, "")
    return list(dict.fromkeys(found))


GUARDED = [route for route in pages() if route not in OPEN]


@pytest.fixture(scope="module")
def planted(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Planted]]:
    tree, people = company.tree, company.people
    with django_db_blocker.unblock():
        yield {
            "bakery": plant(Planted(tree.bakery, people["alice"], people["bella"].login.pk, "+13125550101")),
            "harbour": plant(Planted(tree.harbour, people["dave"], people["dave"].login.pk, "+13125550103")),
        }


def browser(person: Person | None) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    if person is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(person)
    return client


def address(route: str, account_id: str, place: Planted) -> str:
    """The page in one account with the ids of what is planted in another (or the same)."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        found = place.ids.get(NOUNS.get(name, name)) or place.arguments.get(name, place.marker)
        return account_id if name == "account_id" else found.replace("+", "%2B")

    return "/" + re.sub(r"<str:(\w+)>", fill, route)


def shows_nothing_of(answer: Any, path: str, place: Planted) -> None:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    told = {trace for trace in place.traces if trace.encode() in body and trace not in unquote(path)}
    assert not told, (path, answer.status_code, told)


def test_every_placeholder_is_known() -> None:
    """A new kind of page needs a line in NOUNS, so that it is tried with something behind it."""
    names = {name for route in GUARDED for name in re.findall(r"<str:(\w+)>", route)}
    assert names <= {*NOUNS, "interaction_id"}


@pytest.mark.parametrize("route", GUARDED)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_page_needs_somebody_signed_in(planted: dict[str, Planted], route: str, verb: str) -> None:
    place = planted["bakery"]
    path = address(route, place.account.id, place)
    answer = browser(None).generic(verb, path)
    assert answer.status_code in {302, 401, 403, 404, 405}, (path, answer.status_code)
    assert answer.status_code != 302 or "/login" in answer["Location"]
    shows_nothing_of(answer, path, place)


@pytest.mark.parametrize("route", [route for route in GUARDED if "<str:account_id>" in route])
@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("stranger", ["sven", "dave", "carol", "bob"])
def test_strangers_find_no_page(
    company: Company, planted: dict[str, Planted], route: str, verb: str, stranger: str
) -> None:
    """The other reseller, its customer, the sibling customer, and a plain user of the account itself."""
    place = planted["bakery"]
    path = address(route, place.account.id, place)
    answer = browser(company.people[stranger]).generic(verb, path)
    if stranger == "bob" and answer.status_code == 302:
        assert answer["Location"].startswith("/my/")  # his own pages
        return
    assert answer.status_code in {403, 404, 405}, (path, answer.status_code)
    shows_nothing_of(answer, path, place)


@pytest.mark.parametrize("route", [route for route in GUARDED if "<str:account_id>" in route])
@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize(("at_home", "abroad"), [("carol", "bakery"), ("dave", "bakery"), ("nora", "harbour")])
def test_an_id_of_another_account_opens_nothing_at_home(
    company: Company, planted: dict[str, Planted], route: str, verb: str, at_home: str, abroad: str
) -> None:
    person, place = company.people[at_home], planted[abroad]
    path = address(route, person.account.id, place)
    answer = browser(person).generic(verb, path)
    if any(trace in unquote(path) for trace in place.traces):
        assert answer.status_code in {403, 404, 405}, (path, answer.status_code)
    shows_nothing_of(answer, path, place)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.startswith("my/")])
def test_ones_own_pages_show_only_ones_own(company: Company, planted: dict[str, Planted], route: str) -> None:
    """Bob's pages hold nothing of Bella's, who works in the same account and owns the phone that is planted."""
    place = planted["bakery"]
    answer = browser(company.people["bob"]).get(address(route, place.account.id, place))
    assert answer.status_code == 200
    body = answer.content
    told = {trace for trace in place.traces - {place.account.id, place.number} if trace.encode() in body}
    assert not told


def test_the_open_pages_are_those_of_the_table(planted: dict[str, Planted]) -> None:
    """And they say nothing of anybody's account."""
    place = planted["bakery"]
    for route in pages():
        if route in OPEN:
            path = address(route, place.account.id, place)
            shows_nothing_of(browser(None).get(path), path, place)
