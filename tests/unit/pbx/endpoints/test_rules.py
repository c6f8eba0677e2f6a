"""How account, user and device are merged: one table for each rule."""

from __future__ import annotations

from typing import Any

import pytest

from apps.pbx.endpoints import rules
from apps.pbx.endpoints.rules import Asserted
from apps.switching.calls.port import CallerId

A, U, D = CallerId("Account", "1"), CallerId("User", "2"), CallerId("Device", "3")


def shown(kind: str, identity: CallerId | None) -> dict[str, Any]:
    return {"caller_id": {kind: {"name": identity.name, "number": identity.number}}} if identity else {}


@pytest.mark.parametrize(
    ("kind", "account", "user", "device", "prefers_device", "expected"),
    [
        ("internal", A, U, D, False, U),
        ("internal", A, None, D, False, D),
        ("internal", A, None, None, False, A),
        ("internal", A, U, D, True, D),
        ("external", A, U, D, False, U),
        ("external", A, U, None, True, U),
        ("emergency", A, U, D, False, D),
        ("emergency", A, U, None, False, U),
        ("emergency", A, None, None, False, A),
        ("internal", None, None, None, False, CallerId()),
        ("internal", A, CallerId("User", ""), D, False, CallerId("User", "3")),
    ],
)
def test_caller_id(kind: str, account: Any, user: Any, device: Any, prefers_device: bool, expected: CallerId) -> None:
    documents = {"account": shown(kind, account), "user": shown(kind, user), "device": shown(kind, device)}
    documents["account"]["prefer_device_caller_id"] = prefers_device
    assert rules.caller_id(kind, **documents) == expected


def test_the_asserted_identity_is_put_together_from_what_each_says() -> None:
    account = {"caller_id": {"asserted": {"realm": "carrier.example", "number": "1"}}}
    user = {"caller_id": {"asserted": {"number": "+13125550100"}}}
    found = rules.asserted_identity(account=account, user=user, device={})
    assert found == Asserted("", "+13125550100", "carrier.example")


@pytest.mark.parametrize(
    ("account", "users", "device", "denied"),
    [
        ("inherit", ["inherit"], "deny", True),
        ("inherit", [], "deny", True),
        ("inherit", ["allow"], "deny", False),
        ("inherit", ["deny"], "allow", True),
        ("deny", ["allow"], "allow", True),
        ("allow", ["inherit"], "deny", True),
        ("allow", ["deny"], "inherit", True),
        ("inherit", ["deny", "deny"], "inherit", True),
        ("inherit", ["deny", "inherit"], "inherit", False),
        ("inherit", ["deny", "allow"], "deny", False),
        ("inherit", [], "inherit", False),
    ],
)
def test_restrictions(account: str, users: list[str], device: str, denied: bool) -> None:
    """Several users are several people logged in to one phone: theirs counts where all of them deny."""

    def document(action: str) -> dict[str, Any]:
        return {"call_restriction": {"international": {"action": action}}}

    found = rules.restriction(
        "international", account=document(account), users=[document(one) for one in users], device=document(device)
    )
    assert found is denied


@pytest.mark.parametrize(
    ("account", "user", "device", "waits"),
    [
        (None, None, None, True),
        (False, None, None, False),
        (False, True, None, True),
        (True, True, False, False),
        (None, False, True, True),
    ],
)
def test_call_waiting_of_the_nearest(account: Any, user: Any, device: Any, waits: bool) -> None:
    def document(enabled: Any) -> dict[str, Any]:
        return {"call_waiting": {"enabled": enabled}} if enabled is not None else {}

    found = rules.call_waiting(account=document(account), user=document(user), device=document(device))
    assert found is waits


@pytest.mark.parametrize("where", [0, 1, 2])
def test_do_not_disturb_is_on_if_it_is_on_anywhere(where: int) -> None:
    documents: list[dict[str, Any]] = [{}, {"do_not_disturb": {"enabled": False}}, {}]
    assert not rules.do_not_disturb(*documents)
    documents[where] = {"do_not_disturb": {"enabled": True}}
    assert rules.do_not_disturb(*documents)


def test_language_and_presence_are_the_persons_and_sounds_the_nearest() -> None:
    account = {"language": "en-us", "music_on_hold": {"media_id": "a"}, "ringtones": {"internal": "a"}}
    user = {"language": "es-es", "presence_id": "200", "music_on_hold": {"media_id": "u"}}
    device = {"language": "fr-fr", "presence_id": "300", "ringtones": {"internal": "d"}}
    assert rules.language(account=account, user=user, device=device) == "es-es"
    assert rules.language(account=account, user={}, device=device) == "fr-fr"
    assert rules.presence_id(user=user, device=device) == "200"
    assert rules.music_on_hold(account=account, user=user, device=device) == "u"
    assert rules.music_on_hold(account=account, user={}, device={}) == "a"
    assert rules.ringtone("internal", account=account, user=user, device=device) == "d"
    assert rules.ringtone("internal", account=account, user=user, device={}) == "a"


@pytest.mark.parametrize(
    ("options", "number", "expected"),
    [
        ({"regex": r"^\+?1?(\d{10})$", "prefix": "+1"}, "3125550100", "+13125550100"),
        ({"regex": r"^\+(.+)$"}, "+13125550100", "13125550100"),
        ({"regex": r"^\+44(.+)$", "prefix": "0"}, "+13125550100", "+13125550100"),
        ({"regex": "(((", "prefix": "9"}, "100", "100"),
        ({"prefix": "9{x}"}, "100", "9x100"),
    ],
)
def test_the_callers_number_is_rewritten(options: dict[str, str], number: str, expected: str) -> None:
    device = {"caller_id_options": {"format": options}}
    assert rules.formatted_number(number, account={}, user={}, device=device) == expected


def test_who_is_logged_in_replaces_the_owner() -> None:
    assert rules.users_of({}, "owner") == ("owner",)
    assert rules.users_of({"hotdesk": {"users": {"x": {}, "y": {}}}}, "owner") == ("x", "y")
    assert rules.users_of({"hotdesk": {"users": {}}}, "") == ()
