"""The websocket: frames in and out, what is delivered, and when a socket is closed."""

from __future__ import annotations

import json

import pytest

from apps.foundation.accounts.actions import disable_account, enable_account
from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document, delete_document
from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events.publishing import send
from apps.foundation.identity.principal import system_principal
from apps.interfaces.websockets import consumers
from apps.interfaces.websockets.sessions import open_session, open_sessions
from apps.pbx.groups.models import Group
from tests.company import Company
from tests.websocket_client import websocket

pytestmark = pytest.mark.django_db


async def test_a_change_is_told_once_it_is_committed(company: Company) -> None:
    bakery, alice = company.tree.bakery, company.people["alice"]

    def change() -> str:
        with account_scope(bakery):
            group = create_document(Group, {"name": "Ovens"}, system_principal(bakery.id))
            delete_document(group, system_principal(bakery.id))
        return str(group.pk)

    async with websocket() as socket:
        wanted = ["object.doc_created.group", f"object.doc_deleted.{bakery.id}.group.*"]
        reply = await socket.say("subscribe", alice.token, account_id=bakery.id, bindings=wanted)
        assert reply["status"] == "success"
        assert reply["request_id"] == "r1"
        assert reply["data"]["subscribed"] == wanted
        group_id = await in_directory(change)
        created, deleted = await socket.hear(), await socket.hear()
    assert created["action"] == "event"
    assert created["subscribed_key"] == wanted[0]
    assert created["name"] == "doc_created"
    assert created["routing_key"] == f"object.doc_created.group.{group_id}"
    assert created["data"] == {"action": "doc_created", "type": "group", "id": group_id, "account_id": bakery.id}
    assert deleted["subscribed_key"] == wanted[1]


async def test_unsubscribe_stops_the_events(company: Company) -> None:
    bakery, alice = company.tree.bakery, company.people["alice"]
    async with websocket() as socket:
        await socket.say("subscribe", alice.token, account_id=bakery.id, binding="object.*.group")
        reply = await socket.say("unsubscribe", alice.token, account_id=bakery.id, binding="object.*.group")
        assert reply["data"] == {"unsubscribed": ["object.*.group"], "subscriptions": [], "errors": []}
        await in_directory(send, [DocumentChanged(bakery.id, "doc_edited", "group", "g1")])
        assert await socket.is_silent()


async def test_open_sockets_are_listed_and_forgotten(company: Company) -> None:
    bakery, alice = company.tree.bakery, company.people["alice"]
    async with websocket() as socket:
        await socket.say("subscribe", alice.token, account_id=bakery.id, binding="object.*.group")
        (session,) = await in_directory(open_sessions, bakery.id)
        assert session["bindings"] == ["object.*.group"]
        found = await in_directory(open_session, bakery.id, session["websocket_session_id"])
        assert found == session
        assert await in_directory(open_sessions, company.tree.clinic.id) == []
    assert await in_directory(open_sessions, bakery.id) == []


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        (json.dumps({"action": "shout"}), "unknown action"),
        (json.dumps({"action": "subscribe"}), "account_id"),
        (json.dumps({"action": "subscribe", "data": {"account_id": "x"}}), "account_id"),
        (json.dumps({"action": "subscribe", "data": {"account_id": "0" * 32}}), "binding is missing"),
        (json.dumps({"action": "subscribe", "data": {"account_id": "0" * 32, "bindings": "call"}}), "list"),
        ("[" * 100_000, "64 KiB"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_stays(company: Company, frame: str, says: str) -> None:
    async with websocket() as socket:
        reply = await socket.say_raw(frame)
        assert reply["status"] == "error"
        assert says in reply["data"]["errors"][0]
        assert await socket.is_silent()


async def test_a_bad_token_is_named_as_clients_expect(company: Company) -> None:
    """Their reaction to this very sentence is to sign in again."""
    async with websocket() as socket:
        reply = await socket.say("subscribe", "x", account_id=company.tree.bakery.id, binding="call.*.*")
        assert reply["data"]["errors"] == ["failed to authenticate token"]


async def test_a_socket_does_not_outlive_its_token(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.1)
    eve = await in_directory(company.hire, "eve", company.tree.bakery, "admin")

    def dismiss() -> None:
        with account_scope(company.tree.bakery):
            delete_document(eve.login, system_principal(company.tree.bakery.id))

    async with websocket() as socket:
        await socket.say("subscribe", eve.token, account_id=company.tree.bakery.id, binding="call.*.*")
        await in_directory(dismiss)
        assert await socket.closed_with() == consumers.CLOSE_TOKEN


@pytest.mark.parametrize("disabled", ["north", "branch"])
async def test_a_socket_is_closed_at_once_with_its_account_or_one_above(company: Company, disabled: str) -> None:
    branch = company.tree.branch
    account, operator = getattr(company.tree, disabled), system_principal(company.tree.master.id)
    fred = await in_directory(company.hire, f"fred-{disabled}", branch, "admin")
    async with websocket() as socket, websocket() as above, websocket() as elsewhere:
        olga, dave = company.people["olga"], company.people["dave"]
        await socket.say("subscribe", fred.token, account_id=branch.id, binding="call.*.*")
        await above.say("subscribe", olga.token, account_id=company.tree.master.id, binding="call.*.*")
        await elsewhere.say("subscribe", dave.token, account_id=company.tree.harbour.id, binding="call.*.*")
        await in_directory(disable_account, account, operator)
        try:
            assert await socket.closed_with(seconds=2) == consumers.CLOSE_TOKEN
            assert await above.is_silent()
            assert await elsewhere.is_silent()
        finally:
            await in_directory(enable_account, account, operator)


async def test_a_client_that_does_not_keep_up_is_closed(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "QUEUE_LENGTH", 3)
    bakery = company.tree.bakery
    async with websocket() as socket:
        await socket.say("subscribe", company.people["alice"].token, account_id=bakery.id, binding="object.*.group")
        await in_directory(send, [DocumentChanged(bakery.id, "doc_edited", "group", f"g{n}") for n in range(50)])
        assert await socket.closed_with() == consumers.CLOSE_TOO_SLOW
