"""A move and a write of the same account at the same time: the row is moved, or the writer is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.actions import move_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import AccountElsewhere, account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from tests.cast import Tree, plant_tree
from tests.integration.foundation.conftest import device_names

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tree() -> Iterator[Tree]:
    """Committed, so that other connections see it; its schemas are dropped, for they are not rows to be flushed."""
    tree = plant_tree()
    yield tree
    with connection.cursor() as cursor:
        for account in (tree.master, tree.north, tree.south):
            cursor.execute(f'DROP SCHEMA "{account.tenant.schema_name}" CASCADE')


@pytest.fixture
def run() -> Iterator[Callable[[Callable[[], None]], Future[None]]]:
    """Run a function in a thread with a database connection of its own."""

    def enclosed(function: Callable[[], None]) -> None:
        try:
            function()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        yield lambda function: pool.submit(enclosed, function)


def someone_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_move_waits_for_a_write_and_takes_it_along(
    tree: Tree, run: Callable[[Callable[[], None]], Future[None]]
) -> None:
    written, go_on = Event(), Event()

    def write() -> None:
        with account_scope(tree.bakery), transaction.atomic():
            create_document(Device, {"name": "oven"}, tree.principal)
            written.set()
            assert go_on.wait(10)

    writer = run(write)
    assert written.wait(10)
    mover = run(lambda: move_account(tree.bakery, tree.south, tree.principal) and None)
    until(someone_waits_for_a_lock)
    go_on.set()
    writer.result(10)
    mover.result(10)
    assert device_names(tree.bakery) == ["oven"]


def test_a_write_that_waited_for_a_move_is_refused(
    tree: Tree, run: Callable[[Callable[[], None]], Future[None]]
) -> None:
    as_it_was = Account.objects.select_related("tenant").get(id=tree.bakery.id)

    def write() -> None:
        with account_scope(as_it_was):
            create_document(Device, {"name": "oven"}, tree.principal)

    with transaction.atomic():
        move_account(tree.bakery, tree.south, tree.principal)
        writer = run(write)
        until(someone_waits_for_a_lock)
    with pytest.raises(AccountElsewhere):
        writer.result(10)
    assert device_names(tree.bakery) == []
    with account_scope(tree.north), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM devices_device WHERE account_id = %s", [tree.bakery.id])
        assert cursor.fetchone() == (0,)


def finished_leg(account: Account, call_id: str) -> FinishedLeg:
    ended = now()
    return FinishedLeg(account.id, "fs1", call_id, "inbound", started=ended - timedelta(seconds=9), ended=ended)


def recorded_calls(account: Account) -> list[str]:
    with account_scope(account.id):
        return list(CallRecord.objects.order_by("call_id").values_list("call_id", flat=True))


def test_a_call_record_that_waited_for_a_move_follows_the_account(
    tree: Tree, run: Callable[[Callable[[], None]], Future[None]]
) -> None:
    assert record_legs([finished_leg(tree.bakery, "before")]) == {}
    refused: list[dict[str, str]] = []
    with transaction.atomic():
        move_account(tree.bakery, tree.south, tree.principal)
        writer = run(lambda: refused.append(record_legs([finished_leg(tree.bakery, "meanwhile")])))
        until(someone_waits_for_a_lock)
    writer.result(10)
    assert refused == [{}]
    assert recorded_calls(tree.bakery) == ["before", "meanwhile"]
    with account_scope(tree.north), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM call_record WHERE account_id = %s", [tree.bakery.id])
        assert cursor.fetchone() == (0,)
