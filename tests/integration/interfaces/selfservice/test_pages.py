"""A person's own pages: only ever his own things."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.pbx.devices.actions import create_device
from apps.pbx.users.models import User
from tests.integration.identity.conftest import PASSWORD, Cast
from tests.integration.interfaces.portal.conftest import Furnished, finish_call, register

PAGES = ("", "phones", "calls", "forwarding", "profile")


def document_of(there: Furnished) -> dict[str, object]:
    with account_scope(there.account.id):
        found: dict[str, object] = User.objects.get(id=there.bob.id).to_document()
        return found


@pytest.mark.parametrize("page", PAGES)
def test_every_page_answers_whoever_is_signed_in(page: str, bakery: Furnished, bob: Client, alice: Client) -> None:
    register(bakery.device, bakery.account)
    for browser in (bob, alice):
        assert browser.get(f"/my/{page}").status_code == 200
    assert Client().get(f"/my/{page}")["Location"].startswith("/login?next=")


def test_what_is_seen_is_ones_own(bakery: Furnished, bob: Client, alice: Client, cast: Cast) -> None:
    finish_call(bakery.account, cast.alice, answered=False, interaction="63900000001-feedface")
    with account_scope(bakery.account.id):
        create_device({"name": "Somebody else's", "owner_id": cast.alice.id}, cast.tree.principal)
    assert [device["name"] for device in bob.get("/my/phones").context["devices"]] == ["Front desk"]
    assert [row["id"] for row in bob.get("/my/calls").context["rows"]] == [bakery.interaction_id]
    mine = alice.get("/my/calls?result=missed").context["rows"]
    assert [row["result"] for row in mine] == ["missed"]
    home = bob.get("/my/").context
    assert (home["me"]["extensions"], home["missed_count"]) == (["1001"], 0)
    assert alice.get("/my/").context["missed_count"] == 1


def test_do_not_disturb_by_one_button(bakery: Furnished, bob: Client) -> None:
    assert bob.post("/my/", {"do_not_disturb": "on"}).status_code == 302
    assert document_of(bakery)["do_not_disturb"] == {"enabled": True}
    assert bob.get("/my/").context["me"]["state"] == "do_not_disturb"
    bob.post("/my/", {"do_not_disturb": ""})
    assert bob.get("/my/").context["me"]["do_not_disturb"] is False


def test_forwarding(bakery: Furnished, bob: Client) -> None:
    form = {"forward": "on", "number": "+13125550177", "failover": "on"}
    assert bob.post("/my/forwarding", {"forward": "on"}).status_code == 400
    assert bob.post("/my/forwarding", form).status_code == 302
    forward = document_of(bakery)["call_forward"]
    assert isinstance(forward, dict)
    assert (forward["enabled"], forward["number"], forward["failover"]) == (True, "+13125550177", True)
    assert bob.get("/my/").context["me"]["forwarding"] == {"enabled": True, "number": "(312) 555-0177"}


def test_a_new_password_needs_the_present_one_and_keeps_this_session(bakery: Furnished, bob: Client) -> None:
    new = {"language": "es-es", "timezone": "Europe/Madrid", "password": "brand new 9", "again": "brand new 9"}
    assert bob.post("/my/profile", new).status_code == 400
    wrong = bob.post("/my/profile", new | {"current_password": "guess"})
    assert "current_password" in wrong.context["form"].errors
    assert bob.post("/my/profile", new | {"current_password": PASSWORD}).status_code == 302
    page = bob.get("/my/")
    assert page.status_code == 200
    assert '<html lang="es"' in page.content.decode()
    with account_scope(bakery.account.id):
        assert User.objects.get(id=bakery.bob.id).check_plain("brand new 9")


def test_a_plain_user_cannot_raise_himself(bakery: Furnished, bob: Client) -> None:
    bob.post(
        "/my/profile", {"language": "", "timezone": "", "priv_level": "admin", "enabled": "on", "username": "root"}
    )
    document = document_of(bakery)
    assert (document["priv_level"], document["username"]) == ("user", "bob")
