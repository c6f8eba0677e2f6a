"""How a request finds its way: addresses, verbs, bodies, tokens."""

from __future__ import annotations

import base64
import json

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.identity.passwords import digest_of
from tests.api_client import ApiClient
from tests.integration.identity.conftest import PASSWORD, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]
DEVICE = {"name": "Front desk"}
UNKNOWN = "0" * 32


def test_an_unknown_noun_is_a_faulty_request(alice: ApiClient) -> None:
    reply = alice.get("unicorns")
    assert (reply.status, reply.body["message"], reply.body["error"]) == (404, "faulty_request", "404")


def test_an_empty_account_is_no_such_address(alice: ApiClient) -> None:
    reply = alice.get("/v2/accounts//users")
    assert (reply.status, reply.body["status"]) == (404, "error")


@pytest.mark.parametrize("account_id", ["xyz", "0" * 31, "A" * 32, UNKNOWN, "%00", "..", "a%20b"])
def test_an_account_that_is_none_is_not_found(alice: ApiClient, account_id: str) -> None:
    reply = alice.get(f"/v2/accounts/{account_id}/devices")
    assert (reply.status, reply.body["message"]) in [(404, "bad_identifier"), (404, "faulty_request")]


def test_a_foreign_account_is_forbidden(alice: ApiClient, cast: Cast) -> None:
    for foreign in (cast.tree.clinic, cast.tree.north, cast.tree.master, cast.tree.harbour):
        reply = alice.get(f"/v2/accounts/{foreign.id}/devices")
        assert (reply.status, reply.body["message"]) == (403, "forbidden")


def test_an_account_below_is_reached(alice: ApiClient, nora: ApiClient, cast: Cast) -> None:
    assert alice.get(f"/v2/accounts/{cast.tree.branch.id}/devices").status == 200
    assert nora.get(f"/v2/accounts/{cast.tree.branch.id}/devices").status == 200


def test_a_plain_user_stays_in_the_own_account(bob: ApiClient, cast: Cast) -> None:
    assert bob.get("devices").status == 200
    assert bob.get(f"/v2/accounts/{cast.tree.branch.id}/devices").status == 403


def test_account_stands_for_the_callers_own(alice: ApiClient) -> None:
    made = alice.put("devices", DEVICE)
    assert alice.get(f"/v2/account/devices/{made.data['id']}").data["name"] == "Front desk"


def test_a_trailing_slash_is_forgiven(alice: ApiClient) -> None:
    assert alice.get("devices/").status == 200


def test_the_wrong_verb_is_405_and_says_which_are_right(alice: ApiClient) -> None:
    reply = alice.delete("devices")
    assert (reply.status, reply.body["message"], reply.data["cause"]) == (405, "invalid_method", "DELETE")
    assert reply.headers["Allow"] == "GET, PUT, HEAD"
    assert alice("TRACE", "devices").status == 405


def test_version_one_is_gone(alice: ApiClient) -> None:
    assert alice.get("/v1/accounts").status == 410


def test_head_is_get_without_a_body(alice: ApiClient) -> None:
    reply = alice("HEAD", "devices")
    assert (reply.status, reply.content) == (200, b"")


def test_preflight_needs_no_token(nobody: ApiClient) -> None:
    reply = nobody("OPTIONS", "devices")
    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    allowed = reply.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("x-auth-token", "content-type", "x-kazoo-cluster-id", "if-match"))
    assert all(verb in reply.headers["Access-Control-Allow-Methods"] for verb in ("PUT", "POST", "PATCH", "DELETE"))


def test_errors_carry_cors_and_the_exact_content_type(nobody: ApiClient) -> None:
    reply = nobody.get("devices")
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.body["error"] == "401"


@pytest.mark.parametrize("place", ["header", "bearer", "raw", "query", "authorization", "envelope"])
def test_where_a_token_may_be(alice: ApiClient, place: str) -> None:
    token, anonymous = alice.token, ApiClient("", alice.account)
    headers = {
        "header": {"X-Auth-Token": token},
        "bearer": {"Authorization": f"Bearer {token}"},
        "raw": {"Authorization": token},
    }
    if place == "envelope":
        assert anonymous.put("devices", DEVICE, envelope={"auth_token": token}).status == 201
    elif place in headers:
        assert anonymous.get("devices", headers=headers[place]).status == 200
    else:
        name = "auth_token" if place == "query" else "authorization"
        assert anonymous.get(f"devices?{name}={token}").status == 200


def test_the_header_wins_over_the_query(alice: ApiClient) -> None:
    assert alice.get("devices?auth_token=nonsense").status == 200


def test_basic_takes_the_account_and_a_digest(alice: ApiClient, cast: Cast) -> None:
    def ask(secret: str) -> int:
        pair = base64.b64encode(f"{cast.tree.bakery.id}:{secret}".encode()).decode()
        anonymous = ApiClient("", cast.tree.bakery)
        return anonymous.get("devices", headers={"Authorization": f"Basic {pair}"}).status

    assert ask(digest_of("alice", PASSWORD, "md5")) == 200
    assert ask(f"alice:{PASSWORD}") == 200
    assert ask("0" * 32) == 401


def test_public_addresses_ignore_a_bad_token(cast: Cast) -> None:
    assert ApiClient("undefined").get("/v2/schemas").status == 200
    assert ApiClient("undefined").get("/v2/about").status == 401


def test_a_disabled_account_is_locked(alice: ApiClient, nora: ApiClient, cast: Cast) -> None:
    Account.objects.filter(id=cast.tree.bakery.id).update(enabled=False)
    reply = alice.get("devices")
    assert (reply.status, reply.body["message"]) == (423, "locked")
    assert "disabled" in reply.data["account"]
    assert nora.get(f"/v2/accounts/{cast.tree.bakery.id}").status == 200, "somebody must be able to enable it again"


def test_verbs_can_be_tunnelled(alice: ApiClient) -> None:
    device = alice.put("devices", DEVICE).data["id"]
    assert alice.post(f"devices/{device}?verb=patch", {"note": "a"}).data["note"] == "a"
    assert alice.post(f"devices/{device}", {"note": "b"}, envelope={"verb": "PATCH"}).data["note"] == "b"
    assert alice.post(f"devices/{device}", {}, envelope={"verb": "DELETE"}).data["_read_only"]["deleted"] is True
    assert alice.get(f"devices/{device}?verb=DELETE").status == 404
    assert alice.get("devices?verb=PUT").status == 200


def test_the_envelope_must_hold_data(alice: ApiClient) -> None:
    for body in (b"[]", b"{}", b'{"data": 1}', b'{"data": null}', b'"data"', b"1"):
        reply = alice("PUT", "devices", body=body)
        assert (reply.status, reply.body["message"]) == (400, "invalid request envelope"), body


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"data": {"a": NaN}}', b'{"data": {"a": "\\u0000"}}', b"\xff\xfe", b'{"data": {"a": "\\ud800"}}']
    + [b'{"data": ' + b"[" * depth + b"]" * depth + b"}" for depth in (70, 100_000)],
)
def test_what_is_no_json_is_told_so(alice: ApiClient, body: bytes) -> None:
    reply = alice("PUT", "devices", body=body)
    assert reply.status == 400
    assert reply.data["json"]["invalid"]["target"] == "body"


def test_unknown_keys_are_tolerated_and_kept(alice: ApiClient) -> None:
    data = {**DEVICE, "ui_metadata": {"ui": "monster-ui"}, "made_up": [1, {"a": None}]}
    made = alice.put("devices", data, envelope={"ui_metadata": {}, "accept_charges": True, "surprise": 1})
    assert made.status == 201
    assert made.data["ui_metadata"] == {"ui": "monster-ui"}
    assert alice.get(f"devices/{made.data['id']}").data["made_up"][0] == 1


def test_a_body_may_be_a_form_or_say_it_is(alice: ApiClient) -> None:
    form = "application/x-www-form-urlencoded"
    assert alice("PUT", "devices", body=b"name=Form", content_type=form).data["name"] == "Form"
    as_json = json.dumps({"data": DEVICE}).encode()
    assert alice("PUT", "devices", body=as_json, content_type=form).status == 201
    assert alice("PUT", "devices", body=as_json, content_type="").status == 201
    reply = alice("PUT", "devices", body=b"<a/>", content_type="application/xml")
    assert (reply.status, reply.body["error"]) == (415, "415")


def test_too_large_a_body_is_refused(alice: ApiClient) -> None:
    reply = alice("PUT", "devices", body=b" " * 8_000_001)
    assert reply.status == 413
    assert "maxSize" in reply.data["file"]


def test_what_cannot_be_served_is_406(alice: ApiClient) -> None:
    assert alice.get("devices", headers={"Accept": "image/png"}).status == 406
    assert alice.get("devices", headers={"Accept": "text/html, */*;q=0.1"}).status == 200
    assert alice.put("devices?accept=csv", DEVICE).status == 406


def test_a_fault_is_told_without_what_went_wrong(alice: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret internals")

    monkeypatch.setattr("apps.foundation.crossbar.resource.Resource.listing", fail)
    reply = alice.get("devices", headers={"X-Request-ID": "fault-1"})
    assert (reply.status, reply.body["status"], reply.body["error"]) == (500, "fatal", "500")
    assert reply.headers["X-Request-ID"] == reply.body["request_id"] == "fault-1"
    assert b"internals" not in reply.content


def test_request_ids_are_echoed_only_if_sane(alice: ApiClient) -> None:
    assert alice.get("devices", headers={"X-Request-ID": "abc-1.2"}).headers["X-Request-ID"] == "abc-1.2"
    for text in ("a" * 65, "a b", "<script>", ""):
        given = alice.get("devices", headers={"X-Request-ID": text}).headers["X-Request-ID"]
        assert given != text
        assert len(given) == 32


def test_a_query_may_not_hold_nul(alice: ApiClient) -> None:
    assert alice.get("devices?filter_name=%00").status == 400
