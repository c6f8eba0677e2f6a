"""Signing in, out and in again after forgetting the password; the language that stays."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity import recovery
from apps.foundation.identity.principal import system_principal
from apps.pbx.users.actions import replace_user
from apps.pbx.users.models import User
from tests.integration.identity.conftest import PASSWORD, Cast


def without_secrets(response: Any) -> str:
    """The page without what differs each time: its CSRF token and the time."""
    return re.sub(
        r'csrfmiddlewaretoken" value="[^"]+|X-CSRFToken": "[^"]+|server-now="[^"]+', "", response.content.decode()
    )


def enter(browser: Client, **changes: str) -> Any:
    form = {"account": "bakery.test", "username": "alice", "password": PASSWORD} | changes
    return browser.post("/login", form)


@pytest.mark.parametrize("account", ["bakery.test", "Bakery", "  BAKERY "])
def test_the_account_is_named_by_realm_or_name(account: str, cast: Cast) -> None:
    browser = Client()
    response = enter(browser, account=account)
    assert response["Location"] == f"/portal/{cast.tree.bakery.id}/"
    assert browser.get("/")["Location"] == f"/portal/{cast.tree.bakery.id}/"


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"username": "nobody"}, {"account": "nowhere"}])
def test_a_wrong_login_says_the_same_whatever_was_wrong(wrong: dict[str, str], cast: Cast) -> None:
    response = enter(Client(), **wrong)
    assert response.status_code == 400
    assert response.context["form"].non_field_errors() == ["Account, username or password is wrong."]


def test_too_many_guesses_wait(cast: Cast) -> None:
    browser = Client()
    errors = [enter(browser, password=f"guess {turn}").context["form"].non_field_errors()[0] for turn in range(7)]
    assert errors[-1].startswith("Too many attempts")


def test_the_way_back_to_where_one_was_going(cast: Cast) -> None:
    wanted = f"/portal/{cast.tree.bakery.id}/devices"
    assert Client().get(wanted)["Location"] == f"/login?next={wanted.replace('/', '%2F')}"
    assert enter(Client(), next=wanted)["Location"] == wanted
    for elsewhere in ("https://evil.test/", "//evil.test/", "javascript:alert(1)"):
        assert enter(Client(), next=elsewhere)["Location"] == f"/portal/{cast.tree.bakery.id}/"


def test_a_plain_user_comes_to_his_own_pages(cast: Cast) -> None:
    browser = Client()
    assert enter(browser, username="bob", next=f"/portal/{cast.tree.bakery.id}/people")["Location"] == "/my/"
    assert browser.get("/")["Location"] == "/my/"
    assert browser.get(f"/portal/{cast.tree.bakery.id}/")["Location"] == "/my/"


def test_signing_out_needs_a_post_and_ends_the_session(cast: Cast) -> None:
    browser = Client()
    enter(browser)
    assert browser.get("/logout").status_code == 405
    browser.post("/logout")
    assert browser.get(f"/portal/{cast.tree.bakery.id}/").status_code == 302


def test_forgetting_the_password(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mailed: list[tuple[object, ...]] = []
    monkeypatch.setattr(recovery, "enqueue", lambda _task, *what: mailed.append(what))
    known = Client().post("/recovery", {"account": "bakery.test", "username": "alice"})
    unknown = Client().post("/recovery", {"account": "bakery.test", "username": "nobody"})
    assert without_secrets(known) == without_secrets(unknown)
    assert mailed[0][:2] == ({"realm": "bakery.test"}, "alice")
    token = recovery.create_reset(cast.tree.bakery, cast.alice)
    browser = Client()
    assert browser.get(f"/recovery/{token}").context["valid"]
    assert browser.post(f"/recovery/{token}", {"password": "a new one 1", "again": "another 2"}).status_code == 400
    entered = browser.post(f"/recovery/{token}", {"password": "a new one 1", "again": "a new one 1"})
    assert entered["Location"] == f"/portal/{cast.tree.bakery.id}/"
    assert not Client().get(f"/recovery/{token}").context["valid"], "a link works once"
    assert enter(Client(), password="a new one 1").status_code == 302


def test_the_language_switch_stays_with_the_person(cast: Cast) -> None:
    browser = Client()
    enter(browser)
    home = f"/portal/{cast.tree.bakery.id}/"
    assert '<html lang="en"' in browser.get(home).content.decode()
    assert browser.post("/i18n/setlang/", {"language": "es", "next": home})["Location"] == home
    assert '<html lang="es"' in browser.get(home).content.decode()
    with account_scope(cast.tree.bakery.id):
        assert User.objects.get(id=cast.alice.id).document["language"] == "es-es"
    elsewhere = Client()
    enter(elsewhere)
    assert '<html lang="es"' in elsewhere.get(home).content.decode(), "a new browser knows it after signing in"
    assert elsewhere.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"


def test_a_login_page_in_the_browsers_language(cast: Cast) -> None:
    page = Client().get("/login", headers={"accept-language": "es-MX,es;q=0.9"}).content.decode()
    assert '<html lang="es"' in page


def test_a_disabled_person_is_told_so_only_with_the_right_password(cast: Cast) -> None:
    with account_scope(cast.tree.bakery.id):
        user = User.objects.get(id=cast.alice.id)
        replace_user(user, user.to_document() | {"enabled": False}, system_principal(cast.tree.bakery.id))
    assert "any more" in enter(Client()).context["form"].non_field_errors()[0]
    assert "wrong" in enter(Client(), password="guess").context["form"].non_field_errors()[0]
