"""The main job, over the API only: from an empty installation to a customer whose phones ring and are answered.

Everything the operator, the reseller and the customer do goes through the HTTP API of a running system; phones and the
carrier are real SIP around FreeSWITCH, or the lab's around the lab switch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.actions import create_master
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import master_account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.identity import queries
from apps.foundation.identity.principal import system_principal
from tests.company import PASSWORD, remove_accounts
from tests.telephony.api_client import Api, Ear
from tests.telephony.stack import Kind, Stack, until
from tests.telephony.worlds import CarrierCall, Phone, World, world_around

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

log = logging.getLogger(__name__)
NUMBER, BUSY_NUMBER, UNKNOWN = "+13125550111", "+13125550112", "+13125550199"
CALLER = "+12125550177"
SIP_PASSWORD = "correct-horse-7"
REALM = "bakery.sip.test"
NAMES = ("anna", "ben", "cleo")


@pytest.fixture(
    scope="module", params=["lab", pytest.param("freeswitch", marks=[pytest.mark.freeswitch, pytest.mark.sip])]
)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def operator(kind: Kind, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Account]:
    """What an installation begins with: the master account and one administrator."""
    with django_db_blocker.unblock():
        assert master_account() is None
        master = create_master({"name": "Operator", "realm": "operator.test"})
        try:
            person = {"first_name": "Olga", "last_name": "Test", "username": "olga", "password": PASSWORD}
            with account_scope(master):
                create_document(
                    queries.login_model(),
                    {**person, "priv_level": "admin", "enabled": True, "require_password_update": False},
                    system_principal(master.id),
                )
            yield master
        finally:
            remove_accounts(list(Account.objects.values_list("id", flat=True)))


@dataclass
class Customer:
    """What was made over the API, and the phones that registered."""

    api: Api
    account_id: str
    stack: Stack
    world: World
    phones: dict[str, Phone] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)

    def path(self, rest: str) -> str:
        return f"accounts/{self.account_id}/{rest}"

    async def behave(self, **behaviours: Any) -> None:
        for name, behaviour in behaviours.items():
            await self.phones[name].behave(behaviour)

    async def listen(self) -> Ear:
        return await Ear.on(self.api, self.account_id, *(f"call.CHANNEL_{name}.*" for name in EVENTS))

    async def legs_of(self, number: str, count: int) -> list[dict[str, Any]]:
        """The legs of the newest interaction with the number, once all have been handed in."""

        async def complete() -> list[dict[str, Any]] | None:
            interactions = await self.api.get(self.path("cdrs/interaction"))
            for interaction in interactions:
                legs = await self.api.get(self.path(f"cdrs/legs/{interaction['interaction_id']}"))
                if any(number in str(leg) for leg in legs) and len(legs) >= count:
                    return list(legs)
            return None

        found: list[dict[str, Any]] = await until(complete, f"{count} legs of the call to {number}", 20)
        return found


EVENTS = ("CREATE", "ANSWER", "BRIDGE", "DESTROY")


async def provide(stack: Stack, operator: Account) -> Customer:
    """Operator: reseller, carrier and numbers. Reseller: customer. Customer: people, phones, ring group."""
    olga = await Api(stack.environment.local_url).sign_in("olga", PASSWORD, operator.realm)
    reseller = await olga.put(f"accounts/{operator.id}", {"name": "Northwind", "realm": "northwind.sip.test"})
    await olga.put(f"accounts/{reseller['id']}/reseller")
    await olga.put(f"accounts/{reseller['id']}/users", person("nora", "admin"))
    await olga.put(f"accounts/{operator.id}/resources", CARRIER)
    await olga.close()

    nora = await Api(stack.environment.local_url).sign_in("nora", PASSWORD, "northwind.sip.test")
    bakery = await nora.put(f"accounts/{reseller['id']}", {"name": "Bakery", "realm": REALM})
    await nora.put(f"accounts/{bakery['id']}/users", person("alice", "admin"))
    for number in (NUMBER, BUSY_NUMBER):
        await nora.put(f"accounts/{bakery['id']}/phone_numbers/{number.replace('+', '%2B')}")
    await nora.close()

    alice = await Api(stack.environment.local_url).sign_in("alice", PASSWORD, REALM)
    customer = Customer(alice, bakery["id"], stack, await world_around(stack))
    for name in NAMES:
        user = await alice.put(customer.path("users"), person(name, "user"))
        sip = {"username": name, "password": SIP_PASSWORD, "method": "password"}
        device = {"name": f"{name}'s phone", "owner_id": user["id"], "device_type": "sip_device", "sip": sip}
        customer.users[name] = user["id"]
        customer.devices[name] = (await alice.put(customer.path("devices"), device))["id"]
    members = [{"id": customer.users[name], "type": "user", "timeout": 4} for name in NAMES]
    group = {"name": "Counter", "numbers": ["8000", NUMBER], "members": members, "timeout": 4}
    await alice.put(customer.path("ring_groups"), group)
    flow = {"module": "user", "data": {"id": customer.users["ben"], "timeout": 10}, "children": {}}
    await alice.put(customer.path("callflows"), {"name": "Ben", "numbers": ["2002", BUSY_NUMBER], "flow": flow})
    return customer


def person(name: str, priv_level: str) -> dict[str, Any]:
    names = {"first_name": name.title(), "last_name": "Test", "username": name}
    return {**names, "password": PASSWORD, "priv_level": priv_level, "email": f"{name}@example.com"}


#: A carrier that sends from this machine's address.
CARRIER = {
    "name": "Carrier",
    "rules": ["^\\+?1\\d{10}$"],
    "gateways": [{"server": "127.0.0.1", "port": 5090, "enabled": True}],
    "inbound_networks": ["127.0.0.1/32"],
}


@pytest.fixture
async def customer(kind: Kind, operator: Account) -> AsyncIterator[Customer]:
    async with Stack(kind, worker=True) as stack:
        made = await provide(stack, operator)
        try:
            for name in NAMES:
                made.phones[name] = await made.world.register(name, REALM, SIP_PASSWORD, real=name == "anna")
            await until(lambda: all_registered(made), "the API shows three registered phones", 10)
            yield made
        finally:
            await made.world.close()
            await made.api.close()


async def all_registered(customer: Customer) -> bool:
    status = await customer.api.get(customer.path("devices/status"))
    return {row["device_id"] for row in status if row["registered"]} >= set(customer.devices.values())


async def test_the_main_job(customer: Customer) -> None:
    """In one installation, one after the other: starting the processes takes longer than the calls."""
    await a_carrier_call_rings_three_phones_and_is_answered(customer)
    await a_busy_phone(customer)
    await nobody_answers(customer)
    await the_caller_gives_up(customer)
    await an_unknown_number(customer)


async def a_carrier_call_rings_three_phones_and_is_answered(customer: Customer) -> None:
    await customer.behave(anna="answer", ben="ring", cleo="ring")
    ear = await customer.listen()
    placed = time.monotonic()
    call = await customer.world.carrier_call(CALLER, NUMBER)
    await call.answered()
    answered = time.monotonic()
    await call.audio_both_ways()
    for name in NAMES:
        assert await customer.phones[name].rang() == 1, name
    channels = await customer.api.get(customer.path("channels"))
    assert len(channels) == 2, channels
    await until(lambda: time.monotonic() - answered > 2.2, "two seconds of talk", 5)
    hung_up = time.monotonic()
    await call.hang_up()

    created = await ear.hears("CHANNEL_CREATE", 4)
    answers = await ear.hears("CHANNEL_ANSWER", 2)
    bridges = await ear.hears("CHANNEL_BRIDGE", 1)
    destroyed = await ear.hears("CHANNEL_DESTROY", 4)
    assert created[0][0] - placed < 1
    assert answers[-1][0] - answered < 1
    assert bridges[0][0] - answered < 1
    assert destroyed[-1][0] - hung_up < 1
    delays = [created[0][0] - placed, answers[-1][0] - answered, bridges[0][0] - answered, destroyed[-1][0] - hung_up]
    log.info("seconds until the websocket told create, answer, bridge, destroy: %s", [round(one, 3) for one in delays])
    assert {data["account_id"] for _, data in created + answers + bridges + destroyed} == {customer.account_id}
    await ear.close()

    legs = await customer.legs_of(NUMBER, 4)
    told = ("direction", "owner_id", "hangup_cause", "hangup_code", "duration_seconds", "billing_seconds")
    for leg in legs:
        log.info("leg: %s", {key: leg.get(key) for key in told})
    assert len({leg["interaction_id"] for leg in legs}) == 1
    inbound = [leg for leg in legs if leg["direction"] == "inbound"]
    outbound = {leg["owner_id"]: leg for leg in legs if leg["direction"] == "outbound"}
    assert len(inbound) == 1
    assert set(outbound) == set(customer.users.values())
    assert inbound[0]["hangup_cause"] == "NORMAL_CLEARING"
    assert inbound[0]["caller_id_number"] == CALLER
    talked = hung_up - answered
    for leg in (inbound[0], outbound[customer.users["anna"]]):
        assert abs(int(leg["billing_seconds"]) - talked) <= 1.5, leg
        assert int(leg["duration_seconds"]) >= int(leg["billing_seconds"])
    for name in ("ben", "cleo"):
        leg = outbound[customer.users[name]]
        assert leg["hangup_cause"] == "LOSE_RACE"
        assert int(leg["billing_seconds"]) == 0
    assert len(await customer.api.get(customer.path("cdrs/interaction"))) == 1


async def a_busy_phone(customer: Customer) -> None:
    await customer.behave(ben="busy")
    call = await customer.world.carrier_call(CALLER, BUSY_NUMBER)
    assert await call.ended() == 486
    legs = await customer.legs_of(BUSY_NUMBER, 2)
    assert {leg["hangup_cause"] for leg in legs} == {"USER_BUSY"}
    assert {int(leg["billing_seconds"]) for leg in legs} == {0}


async def nobody_answers(customer: Customer) -> None:
    await customer.behave(anna="ring", ben="ring", cleo="ring")
    before = {name: await phone.rang() for name, phone in customer.phones.items()}
    rung = time.monotonic()
    call = await customer.world.carrier_call(CALLER, NUMBER)
    assert await call.ended() == 480
    assert 3 < time.monotonic() - rung < 15
    await everybody_rang_once_more(customer, before)
    legs = await newest(customer, 4)
    assert {leg["hangup_cause"] for leg in legs if leg["direction"] == "inbound"} == {"NO_ANSWER"}
    assert {int(leg["billing_seconds"]) for leg in legs} == {0}


async def the_caller_gives_up(customer: Customer) -> None:
    before = {name: await phone.rang() for name, phone in customer.phones.items()}
    call = await customer.world.carrier_call(CALLER, NUMBER)
    await call.rings()
    await until(lambda: rang_since(customer, before), "all three ring", 5)
    await call.hang_up()
    assert await call.ended() == 487
    legs = await newest(customer, 4)
    assert {leg["hangup_cause"] for leg in legs} == {"ORIGINATOR_CANCEL"}
    assert {int(leg["billing_seconds"]) for leg in legs} == {0}


async def an_unknown_number(customer: Customer) -> None:
    call: CarrierCall = await customer.world.carrier_call(CALLER, UNKNOWN)
    assert await call.ended() == 404
    interactions = await customer.api.get(customer.path("cdrs/interaction"))
    assert UNKNOWN not in str(interactions)


async def newest(customer: Customer, count: int) -> list[dict[str, Any]]:
    """The legs of the newest interaction, which must be complete and none of those seen before."""
    seen = _seen.setdefault(id(customer), set())

    async def found() -> list[dict[str, Any]] | None:
        for interaction in await customer.api.get(customer.path("cdrs/interaction")):
            legs = await customer.api.get(customer.path(f"cdrs/legs/{interaction['interaction_id']}"))
            answered = any(int(leg["billing_seconds"]) for leg in legs)
            if interaction["interaction_id"] not in seen and len(legs) >= count and not answered:
                seen.add(interaction["interaction_id"])
                return list(legs)
        return None

    legs: list[dict[str, Any]] = await until(found, f"an interaction of {count} legs", 20)
    return legs


_seen: dict[int, set[str]] = {}


async def rang_since(customer: Customer, before: dict[str, int]) -> bool:
    return all([await phone.rang() > before[name] for name, phone in customer.phones.items()])


async def everybody_rang_once_more(customer: Customer, before: dict[str, int]) -> None:
    for name, phone in customer.phones.items():
        assert await phone.rang() == before[name] + 1, name
