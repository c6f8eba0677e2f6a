"""The WebSocket of the pages: who hears what, in the pages' words, and when it is closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.conf import settings
from django.test import Client
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.actions import disable_account, enable_account
from apps.foundation.accounts.bridge import in_directory
from apps.foundation.events.event import Event
from apps.foundation.events.publishing import send
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import system_principal
from apps.interfaces.portal.consumers import PortalConsumer
from apps.interfaces.portal.push import told_as
from apps.interfaces.portal.routing import websocket_urlpatterns
from tests.company import PASSWORD, Company, Person, dissolve, found_company
from tests.websocket_client import everything_handed_out

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)


@dataclass(frozen=True, slots=True)
class Happened(Event):
    name: str
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return self.name

    def data(self) -> dict[str, Any]:
        return self.content


def session_of(person: Person) -> str:
    browser = Client()
    form = {"account": person.account.realm, "username": person.login.username, "password": PASSWORD}
    assert browser.post("/login", form).status_code == 302
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


@asynccontextmanager
async def page(
    session: str, account_id: str, origin: bytes = b"http://portal.test"
) -> AsyncIterator[ApplicationCommunicator]:
    scope = {
        "type": "websocket",
        "path": "/ws/portal",
        "query_string": f"account_id={account_id}".encode(),
        "headers": [
            (b"host", b"portal.test"),
            (b"origin", origin),
            (b"cookie", f"theme=dark; {settings.SESSION_COOKIE_NAME}={session}".encode()),
        ],
        "subprotocols": [],
    }
    socket = ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    try:
        yield socket
    finally:
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(5)


async def heard(socket: ApplicationCommunicator) -> dict[str, Any]:
    message = await socket.receive_output(5)
    assert message["type"] == "websocket.send", message
    found: dict[str, Any] = json.loads(message["text"])
    return found


async def closed_with(socket: ApplicationCommunicator) -> int:
    message = await socket.receive_output(5)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


async def listening(account_id: str) -> None:
    """Wait until somebody listens to the account: the socket is accepted before it has looked."""
    from apps.foundation.events.subscription import subscription

    async with asyncio.timeout(5):
        while (account_id, "") not in subscription()._listeners:
            await asyncio.sleep(0.005)
    await everything_handed_out()


async def happen(account_id: str, key: str, **data: Any) -> None:
    await in_directory(send, [Happened(account_id, key, data)])


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("call.CHANNEL_CREATE.x", "call.created"),
        ("call.CHANNEL_ANSWER.x", "call.answered"),
        ("call.CHANNEL_BRIDGE.x", "call.bridged"),
        ("call.CHANNEL_DESTROY.x.y", "call.ended"),
        ("registration.registered.x", "device.registered"),
        ("registration.unregistered.x", "device.unregistered"),
        ("object.doc_edited.device.x", "device.changed"),
        ("object.doc_edited.callflow.x", None),
        ("account.moved.x", None),
        ("nonsense", None),
    ],
)
def test_events_in_the_pages_words(key: str, told: str | None) -> None:
    assert told_as(key) == told


async def test_an_administrator_hears_his_account(company: Company) -> None:
    bakery = company.tree.bakery
    session = await in_directory(session_of, company.people["alice"])
    async with page(session, bakery.id) as socket:
        await listening(bakery.id)
        await happen(company.tree.clinic.id, "call.CHANNEL_CREATE.secret")
        await happen(bakery.id, "call.CHANNEL_ANSWER.leg-1", caller_id_number="+13125550199")
        assert await heard(socket) == {"event": "call.answered", "data": {"id": "leg-1"}}


async def test_a_reseller_hears_the_accounts_below(company: Company) -> None:
    session = await in_directory(session_of, company.people["nora"])
    async with page(session, company.tree.north.id) as socket:
        await listening(company.tree.branch.id)
        await happen(company.tree.harbour.id, "call.CHANNEL_CREATE.secret")
        await happen(company.tree.branch.id, "registration.registered.phone-1")
        assert await heard(socket) == {"event": "device.registered", "data": {"id": "phone-1"}}


async def test_a_plain_user_hears_his_own_only(company: Company) -> None:
    bakery, bob = company.tree.bakery, company.people["bob"]
    session = await in_directory(session_of, bob)
    async with page(session, bakery.id) as socket:
        await listening(bakery.id)
        await happen(bakery.id, "call.CHANNEL_CREATE.bellas", owner_id=str(company.people["bella"].login.pk))
        await happen(bakery.id, "object.doc_edited.device.d1")
        await happen(bakery.id, "call.CHANNEL_BRIDGE.bobs", owner_id=str(bob.login.pk))
        assert (await heard(socket))["event"] == "call.bridged"


async def test_a_storm_is_told_as_few_words(company: Company) -> None:
    bakery = company.tree.bakery
    session = await in_directory(session_of, company.people["alice"])
    async with page(session, bakery.id) as socket:
        await listening(bakery.id)
        for number in range(500):
            await happen(bakery.id, f"call.CHANNEL_CREATE.leg-{number}")
        await everything_handed_out()
        told = [await heard(socket)]
        while told[-1]["data"]["id"] != "leg-499":
            told.append(await heard(socket))
        assert len(told) < 250


@pytest.mark.parametrize(
    ("who", "account", "code"),
    [
        ("alice", "clinic", 4403),
        ("alice", "north", 4403),
        ("sven", "bakery", 4403),
        ("bob", "branch", 4403),
        (None, "bakery", 4401),
    ],
)
async def test_strangers_are_sent_away(who: str | None, account: str, code: int, company: Company) -> None:
    session = await in_directory(session_of, company.people[who]) if who else "not-a-session"
    async with page(session, getattr(company.tree, account).id) as socket:
        assert await closed_with(socket) == code


async def test_another_sites_page_may_not_use_the_cookie(company: Company) -> None:
    session = await in_directory(session_of, company.people["alice"])
    async with page(session, company.tree.bakery.id, origin=b"https://evil.test") as socket:
        assert await closed_with(socket) == 4403


async def test_a_socket_ends_with_its_session(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PortalConsumer, "recheck_seconds", 0.05)
    bella = company.people["bella"]
    session = await in_directory(session_of, bella)

    def sign_out_everywhere() -> None:
        from apps.foundation.identity.actions import void_user_tokens
        from apps.foundation.identity.principal import system_principal

        login: Login = bella.login
        void_user_tokens(bella.account, login, system_principal(bella.account.id))

    async with page(session, company.tree.bakery.id) as socket:
        await listening(company.tree.bakery.id)
        await in_directory(sign_out_everywhere)
        assert await closed_with(socket) == 4401


@pytest.mark.parametrize("disabled", ["north", "branch"])
async def test_a_socket_ends_at_once_with_its_account_or_one_above(company: Company, disabled: str) -> None:
    branch, operator = company.tree.branch, system_principal(company.tree.master.id)
    fred = await in_directory(company.hire, f"fred-{disabled}", branch, "admin")
    async with page(await in_directory(session_of, fred), branch.id) as socket:
        await listening(branch.id)
        await in_directory(disable_account, getattr(company.tree, disabled), operator)
        try:
            assert await socket.receive_output(2) == {"type": "websocket.close", "code": 4401}
        finally:
            await in_directory(enable_account, getattr(company.tree, disabled), operator)
