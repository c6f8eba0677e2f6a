"""How many requests a second the API answers, beside a bare Django view, in process.

    python -m benchmarks.api [--quick]

All are called through Django's handler with every middleware: the API reads a device and lists devices with a token, as
a client does; bare views answer from memory, or read the same rows with two lines of the ORM. The difference is what
the conventions cost (see docs/benchmarks/api.md).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.installation import installation  # first: it sets the environment

from django.core.asgi import get_asgi_application  # isort: skip
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test.utils import CaptureQueriesContext
from django.urls import path

from apps.foundation.accounts.actions import create_account, create_master
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity import tokens
from apps.foundation.identity.principal import system_principal
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.models import Device
from apps.pbx.users.actions import create_user

DEVICES = 200
PAGE = 50


@dataclass
class Contender:
    """One kind of request. `seconds` are those of each."""

    title: str
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0


@dataclass(frozen=True)
class Office:
    account: Account
    token: str
    device_id: str


def furnish() -> Office:
    """A customer with an administrator and 200 devices."""
    master = create_master({"name": "Operator", "realm": "operator.example.com"})
    principal = system_principal(master.id)
    account = create_account(master, {"name": "Bakery", "realm": "bakery.example.com"}, principal)
    person = {"first_name": "Ada", "last_name": "Baker", "username": "ada", "password": "correct horse battery"}
    with account_scope(account):
        user = create_user({**person, "priv_level": "admin", "enabled": True}, principal)
        devices = [create_device(_device(index), principal) for index in range(DEVICES)]
    token, _claims = tokens.token_for(account, user, tokens.USER_AUTH)
    return Office(account, token, devices[0].pk)


def _device(index: int) -> dict[str, Any]:
    return {
        "name": f"Desk {index:03d}",
        "device_type": "sip_device",
        "enabled": True,
        "sip": {"username": f"desk{index:03d}", "password": "not-a-secret-here", "method": "password"},
    }


def bare_views(office: Office) -> None:
    """Add two addresses without any convention: memory, and two lines of the ORM in the account's scope."""
    from kazoo import urls

    def memory(request: HttpRequest) -> HttpResponse:
        return JsonResponse({"data": {"id": office.device_id}})

    def one(request: HttpRequest) -> HttpResponse:
        with account_scope(office.account):
            return JsonResponse({"data": Device.objects.get(id=office.device_id).to_document()})

    def many(request: HttpRequest) -> HttpResponse:
        with account_scope(office.account):
            return JsonResponse({"data": [device.to_document() for device in Device.objects.order_by("name")[:PAGE]]})

    urls.urlpatterns += [path("bare/memory", memory), path("bare/device", one), path("bare/devices", many)]


def contenders(office: Office) -> list[Contender]:
    headers = {"X-Auth-Token": office.token}
    place = f"/v2/accounts/{office.account.id}/devices"
    return [
        Contender("bare view, from memory", "/bare/memory"),
        Contender("bare view, one row", "/bare/device"),
        Contender("API, GET a device", f"{place}/{office.device_id}", headers),
        Contender(f"bare view, {PAGE} rows", "/bare/devices"),
        Contender(f"API, list of {PAGE} devices", f"{place}?page_size={PAGE}", headers),
    ]


Ask = Callable[[Contender], tuple[int, bytes]]


def wsgi_ask() -> Ask:
    """The handler and every middleware, in this thread."""
    from django.test import RequestFactory

    handler, factory, asked = WSGIHandler(), RequestFactory(), 0

    def ask(contender: Contender) -> tuple[int, bytes]:
        nonlocal asked
        asked += 1  # an address of its own each time, so that no rate limit answers
        environ = factory.get(
            contender.address,
            headers=contender.headers,
            SERVER_NAME="localhost",
            REMOTE_ADDR=f"10.{asked >> 16 & 255}.{asked >> 8 & 255}.{asked & 255}",
        ).environ
        statuses: list[str] = []
        body = b"".join(handler(environ, lambda status, headers, _error=None: statuses.append(status)))
        return int(statuses[0][:3]), body

    return ask


def measure(rows: list[Contender], ask: Ask, seconds: float) -> None:
    """Rounds in which everybody takes a turn, in alternating order."""
    started, rounds = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        for row in rows if rounds % 2 else reversed(rows):
            before = time.perf_counter()
            status, body = ask(row)
            row.seconds.append(time.perf_counter() - before)
            if status != 200:
                raise SystemExit(f"{row.title}: {status} {body[:300]!r}")
            row.size = len(body)
        rounds += 1


def count_queries(rows: list[Contender], ask: Ask) -> None:
    for row in rows:
        with CaptureQueriesContext(connection) as captured:
            ask(row)
        row.queries = len(captured)


def report(rows: list[Contender]) -> None:
    medians = {row.title: statistics.median(row.seconds) for row in rows}
    first = medians[rows[0].title]
    print(
        f"\n{'':28}{'median µs':>11}{'99 % µs':>10}{'per second':>12}"
        f"{'queries':>9}{'bytes':>8}{'x bare':>8}{'x row':>8}"
    )
    bare = first
    for row in rows:
        spent = medians[row.title]
        bare = bare if row.title.startswith("API") else spent
        worst = statistics.quantiles(row.seconds, n=100)[98]
        print(
            f"{row.title:28}{spent * 1e6:>11.0f}{worst * 1e6:>10.0f}{1 / spent:>12,.0f}{row.queries:>9}{row.size:>8}"
            f"{spent / first:>10.1f}{spent / bare:>8.1f}"
        )


async def through_asgi(row: Contender, application: Any, seconds: float, at_once: int) -> float:
    """Requests a second through the whole ASGI application, `at_once` of them running."""
    url, _, query = row.address.partition("?")
    asked = 0

    async def request() -> None:
        nonlocal asked
        asked += 1
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": url,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), *((k.lower().encode(), v.encode()) for k, v in row.headers.items())],
            "client": (f"10.{64 + (asked >> 16)}.{asked >> 8 & 255}.{asked & 255}", 40000),
            "server": ("localhost", 8000),
            "scheme": "http",
        }
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        hanging: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        first = True

        async def receive() -> Any:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b"", "more_body": False}
            return await hanging

        await application(scope, receive, sent.put)
        start = sent.get_nowait()
        if start["status"] != 200:
            raise SystemExit(f"{row.title}: {start['status']}")

    deadline = time.perf_counter() + seconds

    async def work() -> None:
        while time.perf_counter() < deadline:
            await request()

    await request()
    before, started = asked, time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return (asked - before) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description="Requests a second of the API, beside a bare Django view.")
    parser.add_argument("--quick", action="store_true", help="shorter: about 15 seconds")
    options = parser.parse_args()
    seconds = 4.0 if options.quick else 20.0
    with installation():
        office = furnish()
        bare_views(office)
        rows, ask = contenders(office), wsgi_ask()
        for row in rows:
            ask(row)  # warm
        count_queries(rows, ask)
        measure(rows, ask, seconds)
        report(rows)
        application = get_asgi_application()
        print("\nthrough ASGI, requests a second, 8 at once:")
        for row in rows:
            print(f"{row.title:28}{asyncio.run(through_asgi(row, application, seconds / 5, 8)):>12,.0f}")


if __name__ == "__main__":
    main()
