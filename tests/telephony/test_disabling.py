"""Disabling a reseller over the API: its customers' calls end, their phones are forgotten, and nobody gets in again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.bridge import in_directory
from apps.pbx.devices.directory import a1_hash
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.models import LiveChannel
from apps.switching.registrar.actions import write_credential, write_trunk_addresses
from apps.switching.registrar.models import Registration
from tests.company import Company, dissolve, found_company
from tests.contracts.planting import ask
from tests.telephony.stack import Stack, until

pytestmark = pytest.mark.django_db

PHONES = {"bakery": "d3" * 16, "harbour": "d4" * 16}
NUMBER = "+15551239987"
SECONDS_TO_DIE = 2.0


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            for name, device_id in PHONES.items():
                account = getattr(made.tree, name)
                write_credential(
                    device_id=device_id,
                    account_id=account.id,
                    realm=account.realm,
                    username="1001",
                    a1_hash=a1_hash("1001", account.realm, "secret"),
                )
            PhoneNumber.objects.create(number=NUMBER, account_id=made.tree.bakery.id, state="in_service")
            write_trunk_addresses(source_id="c" * 32, account_id=made.tree.master.id, networks=["0.0.0.0/0"])
            yield made
        finally:
            dissolve(made)


async def rows(model: Any, **conditions: Any) -> list[Any]:
    return await in_directory(lambda: list(model.objects.filter(**conditions)))


async def test_a_disabled_reseller_s_customers_fall_silent(company: Company) -> None:
    tree, olga = company.tree, company.people["olga"]
    async with Stack("lab", worker=True) as stack:
        esl = await stack.esl()

        async def lab(**request: Any) -> dict[str, Any]:
            found: dict[str, Any] = json.loads((await esl.api("lab", json.dumps(request))).text)
            return found

        async def register(name: str) -> dict[str, Any]:
            phone = {"username": "1001", "realm": getattr(tree, name).realm, "password": "secret"}
            return await lab(do="register", behaviour={"kind": "answer", "after": 0}, **phone)

        async def call_up(name: str, contact: str) -> None:
            account, uuid = getattr(tree, name), f"live-{name}"
            variables = f"<^^~account_id={account.id}~authorizing_id={PHONES[name]}~origination_uuid={uuid}>"
            answer = await esl.api("originate", f"'{variables}sofia/internal/{contact}' &park()")
            assert answer.ok, answer.text
            await until(lambda: rows(LiveChannel, uuid=uuid), "the live call", 5)

        async def is_live(uuid: str) -> bool:
            return (await esl.api("uuid_exists", uuid)).text.strip() == "true"

        for name, device_id in PHONES.items():
            registered = await register(name)
            assert registered["status"] == 200
            await until(lambda one=device_id: rows(Registration, device_id=one), "the registration", 5)  # type: ignore[misc]
            await call_up(name, registered["contact"])

        # The bakery is a customer of north, whom the operator disables.
        path = f"accounts/{tree.north.id}"
        began = time.monotonic()
        answer = await in_directory(ask, olga, "PATCH", path, {"enabled": False})
        assert answer.status_code == 200, answer.content

        async def dead() -> bool:
            return not await is_live("live-bakery")

        await until(dead, "the call is hung up", SECONDS_TO_DIE - (time.monotonic() - began))
        assert await is_live("live-harbour")

        async def forgotten() -> bool:
            return not await rows(Registration, device_id=PHONES["bakery"])

        await until(forgotten, "the phone is forgotten", 10)
        assert await rows(Registration, device_id=PHONES["harbour"])
        # The switch had the phone's answer cached; it asks anew, and is told that there is no such user.
        assert (await register("bakery"))["status"] == 403
        await lab(do="carrier_call", **{"from": "+13125550100", "to": NUMBER})

        async def declined() -> bool:
            placed = (await lab(do="state"))["placed"]
            return bool(placed) and placed[-1]["ended"] and placed[-1]["status"] == 603

        await until(declined, "a call from outside is declined", 10)

        answer = await in_directory(ask, olga, "PATCH", path, {"enabled": True})
        assert answer.status_code == 200, answer.content
        assert (await register("bakery"))["status"] == 200
        assert await is_live("live-harbour")
        await esl.close()
