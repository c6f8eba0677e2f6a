"""Sessions of the web: who gets in, whose account is seen, and what ends a session."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope, current_account_id
from apps.foundation.identity import web
from apps.foundation.identity.errors import NotAllowed
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import PrincipalMiddleware, WebRequest, log_in, log_in_as, log_out, login_required
from apps.foundation.kit.clock import now
from tests.integration.identity.conftest import Cast
from tests.integration.identity.test_authentication import change

urlpatterns: list[Any] = []


@login_required(Role.ACCOUNT_ADMIN)
def admin_page(request: WebRequest, account_id: str) -> HttpResponse:
    assert request.viewed_account.id == current_account_id()
    return HttpResponse(current_account_id())


@login_required(Role.USER)
def own_page(request: WebRequest) -> HttpResponse:
    return HttpResponse(str(request.principal.user_id))


class Browser:
    """Sends requests with one session through the middleware."""

    def __init__(self) -> None:
        self.session: SessionBase = import_module(project_settings.SESSION_ENGINE).SessionStore()

    def request(self, **headers: str) -> HttpRequest:
        request = RequestFactory().get("/portal/x?y=1", headers=headers)
        request.session = self.session
        return request

    def get(self, view: Any, *, headers: dict[str, str] | None = None, **arguments: str) -> Any:
        def respond(request: HttpRequest) -> Any:
            try:
                return view(request, **arguments)
            except (Http404, PermissionDenied) as error:
                return HttpResponse(status=404 if isinstance(error, Http404) else 403)

        response = PrincipalMiddleware(respond)(self.request(**(headers or {})))
        self.session.save()
        return response

    def log_in(self, account: Account, user: Login) -> None:
        log_in(self.request(), account, user)
        self.session.save()


@pytest.fixture
def browser(cast: Cast, settings: Settings) -> Browser:
    settings.LOGIN_URL, settings.ROOT_URLCONF = "/login", __name__
    return Browser()


def test_without_a_session_to_the_login_page(browser: Browser) -> None:
    response = browser.get(own_page)
    assert response.status_code == 302
    assert response["Location"] == "/login?next=%2Fportal%2Fx%3Fy%3D1"
    response = browser.get(own_page, headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, "/login")


def test_an_administrator_sees_own_account_and_those_below(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    accounts = {name: account for name, account in vars(cast.tree).items() if isinstance(account, Account)}
    seen = {name: browser.get(admin_page, account_id=account.id).status_code for name, account in accounts.items()}
    assert {name for name, status in seen.items() if status == 200} == {"bakery", "branch"}
    assert set(seen.values()) == {200, 404}
    assert browser.get(admin_page, account_id="nonsense").status_code == 404
    assert browser.get(admin_page, account_id=cast.tree.branch.id).content.decode() == cast.tree.branch.id


def test_a_plain_user_sees_only_his_own(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.bakery, cast.bob)
    assert browser.get(own_page).content.decode() == cast.bob.pk
    assert browser.get(admin_page, account_id=cast.tree.bakery.id).status_code == 403
    assert browser.get(admin_page, account_id=cast.tree.branch.id).status_code == 404


def test_a_deleted_account_is_not_seen(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    Account.objects.filter(id=cast.tree.branch.id).update(deleted=cast.tree.branch.created)
    assert browser.get(admin_page, account_id=cast.tree.branch.id).status_code == 404


def test_signing_in_changes_the_key_and_drops_what_was_there(cast: Cast, browser: Browser) -> None:
    browser.session["planted"] = "x"
    browser.session.save()
    planted = browser.session.session_key
    browser.log_in(cast.tree.bakery, cast.alice)
    assert browser.session.session_key != planted
    assert "planted" not in browser.session


@pytest.mark.parametrize(
    ("person", "account"),
    [
        ({"password": "another"}, {}),
        ({"enabled": False}, {}),
        ({"deleted": now()}, {}),
        ({}, {"enabled": False}),
        ({}, {"deleted": now()}),
        ({}, {"token_salt": "x"}),
    ],
)
def test_what_ends_a_session_at_once(
    cast: Cast, browser: Browser, person: dict[str, Any], account: dict[str, Any]
) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    assert browser.get(own_page).status_code == 200
    if "password" in person:
        cast.alice.set_password(person["password"])
        change(cast.alice, cast.tree.bakery)
    elif person:
        change(cast.alice, cast.tree.bakery, **person)
    else:
        Account.objects.filter(id=cast.tree.bakery.id).update(**account)
    assert browser.get(own_page, headers={"HX-Request": "1"}).status_code == 401
    assert not browser.session.keys()


def test_logging_out_makes_a_copy_of_the_session_worthless(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    copy = Browser()
    copy.session.update(dict(browser.session.items()))
    assert copy.get(own_page).status_code == 200
    log_out(browser.request())
    assert copy.get(own_page, headers={"HX-Request": "1"}).status_code == 401


@pytest.mark.parametrize(
    ("seconds", "active", "status"), [(3600, False, 200), (7201, False, 401), (40_000, True, 200), (43_201, True, 401)]
)
def test_idle_and_absolute_timeout(
    cast: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch, seconds: int, active: bool, status: int
) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    start = time.time()
    for moment in range(3600, min(seconds, 43_000), 3600) if active else ():
        monkeypatch.setattr(web.time, "time", lambda moment=moment: start + moment)
        assert browser.get(own_page).status_code == 200
    monkeypatch.setattr(web.time, "time", lambda: start + seconds)
    assert browser.get(own_page, headers={"HX-Request": "1"}).status_code == status


def test_acting_as_somebody_else(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.north, cast.nora)
    nora = web.login_of(browser.session)
    assert nora is not None
    with pytest.raises(NotAllowed):
        log_in_as(browser.request(), nora.principal, cast.tree.master, cast.olga)
    log_in_as(browser.request(), nora.principal, cast.tree.bakery, cast.bob)
    browser.session.save()
    acting = web.login_of(browser.session)
    assert acting is not None
    assert (acting.principal.user_id, acting.principal.impersonator_user_id) == (cast.bob.pk, cast.nora.pk)
    change(cast.nora, cast.tree.north, enabled=False)
    assert web.login_of(browser.session) is None


def test_the_middleware_leaves_no_scope_behind(cast: Cast, browser: Browser) -> None:
    browser.log_in(cast.tree.bakery, cast.alice)
    browser.get(own_page)
    with account_scope(cast.tree.clinic):
        assert current_account_id() == cast.tree.clinic.id
