"""Nobody listens to an account that is not theirs. Every binding there is is tried by everybody who must not have it.

The bindings come from `available_bindings`, and the routes from the application: a new one is tried without a word
here, or fails the test that counts them.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.events.event import Event
from apps.foundation.events.publishing import send
from apps.foundation.events.subscription import subscription
from apps.interfaces.websockets.bindings import (
    CALL_EVENTS,
    OBJECT_ACTIONS,
    OBJECT_TYPES,
    PRESENCE_EVENTS,
    REGISTRATION_EVENTS,
    VOICEMAIL_EVENTS,
    available_bindings,
)
from tests.company import Company, Person, session_of
from tests.websocket_client import Socket, everything_handed_out, websocket

pytestmark = pytest.mark.django_db
BINDINGS = [re.sub(r"\{\w+\}", "*", text) for kind in available_bindings().values() for text in kind]
#: Who tries, and whose account: the other reseller and its customer, the sibling customer, a customer its own reseller.
STRANGERS = [
    ("sven", "bakery"),
    ("dave", "bakery"),
    ("carol", "bakery"),
    ("nora", "harbour"),
    ("nora", "south"),
    ("alice", "north"),
    ("alice", "master"),
    ("nora", "master"),
    ("bob", "north"),
    ("bob", "clinic"),
    ("bob", "branch"),
    (None, "bakery"),
    (None, "master"),
]
ALLOWED = [("alice", "bakery"), ("nora", "bakery"), ("olga", "bakery"), ("alice", "branch"), ("olga", "harbour")]


@dataclass(frozen=True, slots=True)
class Happened(Event):
    """Any event, for the wire."""

    name: str
    content: dict[str, Any]

    @property
    def key(self) -> str:
        return self.name

    def data(self) -> dict[str, Any]:
        return self.content


def everything(account_id: str, **content: Any) -> list[Event]:
    """One event for every binding there is."""
    happened = [f"call.{event}.secret-call" for event in CALL_EVENTS]
    happened += [f"object.{action}.{noun}.secret-id" for action in OBJECT_ACTIONS for noun in OBJECT_TYPES]
    happened += ["conference.command.secret-id", "conference.event.secret-id.secret-call"]
    happened += [f"presence.{what}.secret-id" for what in PRESENCE_EVENTS]
    happened += [f"registration.{what}.secret-id" for what in REGISTRATION_EVENTS]
    happened += [f"voicemail.{what}.secret-id" for what in VOICEMAIL_EVENTS]
    return [Happened(account_id, name, content) for name in happened]


async def publish(events: list[Event]) -> None:
    await in_directory(send, events)


def test_every_binding_is_tried() -> None:
    assert {binding.split(".")[1] for binding in BINDINGS} == {
        *CALL_EVENTS,
        *OBJECT_ACTIONS,
        *PRESENCE_EVENTS,
        *REGISTRATION_EVENTS,
        *VOICEMAIL_EVENTS,
        "command",
        "event",
    }
    simple = len(CALL_EVENTS) + len(PRESENCE_EVENTS) + len(REGISTRATION_EVENTS) + len(VOICEMAIL_EVENTS) + 2
    assert len(BINDINGS) == simple + len(OBJECT_ACTIONS) * len(OBJECT_TYPES)


def test_every_socket_is_tried() -> None:
    """A further websocket needs tests of its own here."""
    from kazoo import discovery

    routes = [str(route.pattern) for module in discovery.offered("routing") for route in module.websocket_urlpatterns]
    assert sorted(routes) == ["^websocket/?$", "ws/portal"]


@pytest.mark.parametrize(("stranger", "account"), STRANGERS)
async def test_a_stranger_is_refused_every_binding_and_told_nothing(
    company: Company, stranger: str | None, account: str
) -> None:
    token = company.people[stranger].token if stranger else ""
    target = getattr(company.tree, account)
    wanted = [
        *BINDINGS,
        "call.*.*",
        "conference.event.*",
        "presence.*",
        "registration.*",
        "voicemail.*",
        "object.*.*",
        "call.*.secret-call",
    ]
    wanted.append(f"object.doc_edited.{target.id}.device.*")
    async with websocket() as socket:
        for binding in wanted:
            reply = await socket.say("subscribe", token, account_id=target.id, binding=binding)
            assert reply["status"] == "error", binding
            assert target.id not in str(reply)
        await publish(everything(target.id))
        assert await socket.is_silent()


@pytest.mark.parametrize(("person", "account"), ALLOWED)
async def test_an_administrator_hears_the_accounts_of_their_own_and_below(
    company: Company, person: str, account: str
) -> None:
    target = getattr(company.tree, account)
    async with websocket() as socket:
        await listen_to_all(socket, company.people[person].token, target.id)
        await publish(everything(target.id))
        heard = {(await socket.hear())["routing_key"] for _ in everything(target.id)}
        assert heard == {event.key for event in everything(target.id)}


async def test_a_listener_of_one_account_hears_no_other(company: Company) -> None:
    """Neither the accounts around it, nor those above and below it."""
    tree = company.tree
    async with websocket() as socket:
        await listen_to_all(socket, company.people["alice"].token, tree.bakery.id)
        for other in (tree.master, tree.north, tree.south, tree.clinic, tree.harbour, tree.branch):
            await publish(everything(other.id))
        assert await socket.is_silent()


@pytest.mark.parametrize("database", ["south", "clinic", "north"])
async def test_a_binding_cannot_name_another_accounts_database(company: Company, database: str) -> None:
    other = getattr(company.tree, database).id
    spellings = (other, f"account/{other[:2]}/{other[2:4]}/{other[4:]}", f"account%2F{other}", f"{other}-202601")
    async with websocket() as socket:
        for spelling in spellings:
            reply = await socket.say(
                "subscribe",
                company.people["alice"].token,
                account_id=company.tree.bakery.id,
                binding=f"object.doc_edited.{spelling}.device.*",
            )
            assert reply["status"] == "error", spelling


async def test_a_user_hears_their_own_calls_and_no_documents(company: Company) -> None:
    bakery, bob, bella = company.tree.bakery, company.people["bob"], company.people["bella"]
    async with websocket() as socket:
        for binding in BINDINGS:
            reply = await socket.say("subscribe", bob.token, account_id=bakery.id, binding=binding)
            assert reply["status"] == ("success" if binding.startswith("call.") else "error"), binding
        await publish(everything(bakery.id, owner_id=bella.login.pk))
        await publish(everything(bakery.id))
        assert await socket.is_silent()
        await publish([Happened(bakery.id, "call.CHANNEL_ANSWER.mine", {"owner_id": bob.login.pk})])
        assert (await socket.hear())["routing_key"] == "call.CHANNEL_ANSWER.mine"


async def test_a_users_token_does_not_inherit_what_an_administrator_bound(company: Company) -> None:
    bakery = company.tree.bakery
    async with websocket() as socket:
        await listen_to_all(socket, company.people["alice"].token, bakery.id)
        reply = await socket.say("subscribe", company.people["bob"].token, account_id=bakery.id, binding="call.*.*")
        assert reply["status"] == "success"
        await publish(everything(bakery.id))
        assert await socket.is_silent()


async def listen_to_all(socket: Socket, token: str, account_id: str) -> None:
    reply = await socket.say("subscribe", token, account_id=account_id, bindings=BINDINGS)
    assert reply["status"] == "success", reply


async def pages_socket(person: Person | None, account_id: str) -> AbstractAsyncContextManager[Socket]:
    """The websocket of the pages, opened by the browser of somebody."""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    if person is not None:
        key = await in_directory(session_of, person)
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
    return websocket("/ws/portal", f"account_id={account_id}", headers)


@pytest.mark.parametrize(("stranger", "account"), STRANGERS)
async def test_the_pages_socket_is_closed_to_strangers(company: Company, stranger: str | None, account: str) -> None:
    target = getattr(company.tree, account)
    async with await pages_socket(company.people[stranger] if stranger else None, target.id) as socket:
        await publish(everything(target.id))
        assert await socket.closed_with() == (4403 if stranger else 4401)
        assert socket.frames == 0


async def test_the_pages_socket_tells_a_user_of_their_own_calls_only(company: Company) -> None:
    bakery, bob, bella = company.tree.bakery, company.people["bob"], company.people["bella"]
    async with await pages_socket(bob, bakery.id) as socket:
        async with asyncio.timeout(5):
            while (bakery.id, "") not in subscription()._listeners:  # accepted before it listens
                await asyncio.sleep(0.01)
        await publish(everything(bakery.id, owner_id=bella.login.pk))
        await everything_handed_out()
        await publish([Happened(bakery.id, "call.CHANNEL_ANSWER.mine", {"owner_id": bob.login.pk})])
        assert "mine" in str(await socket.hear())
