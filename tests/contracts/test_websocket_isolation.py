"""Nobody listens to an account that is not theirs. Every binding there is is tried by everybody who must not have it.

The bindings come from `available_bindings`, and the routes from the application: a new one is tried without a word
here, or fails the test that counts them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.events.event import Event
from apps.foundation.events.publishing import send
from apps.foundation.events.subscription import subscription
from apps.foundation.kit.clock import now
from apps.interfaces.websockets.bindings import available_bindings, parse_binding
from apps.pbx.parking.models import ParkedCall
from apps.switching.calls.models import LiveChannel
from apps.switching.presence.models import LampTold, MailboxCount
from apps.switching.registrar.models import Registration
from apps.switching.rooms.models import LiveMember
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
    happened = [binding.replace("*", "secret-id") for binding in BINDINGS]
    happened = [f"{name}.secret-id" if name.startswith("object.") else name for name in happened]
    return [Happened(account_id, name, content) for name in happened]


async def publish(events: list[Event]) -> None:
    await in_directory(send, events)


def test_every_binding_is_tried() -> None:
    """Each is taken, and matches one of the events that are tried."""
    keys = [event.key for event in everything("0" * 32)]
    for binding in BINDINGS:
        assert [key for key in keys if parse_binding(binding, "0" * 32).matches(key)], binding
    assert {binding.split(".")[0] for binding in BINDINGS} == set(available_bindings())


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
        "recording.*",
        "object.*.*",
        "call.*.secret-call",
    ]
    wanted.append(f"object.doc_edited.{target.id}.device.*")
    async with websocket() as socket:
        for binding in wanted:
            for snapshot in (False, True):
                reply = await socket.say("subscribe", token, account_id=target.id, binding=binding, snapshot=snapshot)
                assert reply["status"] == "error", binding
                assert "snapshot" not in reply["data"]
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


def put_in(account: Account, owner_id: str) -> None:
    """One thing of every kind a snapshot shows."""
    known = {"account_id": account.id, "switch": "fs1"}
    name = f"{account.id[:8]}-{owner_id[:8]}"
    call = {"direction": "inbound", "created": now(), "owner_id": owner_id, "caller_id_name": name}
    LiveChannel.objects.create(uuid=f"call-{name}", **known, **call)
    member = {"room_id": name, "conference_id": name, "member_id": 1, "owner_id": owner_id}
    LiveMember.objects.create(uuid=f"member-{name}", **known, **member)
    LampTold.objects.create(account_id=account.id, presence_id=name, state="confirmed")
    MailboxCount.objects.create(mailbox_id=name, account_id=account.id, number=name, owner_id=owner_id, new=1)
    contact = {"realm": account.realm, "username": name, "contact": f"sip:{name}", "device_id": name}
    Registration.objects.create(**known, **contact, owner_id=owner_id, call_id=name, expires=now() + timedelta(hours=1))
    with account_scope(account):
        ParkedCall.objects.create(account_id=account.id, slot=name[:16], call_id=f"parked-{name}", switch="fs1")


def take_out() -> None:
    for kind in (LiveChannel, LiveMember, LampTold, MailboxCount, Registration):
        kind.objects.all().delete()


PARTS = {"calls", "parked_calls", "participants", "lamps", "messages", "registrations"}


@pytest.fixture(scope="module")
def going_on(company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Something goes on in every account of the tree, for two people in one of them."""
    accounts = [getattr(company.tree, name) for name in ("bakery", "master", "north", "south", "clinic", "branch")]
    with django_db_blocker.unblock():
        put_in(accounts[0], str(company.people["bob"].login.pk))
        for account in accounts:
            put_in(account, str(company.people["bella"].login.pk))
        try:
            yield
        finally:
            take_out()
            for account in accounts:
                with account_scope(account):
                    ParkedCall.objects.all().delete()


async def test_a_snapshot_shows_one_account(company: Company, going_on: None) -> None:
    bakery = company.tree.bakery
    for binding in BINDINGS:
        async with websocket() as socket:
            token = company.people["alice"].token
            reply = await socket.say("subscribe", token, account_id=bakery.id, binding=binding, snapshot=True)
            assert reply["status"] == "success", reply
            shown = reply["data"]["snapshot"]
            assert set(shown) <= PARTS
            for part in (part for part in shown.values() if part):
                assert len(part) == 2
                assert all(bakery.id[:8] in str(row) for row in part)
            others = (company.tree.north, company.tree.clinic, company.tree.branch, company.tree.master)
            assert not any(other.id[:8] in str(shown) for other in others)


async def test_a_snapshot_shows_a_user_their_own_calls(company: Company, going_on: None) -> None:
    bob = company.people["bob"]
    async with websocket() as socket:
        asked = {"account_id": company.tree.bakery.id, "snapshot": True}
        reply = await socket.say("subscribe", bob.token, binding="call.*.*", **asked)
        (call,) = reply["data"]["snapshot"]["calls"]
        assert call["owner_id"] == str(bob.login.pk)
        assert reply["data"]["snapshot"]["parked_calls"] == []
        for binding in ("presence.*", "registration.*", "conference.event.*"):
            refused = await socket.say("subscribe", bob.token, binding=binding, **asked)
            assert (refused["status"], "snapshot" in refused["data"]) == ("error", False)


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
