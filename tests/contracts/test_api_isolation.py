"""No address of the API gives anything of an account to somebody it does not belong to.

The addresses come from Django's URL patterns: a new one is tried as soon as it exists, and one that is outside any
account, or open to everybody, fails the tests until it is written into the tables below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.endpoints import Endpoint, Operation
from tests.company import Company, Person
from tests.contracts.planting import Planted, ask, plant

pytestmark = pytest.mark.django_db

#: Addresses outside accounts: who gets an answer. `anybody` needs no token, `signed in` a token, `operator` the master
#: account's administrator.
OUTSIDE_ACCOUNTS = {
    ("about", "GET"): "signed in",
    ("accounts", "PUT"): "signed in",
    ("api_auth", "PUT"): "anybody",
    ("auth/tokeninfo", "GET"): "anybody",
    ("auth/tokeninfo", "POST"): "anybody",
    ("media/languages", "GET"): "signed in",
    ("media/prompts", "GET"): "signed in",
    ("media/prompts/<str:prompt_id>", "GET"): "signed in",
    ("phone_numbers", "GET"): "signed in",
    ("phone_numbers/prefix", "GET"): "signed in",
    ("refused_records", "GET"): "operator",
    ("refused_records/<str:id>", "GET"): "operator",
    ("refused_records/<str:id>", "DELETE"): "operator",
    ("refused_records/<str:id>/retry", "POST"): "operator",
    ("resources", "GET"): "operator",
    ("resources", "PUT"): "operator",
    ("resources/collection", "PUT"): "operator",
    ("resources/collection", "POST"): "operator",
    ("resources/<str:id>", "GET"): "operator",
    ("resources/<str:id>", "POST"): "operator",
    ("resources/<str:id>", "PATCH"): "operator",
    ("resources/<str:id>", "DELETE"): "operator",
    ("schemas", "GET"): "anybody",
    ("schemas/<str:id>", "GET"): "anybody",
    ("schemas/<str:id>/validation", "PUT"): "anybody",
    ("token_auth", "GET"): "signed in",
    ("token_auth", "DELETE"): "signed in",
    ("token_restrictions", "GET"): "operator",
    ("token_restrictions", "POST"): "operator",
    ("token_restrictions", "DELETE"): "operator",
    ("user_auth", "PUT"): "anybody",
    ("user_auth/<str:id>", "GET"): "signed in",
    ("user_auth/recovery", "PUT"): "anybody",
    ("user_auth/recovery", "POST"): "anybody",
    ("webhooks", "GET"): "anybody",
    ("webhooks/samples", "GET"): "anybody",
    ("webhooks/samples/<str:sample_id>", "GET"): "anybody",
    ("websockets", "GET"): "anybody",
    ("whitelabel/<str:id>", "GET"): "anybody",
    ("whitelabel/<str:id>/logo", "GET"): "anybody",
    ("whitelabel/<str:id>/icon", "GET"): "anybody",
    ("whitelabel/<str:id>/welcome", "GET"): "anybody",
}
#: Addresses inside accounts that are open to everybody.
OPEN_INSIDE_ACCOUNTS: set[tuple[str, str]] = set()
#: Addresses that say something about the words in the address and look nothing up.
COMPUTED = {
    ("accounts/<str:account_id>/phone_numbers/classifiers/<str:number>", "GET"),
    ("accounts/<str:account_id>/phone_numbers/locality", "POST"),
    # Any extension has a lamp that can be set, whether anything lights it or not.
    ("accounts/<str:account_id>/presence/<str:id>", "POST"),
}
#: Names that are unique in the whole installation: who wants to create one learns that it is taken, and nothing else.
TAKEN = {(f"accounts/<str:account_id>/phone_numbers/<str:id>{more}", "PUT") for more in ("", "/port")}
#: What a plain user may read of the account he works for, besides what is his own.
SHARED_WITH_USERS = {"about", "contact_list", "phone_numbers", "whitelabel"}
REFUSED = {401, 403, 404}
ACCOUNT = "accounts/<str:account_id>"


def api_endpoints() -> list[Endpoint]:
    """The endpoint behind every URL pattern below /v2/."""
    found: dict[str, Endpoint] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, prefix + str(entry.pattern))
            elif isinstance(entry, URLPattern) and (prefix + str(entry.pattern)).startswith("v2/"):
                endpoint = getattr(getattr(entry.callback, "view_class", None), "endpoint", None)
                route = (prefix + str(entry.pattern)).removeprefix("v2/")
                if endpoint is not None:
                    found[endpoint.pattern] = endpoint
                else:
                    others = {"^(?P<rest>.*)$", "openapi.json", "asyncapi.json"}
                    assert route in others, f"{route} is no endpoint of the crossbar"

    walk(get_resolver().url_patterns, "")
    return list(found.values())


ENDPOINTS = api_endpoints()
INSIDE = [endpoint for endpoint in ENDPOINTS if endpoint.pattern.startswith(ACCOUNT)]
OUTSIDE = [endpoint for endpoint in ENDPOINTS if not endpoint.pattern.startswith(ACCOUNT)]
OPERATIONS = [
    pytest.param(endpoint, operation, id=f"{operation.verb} {endpoint.pattern}")
    for endpoint in INSIDE
    for operation in endpoint.operations.values()
]


@pytest.fixture(scope="module")
def planted(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Planted]]:
    """Bakery and clinic below one reseller, harbour below the other, and north itself, each with one of everything."""
    tree, people = company.tree, company.people
    with django_db_blocker.unblock():
        yield {
            name: plant(Planted(account, people[admin], people[owner].login.pk, number))
            for name, account, admin, owner, number in [
                ("bakery", tree.bakery, "alice", "bella", "+13125550101"),
                ("clinic", tree.clinic, "carol", "carol", "+13125550102"),
                ("harbour", tree.harbour, "dave", "dave", "+13125550103"),
                ("north", tree.north, "nora", "nora", "+13125550104"),
            ]
        }


def address(endpoint: Endpoint, account_id: str, place: Planted) -> str:
    """The endpoint's path in one account with the ids of what is planted in another (or the same)."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name == "account_id":
            return account_id
        if name == "id":
            return place.ids[endpoint.resource.path].replace("+", "%2B")
        if name.endswith("_id") and name[:-3] in place.ids:
            return place.ids[name[:-3]]
        return place.arguments.get(name, place.marker)

    return re.sub(r"<str:(\w+)>", fill, endpoint.pattern)


def refused(answer: Any, path: str, place: Planted) -> None:
    assert answer.status_code in REFUSED, (answer.status_code, answer.content[:500])
    nothing_of(answer, path, place)


def nothing_of(answer: Any, path: str, place: Planted) -> None:
    """The body says nothing about the place that the address did not say already."""
    body = answer.getvalue() if answer.streaming else answer.content
    told = {trace for trace in place.traces if trace.encode() in body and trace not in unquote(path)}
    assert not told, (path, body[:500])


@pytest.mark.parametrize("endpoint", INSIDE, ids=lambda endpoint: endpoint.pattern)
def test_every_address_has_something_behind_it(endpoint: Endpoint, planted: dict[str, Planted]) -> None:
    """A new resource needs an `example` that can be created, or a line in SAMPLES."""
    needed = {endpoint.resource.path} if "<str:id>" in endpoint.pattern else set()
    needed |= set(endpoint.parents)
    assert needed <= planted["bakery"].ids.keys()


@pytest.mark.parametrize(("endpoint", "operation"), OPERATIONS)
@pytest.mark.parametrize("stranger", ["sven", "dave", "carol", "bob's token elsewhere", None])
def test_strangers_are_refused(
    company: Company, planted: dict[str, Planted], endpoint: Endpoint, operation: Operation, stranger: str | None
) -> None:
    """The other reseller, its customer, the sibling customer, a plain user from elsewhere, and nobody at all."""
    place = planted["clinic" if stranger == "bob's token elsewhere" else "bakery"]
    person = None if stranger is None else company.people["bob" if " " in stranger else stranger]
    path = address(endpoint, place.account.id, place)
    answer = ask(person, operation.verb, path, operation.resource.example)
    if (endpoint.pattern, operation.verb) in OPEN_INSIDE_ACCOUNTS:
        return
    refused(answer, path, place)
    if person is None:
        assert answer.status_code == 401


@pytest.mark.parametrize(("endpoint", "operation"), OPERATIONS)
@pytest.mark.parametrize(("at_home", "abroad"), [("carol", "bakery"), ("dave", "bakery"), ("nora", "harbour")])
def test_an_id_of_another_account_names_nothing_at_home(
    company: Company, planted: dict[str, Planted], endpoint: Endpoint, operation: Operation, at_home: str, abroad: str
) -> None:
    """An administrator uses the ids of another account in his own: they are unknown there, and lists hold none."""
    person, place = company.people[at_home], planted[abroad]
    if endpoint.pattern == ACCOUNT or endpoint.resource.path == "accounts":
        pytest.skip("the account's own addresses are tried by strangers, above, and by name, below")
    path = address(endpoint, person.account.id, place)
    answer = ask(person, operation.verb, path, {})
    foreign = any(trace in unquote(path) for trace in place.traces)
    if foreign and (endpoint.pattern, operation.verb) not in COMPUTED:
        expected = {403, 404, 409} if (endpoint.pattern, operation.verb) in TAKEN else {403, 404}
        assert answer.status_code in expected, (answer.status_code, answer.content[:500])
    nothing_of(answer, path, place)


@pytest.mark.parametrize(("endpoint", "operation"), OPERATIONS)
def test_a_plain_user_changes_nothing_and_reads_only_what_is_his(
    company: Company, planted: dict[str, Planted], endpoint: Endpoint, operation: Operation
) -> None:
    """Bob works at the bakery; everything planted there is Bella's."""
    place = planted["bakery"]
    path = address(endpoint, place.account.id, place)
    answer = ask(company.people["bob"], operation.verb, path, operation.resource.example)
    if operation.verb != "GET":
        assert answer.status_code in {403, 404}, (answer.status_code, answer.content[:500])
    elif endpoint.resource.path in SHARED_WITH_USERS:
        assert answer.status_code in {200, 403, 404}, answer.content[:500]
        return
    elif endpoint.resource.path == "accounts":
        assert answer.status_code in {200, 403}, answer.content[:500]
    nothing_of(answer, path + place.account.id, place)


@pytest.mark.parametrize("sub_path", ["", "/children", "/descendants", "/siblings", "/tree", "/parents", "/channels"])
def test_an_account_sees_only_what_is_below_it(company: Company, sub_path: str) -> None:
    tree = company.tree
    for name, may_see in [("carol", {tree.clinic}), ("nora", {tree.north, tree.bakery, tree.clinic, tree.branch})]:
        person = company.people[name]
        answer = ask(person, "GET", f"accounts/{person.account.id}{sub_path}")
        hidden = {tree.master, tree.north, tree.south, tree.bakery, tree.clinic, tree.harbour, tree.branch} - may_see
        told = {account.name for account in hidden if account.id in answer.content.decode().replace("reseller_id", "")}
        allowed = {tree.north.name} if sub_path == "" and name == "carol" else set()  # by its id, as reseller_id
        allowed |= {tree.master.name} if name == "nora" else set()
        assert told <= allowed, answer.content[:1000]


@pytest.mark.parametrize(("person", "target"), [("carol", "bakery"), ("dave", "bakery"), ("nora", "harbour")])
@pytest.mark.parametrize("noun", ["devices", "callflows", "groups", "ring_groups"])
def test_a_document_cannot_take_in_what_belongs_to_another_account(
    company: Company, planted: dict[str, Planted], person: str, target: str, noun: str
) -> None:
    """Naming a foreign owner, device or user in a document of one's own gives no hold on it."""
    place, asker = planted[target], company.people[person]
    documents: dict[str, dict[str, Any]] = {
        "devices": {"name": "Mine", "owner_id": place.owner_id},
        "callflows": {"numbers": ["2999"], "flow": {"module": "device", "data": {"id": place.ids["devices"]}}},
        "groups": {"name": "Mine", "endpoints": {place.ids["devices"]: {"type": "device"}}},
        "ring_groups": {
            "name": "Mine",
            "numbers": ["8999"],
            "members": [{"id": place.ids["devices"], "type": "device"}],
        },
    }
    answer = ask(asker, "PUT", f"accounts/{asker.account.id}/{noun}", documents[noun])
    assert place.marker.encode() not in answer.content
    if answer.status_code == 201:
        read = ask(asker, "GET", f"accounts/{asker.account.id}/{noun}/{answer.json()['data']['id']}")
        assert place.marker.encode() not in read.content


def test_nothing_was_changed_by_any_of_it(company: Company, planted: dict[str, Planted]) -> None:
    """Runs after the others: what was planted is still there, as it was."""
    for place in planted.values():
        for noun in ("users", "devices", "groups", "ring_groups", "callflows"):
            answer = ask(place.admin, "GET", f"accounts/{place.account.id}/{noun}/{place.ids[noun]}")
            assert answer.status_code == 200, (noun, answer.content)
            assert noun == "users" or answer.json()["data"]["name"] == place.marker
        with account_scope(place.account):
            assert place.account.enabled


@pytest.mark.parametrize("endpoint", OUTSIDE, ids=lambda endpoint: endpoint.pattern)
def test_addresses_outside_accounts_answer_whom_the_table_says(
    company: Company, planted: dict[str, Planted], endpoint: Endpoint
) -> None:
    for verb, operation in endpoint.operations.items():
        key = (endpoint.pattern, verb)
        assert key in OUTSIDE_ACCOUNTS, f"{key} is new: write into the table who may use it"
        audience = OUTSIDE_ACCOUNTS[key]
        assert operation.public == (audience == "anybody")
        place = planted["bakery"]
        path = re.sub(r"<str:\w+>", place.ids["devices"], endpoint.pattern)
        people: list[Person | None] = [None, company.people["bob"], company.people["carol"], company.people["nora"]]
        for person in people[: 4 if audience == "operator" else 1 if audience == "signed in" else 0]:
            answer = ask(person, verb, path, {})
            assert answer.status_code in ({401} if person is None else {403, 404}), (key, person, answer.content[:300])
        if key == ("token_auth", "DELETE"):
            continue  # it would sign everybody out
        for name, elsewhere in [(None, "harbour"), ("carol", "harbour"), ("dave", "clinic"), ("bob", "clinic")]:
            person = company.people[name] if name else None
            nothing_of(ask(person, verb, path, {}), path, planted[elsewhere])
