"""Token restrictions are evaluated level by level, and a path pattern matches as crossbar's bindings do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.foundation.identity.restrictions import RequestedAccess, allows, path_matches

OWN, CHILD, OTHER = "a" * 32, "b" * 32, "c" * 32


def access(
    endpoint: str = "devices",
    *arguments: str,
    verb: str = "GET",
    method: str = "cb_user_auth",
    priv_level: str = "user",
    account: str = OWN,
) -> RequestedAccess:
    ancestors = (OWN,) if account == CHILD else ()
    return RequestedAccess(method, priv_level, OWN, endpoint, arguments, verb, account, ancestors)


def rules(rules: dict[str, list[str]], accounts: list[str] | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {"rules": rules}
    if accounts is not None:
        entry["allowed_accounts"] = accounts
    return {"_": {"_": {"_": [entry]}}}


def test_rule_of_the_issuers_documentation() -> None:
    document = {"cb_user_auth": {"user": {"accounts": [{"rules": {"*": ["GET", "POST", "PATCH"]}}]}}}
    assert allows(document, access("accounts", OWN))
    assert not allows(document, access("accounts", OWN, verb="DELETE"))
    assert not allows(document, access("accounts"))
    assert not allows(document, access("devices"))
    assert not allows(document, access("accounts", OWN, priv_level="admin"))
    assert not allows(document, access("accounts", OWN, method="cb_api_auth"))


def test_exact_keys_go_before_wildcards_and_are_not_left_again() -> None:
    everything = [{"rules": {"#": ["_"]}}]
    document = {
        "_": {"_": {"_": everything}},
        "cb_user_auth": {"admin": {"_": everything}, "_": {"users": [{"rules": {"#": ["GET"]}}]}},
    }
    assert allows(document, access("devices", method="cb_api_auth"))
    assert allows(document, access("devices", priv_level="admin"))
    assert allows(document, access("users", "x"))
    assert not allows(document, access("users", "x", verb="POST"))
    assert not allows(document, access("devices"))


def test_first_matching_path_decides() -> None:
    document = rules({"/": ["GET", "PUT"], "d1": ["_"], "#": ["GET"]})
    assert allows(document, access("devices", verb="PUT"))
    assert allows(document, access("devices", "d1", verb="DELETE"))
    assert not allows(document, access("devices", "d2", verb="DELETE"))
    assert allows(document, access("devices", "d1", "sync"))
    assert not allows(document, access("devices", "d1", "sync", verb="POST"))


@pytest.mark.parametrize(
    ("accounts", "own", "child", "other"),
    [
        (None, True, True, True),
        (["_"], True, True, True),
        (["{AUTH_ACCOUNT_ID}"], True, False, False),
        (["{DESCENDANT_ACCOUNT_ID}"], False, True, False),
        ([OTHER], False, False, True),
        ([], False, False, False),
    ],
)
def test_allowed_accounts(accounts: list[str] | None, own: bool, child: bool, other: bool) -> None:
    document = rules({"#": ["_"]}, accounts)
    assert [allows(document, access(account=account)) for account in (OWN, CHILD, OTHER)] == [own, child, other]


def test_first_entry_for_the_account_decides() -> None:
    entries = [
        {"allowed_accounts": ["{AUTH_ACCOUNT_ID}"], "rules": {"/": ["GET"]}},
        {"rules": {"#": ["_"]}},
    ]
    document = {"_": {"_": {"devices": entries}}}
    assert not allows(document, access("devices", "d1"))
    assert allows(document, access("devices", "d1", account=CHILD))


def test_an_entry_without_its_list_is_taken_as_one() -> None:
    assert allows({"_": {"_": {"_": {"rules": {"#": ["GET"]}}}}}, access())


def test_a_document_that_says_nothing_refuses() -> None:
    assert not allows({"_": {"_": {}}}, access())
    assert not allows({"_": {"_": {"_": [{}]}}}, access())


words = st.sampled_from(["a", "b", "sync", "x1"])


@given(st.lists(st.sampled_from(["*", "#", "a", "b", "sync"]), max_size=5), st.lists(words, max_size=5))
def test_path_matching_equals_a_regular_expression(pattern: list[str], arguments: list[str]) -> None:
    expression = "".join({"*": "[^/]+/", "#": "(?:[^/]+/)*"}.get(part, f"{part}/") for part in pattern)
    expected = re.fullmatch(expression, "".join(f"{argument}/" for argument in arguments)) is not None
    assert path_matches("/".join(pattern) or "/", arguments) is expected


@given(st.lists(words, max_size=6))
def test_hash_matches_everything_and_a_path_itself(arguments: list[str]) -> None:
    assert path_matches("#", arguments)
    assert path_matches("/".join(arguments) or "/", arguments)
    assert path_matches("/", arguments) is (not arguments)
    assert path_matches("*", arguments) is (len(arguments) == 1)
