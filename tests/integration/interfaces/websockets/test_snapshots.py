"""A client that begins with a snapshot misses nothing and gets nothing twice, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest
from django.db import transaction

from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.events import outbox
from apps.foundation.events.live import announce
from apps.foundation.events.models import OutboxEntry
from apps.foundation.events.publishing import publish
from apps.foundation.events.subscription import subscription
from apps.foundation.kit.clock import now
from apps.interfaces.websockets import consumers
from apps.interfaces.websockets.snapshots import Horizon
from apps.switching.calls.models import LiveChannel
from apps.switching.presence.events import LampSet
from apps.switching.switches.applier import apply_facts
from apps.switching.switches.events import CallChanged
from apps.switching.switches.facts import CallEnded, CallStarted, Leg
from tests.company import Company
from tests.websocket_client import Socket, everything_handed_out, websocket

pytestmark = pytest.mark.django_db


def leg(account_id: str, uuid: str) -> Leg:
    return Leg(uuid=uuid, switch="fs1", account_id=account_id, direction="inbound", created=now())


def clear() -> None:
    LiveChannel.objects.all().delete()
    OutboxEntry.objects.all().delete()


async def follow(socket: Socket, company: Company, *bindings: str) -> dict[str, Any]:
    asked = {"account_id": company.tree.bakery.id, "bindings": list(bindings), "snapshot": True}
    reply = await socket.say("subscribe", company.people["alice"].token, **asked)
    assert reply["status"] == "success", reply
    data: dict[str, Any] = reply["data"]
    return data


@pytest.mark.parametrize(
    ("transaction_id", "seen"), [(9, True), (10, False), (11, True), (12, False), (13, True), (14, False), (0, False)]
)
def test_the_horizon_is_postgresqls(transaction_id: int, seen: bool) -> None:
    assert Horizon.parse("10:14:10,12").includes(transaction_id) is seen


async def test_the_state_then_what_changes(company: Company) -> None:
    bakery = company.tree.bakery.id
    first = leg(bakery, "first")
    await in_directory(apply_facts, [CallStarted(first)])
    try:
        async with websocket() as socket:
            data = await follow(socket, company, "call.*.*")
            assert [call["uuid"] for call in data["snapshot"]["calls"]] == ["first"]
            assert data["sequence"] == 0
            await in_directory(apply_facts, [CallStarted(leg(bakery, "second")), CallEnded(first, now(), "NORMAL")])
            heard = [await socket.hear(), await socket.hear()]
            assert [one["sequence"] for one in heard] == [1, 2]
            assert [one["routing_key"] for one in heard] == ["call.CHANNEL_CREATE.second", "call.CHANNEL_DESTROY.first"]
            again = await follow(socket, company, "call.CHANNEL_CREATE.second")
            assert again["sequence"] == 2
            assert [call["uuid"] for call in again["snapshot"]["calls"]] == ["second"]
    finally:
        await in_directory(clear)


async def test_what_the_snapshot_holds_is_not_told_again(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event whose transaction had committed, and that is announced only after the snapshot was taken."""
    bakery = company.tree.bakery.id
    kept: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "announce", lambda events: kept.extend(events))
        await in_directory(apply_facts, [CallStarted(leg(bakery, "first"))])
    try:
        async with websocket() as socket:
            data = await follow(socket, company, "call.*.*")
            assert [call["uuid"] for call in data["snapshot"]["calls"]] == ["first"]
            await in_directory(announce, kept)
            assert await socket.is_silent()
    finally:
        await in_directory(clear)


async def test_what_commits_after_the_snapshot_is_told(company: Company) -> None:
    """A transaction that was going on while the snapshot was taken: it had an id already, and was not seen."""
    bakery = company.tree.bakery.id
    written, taken = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            apply_facts([CallStarted(leg(bakery, "slow"))])
            written.set()
            assert taken.wait(10)

    working = asyncio.ensure_future(in_directory(slowly))
    try:
        assert await asyncio.to_thread(written.wait, 10)
        async with websocket() as socket:
            data = await follow(socket, company, "call.*.*")
            assert data["snapshot"]["calls"] == []
            taken.set()
            await working
            assert (await socket.hear())["routing_key"] == "call.CHANNEL_CREATE.slow"
    finally:
        taken.set()
        await in_directory(clear)


async def test_calls_that_come_and_go_meanwhile_add_up(company: Company) -> None:
    """Snapshots at random moments of a storm: each, with what followed it, is the state in the end."""
    bakery = company.tree.bakery.id
    rounds = random.Random(7)

    def storm(thread: int) -> None:
        alive: list[Leg] = []
        for turn in range(40):
            if alive and rounds.random() < 0.4:
                apply_facts([CallEnded(alive.pop(), now(), "NORMAL")])
            else:
                alive.append(leg(bakery, f"{thread}-{turn}"))
                apply_facts([CallStarted(alive[-1])])

    async def one_client(pause: float) -> tuple[set[str], list[int], list[str]]:
        await asyncio.sleep(pause)
        async with websocket() as socket:
            data = await follow(socket, company, "call.CHANNEL_CREATE.*", "call.CHANNEL_DESTROY.*")
            calls, numbers, told = {one["uuid"] for one in data["snapshot"]["calls"]}, [], []
            await storming
            await everything_handed_out()
            await socket.send_ping()
            while (frame := await socket.hear())["action"] == "event":
                numbers.append(frame["sequence"])
                told.append(frame["routing_key"])
                change, uuid = frame["name"], frame["data"]["call_id"]
                assert (uuid in calls) is (change == "CHANNEL_DESTROY"), f"{change} of {uuid} comes twice or is missing"
                calls ^= {uuid}
            return calls, numbers, told

    storming = asyncio.gather(*(in_directory(storm, number) for number in range(3)))
    try:
        outcomes = await asyncio.gather(*(one_client(0.03 * number) for number in range(6)))
        present = await in_directory(lambda: set(LiveChannel.objects.values_list("uuid", flat=True)))
        for calls, numbers, told in outcomes:
            assert calls == present
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(told) == len(set(told))
        assert any(numbers for _calls, numbers, _told in outcomes)
    finally:
        await in_directory(clear)


async def test_a_binding_without_a_snapshot_goes_on_meanwhile(company: Company) -> None:
    bakery = company.tree.bakery.id
    async with websocket() as socket:
        token = company.people["alice"].token
        await socket.say("subscribe", token, account_id=bakery, binding="presence.update.*")
        await follow(socket, company, "registration.*")
        await in_directory(publish, LampSet(bakery, "101", "early"))
        heard = await socket.hear()
        assert (heard["routing_key"], heard["sequence"]) == ("presence.update.101", 1)


async def test_an_event_that_is_brought_again_is_told_once(company: Company) -> None:
    bakery = company.tree.bakery.id
    event = outbox.told(CallChanged(bakery, "CHANNEL_ANSWER", leg(bakery, "x")))
    async with websocket() as socket:
        await follow(socket, company, "call.*.*")
        for _ in range(2):
            await in_directory(announce, [event])
        assert (await socket.hear())["id"] == event.id
        assert await socket.is_silent()


async def test_who_may_have_missed_something_is_told_to_begin_anew(company: Company) -> None:
    async with websocket() as socket, websocket() as plain:
        await follow(socket, company, "call.*.*")
        token = company.people["alice"].token
        await plain.say("subscribe", token, account_id=company.tree.bakery.id, binding="call.*.*")
        client = subscription()
        await in_directory(lose_subscriptions)
        assert await socket.closed_with() == consumers.CLOSE_MISSED
        assert client is subscription()
        assert await plain.is_silent()


def lose_subscriptions() -> None:
    """What a restart of the broker does."""
    from apps.foundation.events.live import client

    client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def test_parked_calls_are_asked_for_by_their_own_words(company: Company) -> None:
    from apps.pbx.parking.models import ParkedCall

    bakery = company.tree.bakery.id

    def park() -> None:
        ParkedCall.objects.create(account_id=bakery, slot="101", call_id="waiting", switch="fs1")

    await in_account(bakery, park)
    try:
        async with websocket() as socket:
            shown = (await follow(socket, company, "call.PARK_PARKED.*"))["snapshot"]
            assert ([one["parking_slot"] for one in shown["parked_calls"]], shown["calls"]) == (["101"], [])
            shown = (await follow(socket, company, "call.CHANNEL_CREATE.*"))["snapshot"]
            assert shown["parked_calls"] == []
    finally:
        await in_account(bakery, lambda: ParkedCall.objects.all().delete())
