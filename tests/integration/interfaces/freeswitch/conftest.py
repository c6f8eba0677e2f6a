"""A switch that asks: recorded questions, sent to the application as mod_xml_curl and mod_json_cdr send them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.interfaces.freeswitch import asgi
from apps.interfaces.freeswitch.directory import Directory
from apps.interfaces.freeswitch.store import store
from apps.switching.registrar.actions import write_credential
from kazoo.environment import Environment, environment
from kazoo.variables import SwitchAddress
from tests.company import Company, dissolve, found_company

RECORDED = Path(__file__).parents[3] / "data" / "freeswitch" / "http-xmlcurl"
NODE = "fs1"
A1 = "0123456789abcdef0123456789abcdef"


def recorded(number: str, **changes: str) -> dict[str, str]:
    """The fields of a recorded question, some of them changed."""
    path = next(RECORDED.glob(f"{number}-*.request.http"))
    body = path.read_bytes().partition(b"\r\n\r\n")[2]
    return dict(parse_qsl(body.decode(), keep_blank_values=True)) | changes


def recorded_body(number: str) -> bytes:
    return next(RECORDED.glob(f"{number}-*.request.http")).read_bytes().partition(b"\r\n\r\n")[2]


@dataclass
class Switch:
    """Asks the application. `queries` counts what its questions cost the database."""

    client: httpx.AsyncClient

    async def ask(self, fields: dict[str, str], **options: object) -> httpx.Response:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return await self.client.post("/freeswitch/xml", content=urlencode(fields), headers=headers, **options)  # type: ignore[arg-type]

    async def report(self, body: bytes, leg: str = "") -> httpx.Response:
        return await self.client.post("/freeswitch/cdr", params={"uuid": leg}, content=body)

    @property
    def queries(self) -> int:
        return store().queries


def a_switch(address: str = "127.0.0.1", auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=asgi.application, client=(address, 40000))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://kazoo", auth=auth)


async def enable(account_id: str, enabled: bool) -> None:
    """In a transaction of its own, so that the application's connections see it."""
    await in_directory(lambda: Account.objects.filter(id=account_id).update(enabled=enabled))


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            write_credential(
                device_id="d" * 32,
                account_id=made.tree.bakery.id,
                realm="acme.test",
                username="1001",
                a1_hash=A1,
                owner_id=made.people["bob"].login.pk,
                variables={"effective_caller_id_name": "Bob \"&<O'Brien>", "effective_caller_id_number": "1001"},
            )
            yield made
        finally:
            dissolve(made)


@pytest.fixture
def bakery(company: Company) -> Account:
    return company.tree.bakery


@pytest.fixture
def known_node(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """One node, `fs1`, at 192.0.2.9."""
    changed = replace(environment, switches=(SwitchAddress(NODE, "192.0.2.9", 8021, "x"),))
    monkeypatch.setattr(asgi, "environment", changed)
    monkeypatch.setattr(asgi, "_directory", Directory())
    return changed


@pytest.fixture
async def switch(company: Company, known_node: Environment) -> AsyncIterator[Switch]:
    async with a_switch(auth=(NODE, known_node.node_secret)) as client:
        yield Switch(client)
    await store().close()
