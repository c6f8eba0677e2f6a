"""Rate buckets: counted, refilled, and out of the way when Valkey is."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest
import redis
from pytest_django import Settings

from apps.foundation.crossbar import buckets
from tests.api_client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


@pytest.fixture
def small(settings: Settings) -> Settings:
    settings.API_BUCKET_SIZE, settings.API_BUCKET_REFILL = 3, 0.5
    return settings


def test_an_empty_bucket_is_429(small: Settings, nora: ApiClient) -> None:
    small.API_BUCKET_SIZE, small.API_BUCKET_REFILL = 3, 0.001
    replies = [nora.get("devices") for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert [reply.body["tokens"]["remaining"] for reply in replies[:3]] == [2, 1, 0]
    assert replies[3].body["message"] == "too_many_requests"
    assert int(replies[3].headers["Retry-After"]) >= 1
    assert nora("OPTIONS", "devices").status == 200


def test_buckets_refill_to_their_size_and_no_further(small: Settings) -> None:
    account, small.API_BUCKET_REFILL = uuid4().hex, 50
    assert buckets.take("192.0.2.1", account, 3).remaining == 0
    deadline = time.monotonic() + 5
    while not buckets.take("192.0.2.1", account, 3).paid:
        assert time.monotonic() < deadline
    assert not buckets.take("192.0.2.1", account, 4).paid, "a bucket holds no more than its size"


def test_addresses_and_accounts_have_their_own(small: Settings) -> None:
    first, second = uuid4().hex, uuid4().hex
    assert buckets.take("192.0.2.1", first, 3).paid
    assert buckets.take("192.0.2.1", second, 3).paid
    assert buckets.take("192.0.2.2", first, 3).paid
    assert not buckets.take("192.0.2.1", first, 3).paid


def test_taking_is_atomic(small: Settings) -> None:
    small.API_BUCKET_SIZE, small.API_BUCKET_REFILL, account = 20, 0.001, uuid4().hex
    paid: list[bool] = []

    def spend() -> None:
        paid.extend(buckets.take("192.0.2.9", account, 1).paid for _ in range(20))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(paid) == 20


def test_requests_pass_while_valkey_is_away(nora: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(buckets, "_script", lambda: away)
    reply = nora.get("devices")
    assert (reply.status, "tokens" in reply.body) == (200, False)
