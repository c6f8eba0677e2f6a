"""The same way on the lab switch, whose phones and carrier do as they are told: calls, channels, records, commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.events.subscription import subscription
from apps.pbx.devices.directory import a1_hash
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls import jobs
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.tasks import originate
from apps.switching.esl.client import EslClient
from apps.switching.registrar.actions import write_credential, write_trunk_addresses
from apps.switching.registrar.models import Registration
from tests.company import Company, dissolve, found_company
from tests.contracts.planting import ask
from tests.telephony.stack import Stack, until

pytestmark = pytest.mark.django_db

REALM = "bakery.test"
NUMBER = "+15551239998"
DEVICE = "d2" * 16


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            write_credential(
                device_id=DEVICE,
                account_id=made.tree.bakery.id,
                realm=REALM,
                username="1001",
                a1_hash=a1_hash("1001", REALM, "secret"),
                owner_id=made.people["bob"].login.pk,
            )
            PhoneNumber.objects.create(number=NUMBER, account_id=made.tree.bakery.id, state="in_service")
            write_trunk_addresses(source_id="c" * 32, account_id=made.tree.master.id, networks=["0.0.0.0/0"])
            yield made
        finally:
            dissolve(made)


async def world(esl: EslClient, **request: Any) -> dict[str, Any]:
    """Have somebody outside the switch do something (apps.switching.lab.remote)."""
    answer = await esl.api("lab", json.dumps(request))
    found: dict[str, Any] = json.loads(answer.text)
    assert found["ok"], found
    return found


async def rows(model: Any, **conditions: Any) -> list[Any]:
    return await in_directory(lambda: list(model.objects.filter(**conditions)))


async def test_calls_and_commands_on_the_lab_switch(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    bakery, alice, carol = company.tree.bakery, company.people["alice"], company.people["carol"]
    async with Stack("lab", worker=True) as stack:
        esl = await stack.esl()
        keys: list[str] = []
        await subscription().add(bakery.id, lambda key, data: keys.append(key))

        registered = await world(
            esl,
            do="register",
            username="1001",
            realm=REALM,
            password="secret",
            behaviour={"kind": "answer", "after": 0},
        )
        assert registered["status"] == 200
        await until(lambda: rows(Registration, device_id=DEVICE), "the registration's row", 5)
        await until(lambda: f"registration.registered.{DEVICE}" in keys, "it is announced", 2)

        # An originate that is asked for twice is one call.
        arguments = (
            f"'<^^~account_id={bakery.id}~authorizing_id={DEVICE}~origination_uuid=quick-1>"
            f"sofia/internal/{registered['contact']}' &park()"
        )
        for _ in range(2):
            originate.delay("job-1", ["local"], arguments, 10)
        await until(lambda: jobs.outcome_of("job-1"), "the job's outcome", 15)
        assert jobs.outcome_of("job-1") == jobs.JobOutcome(ok=True, text="quick-1")
        [channel] = await until(lambda: rows(LiveChannel, account_id=bakery.id), "the live channel", 2)
        assert (channel.uuid, channel.authorizing_id, channel.switch) == ("quick-1", DEVICE, "local")

        # The API shows it to its own account, and hangs it up; to another it does not exist.
        path = f"accounts/{bakery.id}/channels"
        listed = await in_directory(ask, alice, "GET", path)
        assert [row["uuid"] for row in listed.json()["data"]] == ["quick-1"]
        denied = await in_directory(ask, carol, "POST", f"{path}/quick-1", {"action": "hangup"})
        assert denied.status_code == 403
        hung_up = await in_directory(ask, alice, "POST", f"{path}/quick-1", {"action": "hangup"})
        assert hung_up.status_code == 202, hung_up.content

        async def gone() -> bool:
            return not await rows(LiveChannel, uuid="quick-1")

        await until(gone, "the leg is gone", 10)
        await until(lambda: "call.CHANNEL_DESTROY.quick-1" in keys, "its end is announced", 2)

        async def recorded() -> list[CallRecord]:
            return await in_account(bakery.id, lambda: list(CallRecord.objects.filter(call_id="quick-1")))

        [record] = await until(recorded, "the leg's record", 10)
        assert (record.switch, record.authorizing_id) == ("local", DEVICE)
        found = await in_directory(ask, alice, "GET", f"accounts/{bakery.id}/cdrs/{record.id}")
        assert found.json()["data"]["call_id"] == "quick-1"

        # A number the carrier dials reaches the call server, and its caller hears the refusal of an empty account.
        await world(esl, do="carrier_call", **{"from": "+13125550100", "to": NUMBER})

        async def inbound() -> list[CallRecord]:
            return await in_account(bakery.id, lambda: list(CallRecord.objects.filter(dialed_number=NUMBER)))

        [record] = await until(inbound, "the inbound leg's record", 10)
        assert (record.direction, record.call_kind) == ("inbound", "inbound")

        # Flushing makes the switch forget, and with it the row goes.
        flushed = await in_directory(ask, alice, "DELETE", f"accounts/{bakery.id}/registrations/1001")
        assert flushed.status_code == 200, flushed.content

        async def forgotten() -> bool:
            return not await rows(Registration, device_id=DEVICE)

        await until(forgotten, "the registration is gone", 10)
        await esl.close()
        await asyncio.sleep(0)
