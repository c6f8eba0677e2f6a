"""The whole way, from a phone's REGISTER to its row, and from a number that is dialled to the call server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.directory import a1_hash
from apps.pbx.devices.documents import DeviceDocument
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.models import LiveChannel
from apps.switching.registrar.actions import remove_credential, write_credential, write_trunk_addresses
from apps.switching.registrar.models import Registration
from tests.company import Company, dissolve, found_company
from tests.contracts.planting import ask
from tests.telephony.sip_phone import SipPhone
from tests.telephony.sipp import Sipp
from tests.telephony.stack import Stack, until

pytestmark = [pytest.mark.django_db, pytest.mark.freeswitch, pytest.mark.sip]

REALM = "bakery.test"
NUMBER = "+15551239999"
DEVICE = "d1" * 16


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            write_phone(made, "1001", DEVICE, "right")
            PhoneNumber.objects.create(number=NUMBER, account_id=made.tree.bakery.id, state="in_service")
            write_trunk_addresses(source_id="c" * 32, account_id=made.tree.master.id, networks=["127.0.0.1"])
            yield made
        finally:
            dissolve(made)


def write_phone(company: Company, username: str, device_id: str, password: str) -> None:
    write_credential(
        device_id=device_id,
        account_id=company.tree.bakery.id,
        realm=REALM,
        username=username,
        a1_hash=a1_hash(username, REALM, password),
        owner_id=company.people["bob"].login.pk,
    )


async def rows(model: Any, **conditions: Any) -> list[Any]:
    return await in_directory(lambda: list(model.objects.filter(**conditions)))


async def test_a_phone_registers_and_calls_and_a_carrier_reaches_the_call_server(company: Company) -> None:
    bakery = company.tree.bakery
    async with Stack("freeswitch") as stack:
        # sipp registers with digest; the row names the device.
        sipp = Sipp()
        await sipp.register(stack.internal, "1001", REALM, "right")
        await until(lambda: rows(Registration, device_id=DEVICE), "the registration's row", 5)
        [row] = await rows(Registration, device_id=DEVICE)
        assert (row.account_id, row.realm, row.username, row.switch) == (bakery.id, REALM, "1001", "local")
        assert row.contact.startswith("sip:1001@127.0.0.1")

        # A wrong password is refused, and nobody's row.
        stranger = await SipPhone("1001", REALM, "wrong").open(stack.internal)
        assert await stranger.register() == 403

        # A password that was changed is asked for at once: the switch was told to forget the old one.
        phone = await SipPhone("1001", REALM, "right").open(stack.internal)
        assert await phone.register() == 200
        await in_directory(write_phone, company, "1001", DEVICE, "changed")
        again = await SipPhone("1001", REALM, "changed").open(stack.internal)

        async def lets_in() -> bool:
            return await again.register() == 200

        await until(lets_in, "the new password is taken", 5)

        # A carrier dials the number: the call server answers for it (there is no callflow, so the call is refused
        # by it, which it could not be without having reached it).
        carrier = await SipPhone().open(stack.external)
        call = await carrier.call(NUMBER.removeprefix("+"), "127.0.0.1", "+13125550100")
        await call.until(call.ended)
        assert call.status not in (403, 503), stack.logs()
        assert "account " + bakery.id in stack.log_of("calls-1")

        # An unknown number does not exist.
        call = await carrier.call("15559990000", "127.0.0.1", "+13125550100")
        await call.until(call.ended)
        assert call.status == 404

        async def recorded() -> bool:
            return await in_account(bakery.id, lambda: CallRecord.objects.filter(dialed_number=NUMBER).exists())

        await until(recorded, "the call's record", 10)

        # Without a call server the caller is told to come back.
        stack.end("calls-1")
        call = await carrier.call(NUMBER.removeprefix("+"), "127.0.0.1", "+13125550100")
        await call.until(call.ended)
        assert call.status == 503
        stack.begin("calls-1")

        for one in (stranger, phone, again, carrier):
            one.close()
        await sipp.close()
        await in_directory(remove_credential, DEVICE)


async def test_live_channels_come_and_go(company: Company) -> None:
    await in_directory(write_phone, company, "1001", DEVICE, "right")
    async with Stack("freeswitch") as stack:
        esl = await stack.esl()
        phone = await SipPhone("1001", REALM, "right").open(stack.internal)
        assert await phone.register() == 200
        variables = f"account_id={company.tree.bakery.id},authorizing_id={DEVICE},origination_uuid=live-1"
        job = asyncio.create_task(
            esl.bgapi("originate", f"{{{variables}}}sofia/internal/{phone.contact} &park()", timeout=20)
        )
        await until(lambda: rows(LiveChannel, uuid="live-1", state="answered"), "the answered channel", 5)
        assert (await job).ok

        # The switch process misses the end, and finds out when it is back.
        stack.end("switch", roughly=True)
        await esl.api("uuid_kill", "live-1")
        stack.begin("switch")

        async def gone() -> bool:
            return not await rows(LiveChannel, uuid="live-1")

        await until(gone, "the ended call's row is gone", 20)
        assert await rows(Registration, device_id=DEVICE)
        phone.close()
        await esl.close()


async def test_a_quick_call_rings_a_phone_and_connects_it_to_a_number(company: Company) -> None:
    bakery, alice = company.tree.bakery, company.people["alice"]
    async with Stack("freeswitch", worker=True) as stack:
        device = await in_directory(make_device, company)
        phone = await SipPhone("2001", REALM, device.sip_password).open(stack.internal)
        assert await phone.register() == 200
        await until(lambda: rows(Registration, device_id=device.id), "the registration's row", 5)

        path = f"accounts/{bakery.id}/devices/{device.id}/quickcall/15551239999"
        answer = await in_directory(ask, alice, "POST", path, {"timeout": 10})
        assert answer.status_code == 200, answer.content
        told = answer.json()["data"]
        assert told["status"] == "answered", (told, stack.logs())
        assert len(phone.rang) == 1
        # The answered leg has dialled the number: the call server got it, as a call of the device.
        await until(lambda: told["call_id"] in stack.log_of("calls-1"), "the call server has the call", 10)

        absent = await in_directory(ask, alice, "GET", path.replace(device.id, DEVICE))
        assert absent.status_code == 404
        phone.behaviour = "busy"
        answer = await in_directory(ask, alice, "POST", path, {"timeout": 10})
        assert (answer.json()["data"]["status"], answer.json()["data"]["cause"]) == ("failed", "USER_BUSY")
        phone.close()


def make_device(company: Company) -> Any:
    bakery = company.tree.bakery
    document = {"name": "quick", "sip": {"username": "2001", "password": "a-good-password"}}
    with account_scope(bakery):
        return create_device(DeviceDocument.model_validate(document).as_document(), system_principal(bakery.id))
