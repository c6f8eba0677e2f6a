"""How fast the SIP directory answers the switch, with a million credentials, beside a bare prepared SELECT.

    python -m benchmarks.directory [--quick]

The bare ASGI application the switches ask is called in process with a recorded mod_xml_curl request whose names are
changed; the SELECT runs on a connection of the same kind, in the same event loop, on the same rows (see
docs/benchmarks/directory.md).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import random
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.installation import installation  # first: it sets the environment

import psycopg  # isort: skip
from django.conf import settings
from psycopg.rows import tuple_row

from apps.foundation.accounts.actions import create_account, create_master
from apps.foundation.identity.principal import system_principal
from apps.switching.switches.configuration import LOCAL_NODE
from kazoo.environment import environment

REQUEST = "031-directory-sip_auth-fn_sofia_reg_parse_auth.request.http"
RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "freeswitch" / "http-xmlcurl"
USERS_PER_REALM = 20
AIM = 3.0
SELECT = (
    "SELECT account_id, device_id, owner_id, a1_hash, enabled, variables::text FROM registrar_sipcredential "
    "WHERE realm = %s AND username = %s"
)
Look = Callable[[str, str], Awaitable[object]]


def names(index: int) -> tuple[str, str]:
    """Realm and username of credential `index`."""
    return f"customer{index // USERS_PER_REALM:06d}.sip.example.com", f"user_{index % USERS_PER_REALM:04d}x{index:07x}"


ACCOUNTS = """
INSERT INTO accounts_account (id, name, realm, parent_id, ancestors, tenant_id, is_reseller, enabled, language,
                              timezone, token_salt, document, revision, created, modified)
SELECT lpad(to_hex(n), 32, '0'), 'Customer ' || n, 'customer' || lpad(n::text, 6, '0') || '.sip.example.com',
       reseller.id, ARRAY[reseller.parent_id, reseller.id]::varchar[], reseller.tenant_id, false, true, 'en-us',
       'UTC', '0', '{}', 1, now(), now()
  FROM generate_series(0, %s) AS n, accounts_account AS reseller WHERE reseller.id = %s
"""


def fill(count: int) -> float:
    """Write customers of one reseller and `count` credentials by COPY; returns the seconds it took."""
    started = time.perf_counter()
    master = create_master({"name": "Operator", "realm": "operator.example.com"})
    reseller = create_account(
        master, {"name": "Reseller", "realm": "reseller.example.com"}, system_principal(master.id)
    )
    columns = "realm, username, account_id, device_id, owner_id, a1_hash, enabled, variables, modified"
    with psycopg.connect(environment.effective_database_url) as own, own.cursor() as cursor:
        cursor.execute(ACCOUNTS, (count // USERS_PER_REALM, reseller.id))
        with cursor.copy(f"COPY registrar_sipcredential ({columns}) FROM STDIN") as copy:
            for index in range(count):
                realm, username = names(index)
                account, device = f"{index // USERS_PER_REALM:032x}", f"{index:032x}"
                variables = (
                    f'{{"account_id": "{account}", "authorizing_id": "{device}", "authorizing_type": "device", '
                    f'"owner_id": "{device}", "effective_caller_id_name": "Extension {index}", '
                    f'"effective_caller_id_number": "{index}", "user_context": "{account}"}}'
                )
                row = (realm, username, account, device, device, f"{index:032x}", True, variables, "2026-11-01 00:00Z")
                copy.write_row(row)
        own.commit()
        own.autocommit = True
        own.execute("VACUUM (ANALYZE) registrar_sipcredential, accounts_account")
    return time.perf_counter() - started


def directory_look() -> Look:
    """A lookup through the application the switches ask. Its result is the answer's XML."""
    from apps.interfaces.freeswitch.asgi import application

    recorded = (RECORDINGS / REQUEST).read_text().partition("\n\n")[2].strip()
    template = recorded.replace("acme.test", "{realm}").replace("=1001", "={username}")
    basic = base64.b64encode(f"{LOCAL_NODE}:{settings.NODE_SECRET}".encode())
    headers = [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"authorization", b"Basic " + basic),
    ]
    scope = {"type": "http", "method": "POST", "path": "/freeswitch/xml", "query_string": b"", "headers": headers}
    scope |= {"client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8000), "scheme": "http", "http_version": "1.1"}

    async def look(realm: str, username: str) -> object:
        body = template.format(realm=quote(realm), username=quote(username)).encode()
        sent: list[bytes] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise SystemExit(f"the directory answered {message['status']}")
            body_part = message.get("body", b"")
            assert isinstance(body_part, bytes)
            sent.append(body_part)

        await application(dict(scope), receive, send)  # type: ignore[arg-type]
        return b"".join(sent)

    return look


def select_look(own: psycopg.AsyncConnection[tuple[object, ...]]) -> Look:
    """The least anybody could do: one prepared SELECT by its unique index."""

    async def look(realm: str, username: str) -> object:
        cursor = await own.execute(SELECT, (realm, username), prepare=True)
        return await cursor.fetchone()

    return look


async def measure(look: Look, keys: list[tuple[str, str]], at_once: int) -> list[float]:
    """Seconds of each lookup, `at_once` of them running."""
    spent: list[float] = []
    waiting = iter(keys)

    async def work() -> None:
        for realm, username in waiting:
            before = time.perf_counter()
            await look(realm, username)
            spent.append(time.perf_counter() - before)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return spent


async def compare(count: int, lookups: int) -> float:
    """Print the table; returns the ratio of a miss to the bare SELECT of a miss."""
    chance = random.Random(7)
    hits = [names(chance.randrange(count)) for _ in range(lookups)]
    misses = [(realm, f"nobody{index}") for index, (realm, _) in enumerate(hits)]
    own = await psycopg.AsyncConnection[tuple[object, ...]].connect(
        environment.effective_database_url, autocommit=True, row_factory=tuple_row
    )
    async with own:
        contenders = {"SELECT": select_look(own), "directory": directory_look()}
        await check(contenders, hits[0], misses[0])
        medians: dict[tuple[str, str], float] = {}
        print(f"\n{'':28}{'median µs':>11}{'99 % µs':>10}{'per second':>12}{'x SELECT':>10}")
        for kind, keys in (("hit", hits), ("miss", misses)):
            rounds: dict[str, list[float]] = {title: [] for title in contenders}
            for part in range(0, lookups, lookups // 10):  # taking turns, so that neither has the warmer cache
                for title, look in contenders.items():
                    rounds[title] += await measure(look, keys[part : part + lookups // 10], 1)
            for title, spent in rounds.items():
                medians[title, kind] = statistics.median(spent)
                ratio = medians[title, kind] / medians["SELECT", kind]
                worst = statistics.quantiles(spent, n=100)[98]
                print(
                    f"{title + ', ' + kind:28}{medians[title, kind] * 1e6:>11.0f}{worst * 1e6:>10.0f}"
                    f"{len(spent) / sum(spent):>12,.0f}{ratio:>10.2f}"
                )
        for kind, keys in (("hit", hits), ("miss", misses)):
            started = time.perf_counter()
            await measure(contenders["directory"], keys, 8)
            print(f"{f'directory, {kind}, 8 at once':28}{'':21}{lookups / (time.perf_counter() - started):>12,.0f}")
        await count_queries(contenders["directory"], misses)
    return medians["directory", "miss"] / medians["SELECT", "miss"]


async def count_queries(look: Look, keys: list[tuple[str, str]]) -> None:
    """Print how many statements a lookup runs, counted in the driver."""
    counted = 0
    execute = psycopg.AsyncCursor.execute

    async def counting(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal counted
        counted += 1
        return await execute(self, *args, **options)

    psycopg.AsyncCursor.execute = counting  # type: ignore[method-assign]
    try:
        await measure(look, keys, 1)
    finally:
        psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]
    print(f"statements per lookup: {counted / len(keys):.2f}")


async def check(contenders: dict[str, Look], hit: tuple[str, str], miss: tuple[str, str]) -> None:
    """Both must find the same, or the figures mean nothing."""
    row, answer = await contenders["SELECT"](*hit), await contenders["directory"](*hit)
    assert isinstance(row, tuple)
    assert isinstance(answer, bytes)
    if str(row[3]).encode() not in answer or await contenders["SELECT"](*miss) is not None:
        raise SystemExit("the directory and the SELECT do not agree")
    if b"a1-hash" in await contenders["directory"](*miss):  # type: ignore[operator]
        raise SystemExit("a credential was made up")


def main() -> None:
    parser = argparse.ArgumentParser(description="Directory lookups beside a bare prepared SELECT.")
    parser.add_argument("--quick", action="store_true", help="100,000 credentials: under 30 seconds")
    options = parser.parse_args()
    count, lookups = (100_000, 2_000) if options.quick else (1_000_000, 10_000)
    with installation():
        print(f"{count:,} credentials copied in {fill(count):.1f} s")
        ratio = asyncio.run(compare(count, lookups))
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
        verdict = "reached" if ratio <= AIM else "MISSED"
        print(f"a miss costs {ratio:.2f} times the bare SELECT (aim: {AIM:.0f}, {verdict})")


if __name__ == "__main__":
    main()
