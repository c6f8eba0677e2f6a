"""Nothing that was committed is lost on its way, and nothing that was not is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from apps.foundation.documents.events import DocumentChanged
from apps.foundation.events import outbox
from apps.foundation.events import tasks as event_tasks
from apps.foundation.events.handled import first_time, forget_handled
from apps.foundation.events.live import CHANNEL
from apps.foundation.events.models import Handled, OutboxEntry
from apps.foundation.events.outbox import enqueue, relay
from apps.foundation.events.publishing import publish
from apps.foundation.events.reactions import Told, _readers, reacts_to
from apps.foundation.kit.clock import now
from apps.switching.presence.events import LampSet
from tests.cast import Tree

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60"


class Broker:
    """What arrives: tasks in the queue, events on the channel, each by its id."""

    def __init__(self) -> None:
        self.valkey = redis.Redis.from_url(settings.REDIS_URL)
        self.queue = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        self.queue.delete(settings.CELERY_TASK_DEFAULT_QUEUE)
        self._channel = self.valkey.pubsub()
        self._channel.subscribe(CHANNEL)
        assert self._channel.get_message(timeout=5) is not None

    def tasks(self) -> list[tuple[str, str]]:
        """`(name, id)` of what waits in the queue, oldest first."""
        waiting = self.queue.lrange(settings.CELERY_TASK_DEFAULT_QUEUE, 0, -1)
        headers = [json.loads(one)["headers"] for one in reversed(waiting)]
        return [(one["task"], one["id"]) for one in headers]

    def told(self) -> list[str]:
        """The ids of the events told since the last look."""
        found = []
        while (message := self._channel.get_message(timeout=0.3)) is not None:
            found += [event["id"] for event in json.loads(message["data"])]
        return found


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    OutboxEntry.objects.all().delete()
    found = Broker()
    yield found
    found.queue.delete(settings.CELERY_TASK_DEFAULT_QUEUE)
    OutboxEntry.objects.all().delete()
    Handled.objects.all().delete()


@pytest.fixture
def heard() -> Iterator[list[Told]]:
    """A reader of the changes of devices."""
    found: list[Told] = []

    def remember(event: Told) -> None:
        found.append(event)

    reacts_to("testing", "object.doc_edited.device")(remember)
    yield found
    del _readers["testing"]


def edited(account_id: str) -> DocumentChanged:
    return DocumentChanged(account_id, "doc_edited", "device", "d1")


def wait_no_longer() -> None:
    OutboxEntry.objects.update(due=now())


def let_be_killed(account_id: str, where: str) -> None:
    named = connection.settings_dict
    address = f"postgres://{named['USER']}:{named['PASSWORD']}@{named['HOST']}:{named['PORT']}/{named['NAME']}"
    module = "tests.integration.foundation.events.killed"
    result = subprocess.run(
        [sys.executable, "-m", module, account_id, where],
        env={
            **os.environ,
            "DATABASE_URL": address,
            "REDIS_URL": settings.REDIS_URL,
            "BROKER_URL": settings.CELERY_BROKER_URL,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == -signal.SIGKILL, result.stderr[-2000:]


@pytest.mark.parametrize("where", ["before it tells", "before it deletes"])
def test_a_process_killed_after_its_commit_loses_nothing(broker: Broker, where: str) -> None:
    let_be_killed(ACCOUNT, where)
    event, task = OutboxEntry.objects.all()
    assert (event.name, task.name) == ("DocumentChanged", "events.forget_handled")
    wait_no_longer()
    assert relay() == 2
    assert set(broker.told()) == {event.uid}
    assert {one for name, one in broker.tasks() if name == task.name} == {task.uid}
    assert not OutboxEntry.objects.exists()


def test_a_process_killed_before_its_commit_has_said_nothing(broker: Broker) -> None:
    let_be_killed(ACCOUNT, "before it commits")
    assert (broker.told(), broker.tasks(), OutboxEntry.objects.count()) == ([], [], 0)


def test_what_is_told_at_once_leaves_nothing_behind(broker: Broker, heard: list[Told]) -> None:
    with transaction.atomic():
        publish(edited(ACCOUNT), LampSet(ACCOUNT, "101", "early"))
        uid = enqueue(event_tasks.forget)
        assert [row.kind for row in OutboxEntry.objects.all()] == ["event", "task"]
        assert broker.told() == []
    first, second = broker.told()
    assert broker.tasks() == [("events.react", f"{first}-testing"), ("events.forget_handled", uid)]
    assert first != second
    assert not OutboxEntry.objects.exists()


def test_what_is_rolled_back_is_not_told(broker: Broker) -> None:
    with transaction.atomic():
        publish(edited(ACCOUNT))
        enqueue(event_tasks.forget)
        transaction.set_rollback(True)
    assert (broker.told(), broker.tasks(), OutboxEntry.objects.count()) == ([], [], 0)


def test_while_the_broker_is_away_everything_waits(
    broker: Broker, heard: list[Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any, **_named: Any) -> None:
        raise OperationalError("no broker")

    with monkeypatch.context() as patch:
        patch.setattr(event_tasks.forget, "apply_async", away)
        patch.setattr(event_tasks.react, "apply_async", away)
        with transaction.atomic():
            publish(edited(ACCOUNT))
            uid = enqueue(event_tasks.forget)
        wait_no_longer()
        assert relay() == 0
    assert OutboxEntry.objects.count() == 2
    assert set(OutboxEntry.objects.values_list("attempts", flat=True)) == {1}
    monkeypatch.setattr(outbox, "_away_until", 0.0)
    wait_no_longer()
    assert relay() == 2
    assert ("events.forget_handled", uid) in broker.tasks()
    assert "events.react" in {name for name, _uid in broker.tasks()}


def test_a_broker_that_is_away_is_not_waited_for_twice(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def away(*_arguments: Any, **_named: Any) -> None:
        asked.append(1)
        raise OperationalError("no broker")

    monkeypatch.setattr(event_tasks.forget, "apply_async", away)
    for _ in range(3):
        enqueue(event_tasks.forget)
    assert len(asked) == 1
    assert OutboxEntry.objects.count() == 3


def test_a_real_broker_that_is_away_fails_at_once(monkeypatch: pytest.MonkeyPatch, broker: Broker) -> None:
    """Celery's own rules would have the caller wait for ever."""
    from kazoo.celery import app

    with app.connection_for_write("redis://127.0.0.1:1/0") as nobody, app.producer_pool.acquire(block=True):
        nobody.transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        with pytest.raises(OperationalError):
            event_tasks.forget.apply_async(connection=nobody, retry=False)


def test_a_reader_deals_with_an_event_once(tree: Tree, heard: list[Told]) -> None:
    event = outbox.told(edited(tree.bakery.id)).to_json()
    assert [event_tasks.react("testing", [event]) for _ in range(3)] == [1, 0, 0]
    assert [one.key for one in heard] == ["object.doc_edited.device.d1"]


def test_a_reader_that_fails_is_asked_again(tree: Tree, heard: list[Told]) -> None:
    tries: list[int] = []

    def fail_once(event: Told) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError

    reacts_to("moody", "object.")(fail_once)
    try:
        event = outbox.told(edited(tree.bakery.id)).to_json()
        assert event_tasks.react.apply(("moody", [event])).successful()
    finally:
        del _readers["moody"]
    assert len(tries) == 2


def test_what_waits_is_begun_when_it_is_due(broker: Broker) -> None:
    enqueue(event_tasks.forget, in_seconds=3600)
    assert (relay(), broker.tasks()) == (0, [])
    wait_no_longer()
    assert relay() == 1
    assert len(broker.tasks()) == 1


def test_two_relays_share_the_work(broker: Broker) -> None:
    for _ in range(3):
        enqueue(event_tasks.forget, in_seconds=1)
    wait_no_longer()
    with transaction.atomic():
        held = OutboxEntry.objects.select_for_update()[:2]
        assert len(held) == 2
        taken = subprocess_relay()
    assert taken == 1
    assert relay() == 2


def subprocess_relay() -> int:
    """`relay` on a connection of its own."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    def work() -> int:
        try:
            return relay()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(30)


def test_what_was_handled_is_forgotten_after_a_week() -> None:
    assert first_time("testing", "a")
    assert not first_time("testing", "a")
    assert first_time("others", "a")
    Handled.objects.filter(reader="testing").update(at=now().replace(year=now().year - 1))
    assert forget_handled() == 1
    assert list(Handled.objects.values_list("reader", flat=True)) == ["others"]
    Handled.objects.all().delete()
