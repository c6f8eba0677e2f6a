"""Signing in and out over HTTP, in crossbar's words."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.foundation.accounts.actions import disable_account, enable_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.events.publishing import client as valkey
from apps.foundation.identity import api_keys, recovery
from apps.foundation.identity.passwords import digest_of
from apps.foundation.identity.principal import system_principal
from apps.pbx.numbers.models import PhoneNumber
from tests.integration.identity.conftest import PASSWORD, Cast
from tests.integration.identity.test_authentication import change

MD5 = {name: digest_of(name, PASSWORD, "md5") for name in ("alice", "bob", "carol", "nora", "olga")}


class Api:
    """A client of the API; answers are (status, envelope)."""

    def __init__(self) -> None:
        self.token = ""
        self.response = HttpResponse()

    def __call__(self, verb: str, path: str, data: Any = None, *, address: str = "127.0.0.1", **more: Any) -> Any:
        keys = list(valkey().scan_iter("*bucket*"))
        if keys:
            valkey().delete(*keys)
        envelope = {"data": {} if data is None else data} | more
        headers = {"X-Auth-Token": self.token} if self.token else {}
        body = "" if verb == "GET" else json.dumps(envelope)
        self.response = Client().generic(
            verb, f"/v2/{path}", body, content_type="application/json", headers=headers, REMOTE_ADDR=address
        )
        return self.response.status_code, json.loads(self.response.content)

    def sign_in(self, who: str, account: str) -> dict[str, Any]:
        self.token = ""
        status, envelope = self("PUT", "user_auth", {"credentials": MD5[who], "account_name": account})
        assert status == 201, envelope
        self.token = envelope["auth_token"]
        return envelope


@pytest.fixture
def api(cast: Cast, settings: Settings) -> Api:
    settings.ROOT_URLCONF = "tests.integration.identity.addresses"
    return Api()


def test_the_answer_to_a_login(cast: Cast, api: Api) -> None:
    envelope = api.sign_in("alice", "bakery")
    data, bakery = envelope["data"], cast.tree.bakery
    assert envelope["status"] == "success"
    assert api.response["X-Auth-Token"] == envelope["auth_token"]
    expected = {
        "account_id": bakery.id,
        "owner_id": cast.alice.pk,
        "account_name": "Bakery",
        "apps": [],
        "reseller_id": cast.tree.north.id,
        "is_reseller": False,
        "is_master_account": False,
    }
    assert {name: data[name] for name in expected} == expected
    assert data["capabilities"]["voicemail"]["transcription"] == {"available": False, "default": False}
    assert len(data["cluster_id"]) == 32
    assert data["ui_config"]["api"]["default"].endswith("/v2/")
    claims = jwt.decode(envelope["auth_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600
    assert {"account_id", "owner_id", "method", "iss", "jti", "identity_sig"} <= claims.keys()


@pytest.mark.parametrize(
    "document",
    [
        {"credentials": MD5["bob"], "account_name": "BAKERY"},
        {"credentials": MD5["bob"].upper(), "method": "md5", "account_realm": "bakery.test"},
        {"credentials": digest_of("bob", PASSWORD, "sha"), "method": "sha", "realm": "bakery.test"},
        {
            "credentials": MD5["bob"],
            "realm": "bakery.test",
            "account_name": "clinic",
            "ui_metadata": {"ui": "monster-ui"},
        },
        {"username": " Bob", "password": PASSWORD, "account_name": "bakery"},
    ],
)
def test_ways_to_sign_in(cast: Cast, api: Api, document: dict[str, Any]) -> None:
    status, envelope = api("PUT", "user_auth", document)
    assert (status, envelope["data"]["owner_id"]) == (201, cast.bob.pk)


@pytest.mark.parametrize("written", ["+13125550142", "13125550142", "(312) 555-0142"])
def test_a_number_of_the_account_names_it(cast: Cast, api: Api, written: str) -> None:
    PhoneNumber.objects.create(number="+13125550142", account_id=cast.tree.bakery.id, state="in_service")
    PhoneNumber.objects.create(number="+13125550143", account_id=cast.tree.bakery.id, state="available")
    status, envelope = api("PUT", "user_auth", {"credentials": MD5["bob"], "phone_number": written})
    assert (status, envelope["data"]["owner_id"]) == (201, cast.bob.pk)
    on_offer = {"credentials": MD5["bob"], "phone_number": "+13125550143"}
    assert api("PUT", "user_auth", on_offer)[0] == 401


@pytest.mark.parametrize("token", ["undefined", "a.b.c"])
def test_a_bad_token_does_not_stand_in_the_way_of_a_login(cast: Cast, api: Api, token: str) -> None:
    api.token = token
    assert api("PUT", "user_auth", {"credentials": MD5["bob"], "account_name": "bakery"})[0] == 201


@pytest.mark.parametrize(
    "document",
    [
        {"credentials": MD5["carol"], "account_name": "bakery"},
        {"credentials": "0" * 32, "account_name": "bakery"},
        {"credentials": "nonsense", "account_name": "bakery"},
        {"credentials": MD5["bob"], "account_name": "no such account"},
        {"credentials": MD5["bob"], "phone_number": "+15550199"},
        {"username": "bob", "password": "wrong", "account_name": "bakery"},
        {"username": "nobody", "password": PASSWORD, "account_name": "bakery"},
    ],
)
def test_every_wrong_login_is_answered_alike(api: Api, document: dict[str, Any]) -> None:
    status, envelope = api("PUT", "user_auth", document)
    assert status == 401
    assert envelope["data"] == {"message": "invalid credentials"}
    assert (envelope["error"], envelope["message"], envelope["status"]) == ("401", "invalid_credentials", "error")


@pytest.mark.parametrize(
    ("document", "field", "rule"),
    [
        ({"credentials": MD5["bob"]}, "account_name", "required"),
        ({"account_name": "bakery"}, "credentials", "required"),
        ({"account_name": "bakery", "username": "bob"}, "password", "required"),
        ({"account_name": "bakery", "credentials": "x" * 65}, "credentials", "maxLength"),
        ({"account_name": "bakery", "credentials": MD5["bob"], "method": "crc"}, "method", "enum"),
    ],
)
def test_incomplete_logins(api: Api, document: dict[str, Any], field: str, rule: str) -> None:
    status, envelope = api("PUT", "user_auth", document)
    assert status == 400
    assert rule in envelope["data"][field], envelope


def test_a_plain_password_needs_tls(cast: Cast, api: Api) -> None:
    document = {"username": "bob", "password": PASSWORD, "account_name": "bakery"}
    status, envelope = api("PUT", "user_auth", document, address="192.0.2.7")
    assert status == 400
    assert "forbidden" in envelope["data"]["password"]


def test_below_a_disabled_account_nobody_gets_in(cast: Cast, api: Api) -> None:
    bakery, north, operator = cast.tree.bakery, cast.tree.north, system_principal(cast.tree.master.id)
    key = api_keys.ensure_api_key(bakery)
    api.sign_in("alice", "bakery")
    token, own = api.token, f"accounts/{bakery.id}"
    assert api("GET", own)[0] == 200

    disable_account(north, operator)
    assert (api("GET", own)[0], api.response.status_code) == (423, 423)
    api.token = ""
    for path, document in [
        ("user_auth", {"credentials": MD5["bob"], "account_name": "bakery"}),
        ("api_auth", {"api_key": key}),
    ]:
        status, envelope = api("PUT", path, document)
        assert (status, envelope["message"]) == (423, "locked")
    assert recovery.start_reset({"realm": "bakery.test"}, "alice", "http://localhost:8000/") == []
    # Those above still manage it.
    api.sign_in("olga", "operator")
    assert api("GET", own)[0] == 200

    enable_account(north, operator)
    api.token = token
    assert api("GET", own)[0] == 200
    assert api("PUT", "api_auth", {"api_key": key})[0] == 201


def test_what_was_disabled_on_its_own_stays_so(cast: Cast, api: Api) -> None:
    bakery, north, operator = cast.tree.bakery, cast.tree.north, system_principal(cast.tree.master.id)
    disable_account(bakery, operator)
    disable_account(north, operator)
    enable_account(north, operator)
    for who, account, expected in [("bob", "bakery", 423), ("carol", "clinic", 201)]:
        status, _envelope = api("PUT", "user_auth", {"credentials": MD5[who], "account_name": account})
        assert status == expected
    enable_account(bakery, operator)
    assert api("PUT", "user_auth", {"credentials": MD5["bob"], "account_name": "bakery"})[0] == 201


def test_who_acts_for_somebody_is_stopped_with_his_own_account(cast: Cast, api: Api) -> None:
    north, bakery = cast.tree.north, cast.tree.bakery
    api.sign_in("nora", "north")
    person = f"accounts/{bakery.id}/users/{cast.bob.pk}/user_auth"
    status, envelope = api("PUT", person, {"action": "impersonate_user"})
    assert status == 201, envelope
    api.token = envelope["auth_token"]
    assert api("GET", f"accounts/{bakery.id}")[0] == 200
    disable_account(north, system_principal(cast.tree.master.id))
    assert api("GET", f"accounts/{bakery.id}")[0] == 401


def test_disabled(cast: Cast, api: Api) -> None:
    change(cast.bob, cast.tree.bakery, enabled=False)
    status, envelope = api("PUT", "user_auth", {"credentials": MD5["bob"], "account_name": "bakery"})
    assert status == 400
    assert "disabled" in envelope["data"]["username"]
    Account.objects.filter(id=cast.tree.bakery.id).update(enabled=False)
    status, envelope = api("PUT", "user_auth", {"credentials": MD5["alice"], "account_name": "bakery"})
    assert (status, envelope["message"]) == (423, "locked")
    assert "disabled" in envelope["data"]["account"]


def test_guessing_is_answered_with_the_time_to_wait(api: Api) -> None:
    document = {"username": "bob", "password": "wrong", "account_name": "bakery"}
    assert [api("PUT", "user_auth", document)[0] for _ in range(5)] == [401] * 5
    # The first wait is a second, which a busy machine may take for one attempt; each further one is twice as long.
    further = (api("PUT", "user_auth", document)[0] for _ in range(10))
    assert 429 in further
    assert int(api.response["Retry-After"]) > 0


def test_reading_and_giving_back_a_token(cast: Cast, api: Api) -> None:
    api.sign_in("alice", "bakery")
    for path in (f"user_auth/{api.token}", "token_auth"):
        status, envelope = api("GET", path)
        assert (status, envelope["data"]["id"], envelope["data"]["method"]) == (200, api.token, "cb_user_auth")
        assert envelope["data"]["owner_id"] == cast.alice.pk
    token = api.token
    assert api("DELETE", "token_auth")[0] == 200
    assert api("GET", "token_auth")[0] == 401
    assert api("GET", f"user_auth/{token}")[0] == 401


def test_tokeninfo_is_the_login_again(cast: Cast, api: Api) -> None:
    login = api.sign_in("alice", "bakery")
    token, api.token = api.token, ""
    assert api("POST", "auth/tokeninfo", {"token": token})[1]["data"] == login["data"]
    assert api("GET", f"auth/tokeninfo?token={token}")[1]["data"] == login["data"]
    for bad in ("", "undefined", token + "x"):
        assert api("POST", "auth/tokeninfo", {"token": bad})[0] == 401


def test_api_auth(cast: Cast, api: Api) -> None:
    key = api_keys.ensure_api_key(cast.tree.bakery)
    status, envelope = api("PUT", "api_auth", {"api_key": key})
    assert (status, envelope["data"]["account_id"]) == (201, cast.tree.bakery.id)
    assert "owner_id" not in envelope["data"]
    api.token = envelope["auth_token"]
    assert api("GET", "token_auth")[1]["data"]["method"] == "cb_api_auth"
    assert api("PUT", "api_auth", {"api_key": "0" * 64})[0] == 401
    assert "minLength" in api("PUT", "api_auth", {"api_key": "0"})[1]["data"]["api_key"]


def test_recovery_tells_nobody_who_exists(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(recovery, "enqueue", lambda _task, *arguments: asked.append(arguments))
    answers = []
    for username, account in [("alice", "bakery"), ("nobody", "bakery"), ("alice", "no such account")]:
        document = {"username": username, "account_name": account, "ui_url": "http://localhost/ui/#/"}
        status, envelope = api("PUT", "user_auth/recovery", document)
        answers.append((status, {name: envelope[name] for name in ("data", "status", "revision") if name in envelope}))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 200
    status, envelope = api(
        "PUT", "user_auth/recovery", {"username": "alice", "account_name": "bakery", "ui_url": "https://evil.test/x"}
    )
    assert (status, list(envelope["data"])) == (400, ["ui_url"])


def test_redeeming_a_reset_id(cast: Cast, api: Api) -> None:
    reset_id = recovery.create_reset(cast.tree.bakery, cast.bob)
    status, envelope = api("POST", "user_auth/recovery", {"reset_id": reset_id})
    assert (status, envelope["data"]["require_password_update"]) == (201, True)
    api.token = envelope["auth_token"]
    assert api("GET", "token_auth")[1]["data"]["owner_id"] == cast.bob.pk
    status, envelope = api("POST", "user_auth/recovery", {"reset_id": reset_id})
    assert status == 400
    assert envelope["data"]["user"]["not_found"]["message"] == "The provided reset_id did not resolve to any user"


def test_impersonation(cast: Cast, api: Api) -> None:
    path = f"accounts/{cast.tree.bakery.id}/users/{cast.bob.pk}/user_auth"
    for who, account, expected in [("alice", "bakery", 403), ("carol", "clinic", 403), ("bob", "bakery", 403)]:
        api.sign_in(who, account)
        assert api("PUT", path, action="impersonate_user")[0] == expected
    api.sign_in("nora", "north")
    assert api("PUT", path)[0] == 400
    assert api("PUT", path, action="other")[0] == 400
    status, envelope = api("PUT", path, action="impersonate_user")
    assert (status, envelope["data"]["owner_id"]) == (201, cast.bob.pk)
    claims = jwt.decode(envelope["auth_token"], options={"verify_signature": False})
    assert claims["original_account_id"] == cast.tree.north.id
    assert claims["original_owner_id"] == cast.nora.pk
    with account_scope(cast.tree.bakery):
        assert AuditEntry.objects.get(action="user.impersonated").actor_user_id == cast.nora.pk
    api.token = envelope["auth_token"]
    assert api("GET", "token_auth")[1]["data"]["original_owner_id"] == cast.nora.pk
    assert api("PUT", path, action="impersonate_user")[0] == 403


def test_resetting_signatures(cast: Cast, api: Api) -> None:
    api.sign_in("bob", "bakery")
    bobs = api.token
    api.sign_in("alice", "bakery")
    base = f"accounts/{cast.tree.bakery.id}"
    assert api("PUT", f"{base}/users/{cast.bob.pk}/auth", action="reset_signature_secret")[0] == 200
    assert api("GET", "token_auth")[0] == 200
    alices, api.token = api.token, bobs
    assert api("GET", "token_auth")[0] == 401
    api.token = alices
    assert api("PUT", f"{base}/auth", action="reset_signature_secret")[0] == 200
    assert api("GET", "token_auth")[0] == 401


def test_token_restrictions(cast: Cast, api: Api) -> None:
    path = f"accounts/{cast.tree.bakery.id}/token_restrictions"
    api.sign_in("bob", "bakery")
    assert api("GET", path)[0] == 403
    api.sign_in("alice", "bakery")
    assert api("GET", path)[1]["data"] == {}
    everything = [{"rules": {"#": ["_"]}}]
    document = {
        "restrictions": {
            "_": {"admin": {"_": everything}, "user": {"users": [{"rules": {"zz": ["GET"], "*": ["GET"]}}]}}
        }
    }
    assert api("POST", path, document)[1]["data"] == document
    stored = api("GET", path)[1]["data"]
    assert stored == document
    assert list(stored["restrictions"]["_"]["user"]["users"][0]["rules"]) == ["zz", "*"]
    status, envelope = api("POST", path, {"restrictions": {"_": {"_": {"_": [{"rules": {"#": ["TRACE"]}}]}}}})
    assert status == 400
    api.sign_in("bob", "bakery")
    assert api("GET", f"accounts/{cast.tree.bakery.id}/users/{cast.bob.pk}")[0] != 403
    status, envelope = api("GET", "token_auth")
    assert (status, envelope["data"]["cause"]) == (403, "access denied by token restrictions")
    api.sign_in("alice", "bakery")
    assert api("DELETE", path)[0] == 200
    api.sign_in("bob", "bakery")
    assert api("GET", "token_auth")[0] == 200


def test_the_systems_restrictions(cast: Cast, api: Api) -> None:
    api.sign_in("nora", "north")
    assert api("GET", "token_restrictions")[0] == 403
    api.sign_in("olga", "operator")
    document = {"restrictions": {"_": {"admin": {"_": [{"rules": {"#": ["_"]}}]}}}}
    assert api("POST", "token_restrictions", document)[0] == 200
    api.sign_in("bob", "bakery")
    assert api("GET", "token_auth")[0] == 403
    api.sign_in("olga", "operator")
    assert api("DELETE", "token_restrictions")[0] == 200


def test_attempts_are_for_the_accounts_administrator(cast: Cast, api: Api) -> None:
    api("PUT", "user_auth", {"credentials": "0" * 32, "account_name": "bakery"}, address="192.0.2.8")
    api.sign_in("alice", "bakery")
    path = f"accounts/{cast.tree.bakery.id}/security/attempts"
    status, envelope = api("GET", path)
    assert status == 200
    assert [row["status"] for row in envelope["data"]] == ["success", "failed"]
    assert envelope["data"][1]["client_ip"] == "192.0.2.8"
    assert api("GET", f"{path}/{envelope['data'][1]['id']}")[1]["data"]["status"] == "failed"
    api.sign_in("bob", "bakery")
    assert api("GET", path)[0] == 403
    api.sign_in("carol", "clinic")
    assert api("GET", path)[0] == 403


def test_a_plain_user_signs_out_too(cast: Cast, api: Api) -> None:
    api.sign_in("bob", "bakery")
    assert api("DELETE", "token_auth")[0] == 200
    assert api("GET", "token_auth")[0] == 401
