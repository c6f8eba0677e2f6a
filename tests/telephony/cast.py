"""Telephony scenarios: who takes part, and how to write one. Each runs on the lab switch and on the real FreeSWITCH.

    async def test_a_colleague_answers(cast: Cast) -> None:
        bakery = await cast.customer()
        anna = await bakery.phone("anna", extension="1001")
        ben = await bakery.phone("ben", extension="1002")
        call = await anna.dial("1002")
        ring = await ben.rings()                    # the INVITE ben's phone gets: a Line, too
        assert ring.caller_number == "anna"
        await ring.answer()
        await talk(call, ring)                      # both are answered and hear each other's tone
        await call.hang_up()
        assert await ring.ended() == 200
        legs = await bakery.legs(2)                 # the call records, over the API

Put scenarios into `tests/telephony/scenarios/`: all modules there share one running system per switch (web, switch
process, worker, node), the real one and the lab's, one after the other. A module elsewhere in `tests/telephony` gets a
system of its own. Nothing is to be marked: `cast` brings the parameter `switch`, the marker `freeswitch` and the loud
skip where there is none. To leave one switch out: `pytest.mark.parametrize("switch", SWITCHES[1:], indirect=True)`
(`SWITCHES` of `tests.telephony.conftest`), or call `cast.sip_only("presence")` where only a part needs real SIP.

**The fixtures.** `cast` (one test's parties; all calls are ended after it), `stack` (`stack.environment`, `.esl()`,
`.logs()`, `.home`), `switch` ("lab" or "freeswitch").

**Making.** `cast.customer(**account)` is a new account below the operator, so that tests do not meet.
`customer.user(name, phones=2, extension="2001", **document)` gives a `Person` with `id` and `phones`;
`customer.phone(name, owner=person, extension=…, register=False, **document)` a `Phone` with `device_id`;
`customer.flow(["8000"], "menu", {"id": …}, children=…)` a callflow, `customer.dial_out()` the one for everybody
outside; `number = await customer.number("", "user", {"id": …})` a fresh number in service with its callflow.
`customer.api` is the operator's client and `customer.put("menus", {…})`, `.get(…)`, `.post(…)`, `.patch(…)`,
`.delete(…)` are paths of the account.

**Phones and the carrier** (`parties.Phone`, `parties.Carrier`; `cast.carrier`). `await phone.dial("1002")`,
`await phone.rings()` (the next INVITE it gets), `await phone.stays_silent(1.5)`, `await phone.behave("answer")` (also
"busy"; "ring", the default, leaves it to the test), `await phone.register()`. The carrier dials
`await cast.carrier.dial(number, caller="+1…", name="Pat")`, and rings when somebody calls out.

**Lines** (`parties.Line`), the same for who calls and who is called: `await line.rings()`, `.answered()`, `.ended()`
(gives the SIP status), `.answer()`, `.reject(486)`, `.hang_up()`, `.hold()`, `.resume()`, `.press("12#")`,
`.press("1", "info")`, `.gets_keys("12#")` (the other end pressed them), `.transfer("1003")` (REFER),
`.transfer_to(line)` (REFER with Replaces); `line.number` (user part of the request URI), `.caller_name`,
`.caller_number`, `.headers` (`.invited.answers_itself`: an auto-answer header was there). Every line says a tone of its
own all the time: `await line.hears(other)`, `await line.hears_tone(440, lasting=0.4)`, `await line.hears_sound()`.

**On the lab switch there is no audio**, and the same assertions become signalling: `hears(other)` holds where the two
channels are bridged, `hears_tone` and `hears_sound` where the channel is up (early or answered). Silence, and that a
tone is *not* heard, can only be asked of the real switch. What the lab has no words for skips with `cast.sip_only`.

**Looking on.** `await customer.legs(2)` (call records of the newest conversation), `await customer.channels()`,
`ear = await customer.listen()`, `await ear.hears("CHANNEL_ANSWER")`, `await cast.idle()` (no channel is left).
On the real switch `phone.agent` is the `SipPhone` (subscribe, message, `notified`) and `line.call` the dialog.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from pytest_django import DjangoDbBlocker

from apps.commerce.carriers.actions import create_carrier
from apps.foundation.accounts.actions import create_master
from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import master_account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.principal import system_principal
from apps.switching.esl.client import EslClient
from apps.switching.registrar.models import Registration
from tests.company import PASSWORD, remove_accounts
from tests.telephony.api_client import Api, Ear
from tests.telephony.lab_parties import LabPartyCarrier, LabPartyPhone, sip_only
from tests.telephony.parties import Carrier, Line, Party, Phone, talk
from tests.telephony.sip_parties import SipPartyCarrier, SipPartyPhone
from tests.telephony.stack import Kind, Stack, running, until
from tests.telephony.worlds import LabSide

__all__ = ["Cast", "Customer", "Line", "Party", "Person", "Phone", "Running", "running_system", "talk"]

SIP_PASSWORD = "correct-horse-7"
#: Where the lab's carrier is, and ours.
LAB_CARRIER_PORT = 5090
EVENTS = ("CREATE", "ANSWER", "BRIDGE", "DESTROY")
_customers = itertools.count(1)
_free_numbers = itertools.count(1000)


@dataclass
class Running:
    """A running system with the operator's account, its administrator's token, and a carrier at `carrier_port`."""

    stack: Stack
    operator: str
    token: str
    carrier_port: int


@contextmanager
def running_system(
    kind: Kind,
    blocker: DjangoDbBlocker,
    carrier_port: int,
    call_servers: int = 1,
    build: Callable[..., Stack] = Stack,
) -> Iterator[Running]:
    """Start everything for a module or package of scenarios, and remove it with all accounts."""
    with blocker.unblock():
        assert master_account() is None, "accounts of another test are left"
        try:
            operator, token = _found(carrier_port)
            with running(build(kind, worker=True, call_servers=call_servers)) as stack:
                yield Running(stack, operator.id, token, carrier_port)
        finally:
            remove_accounts(list(Account.objects.values_list("id", flat=True)))


def _found(carrier_port: int) -> tuple[Account, str]:
    master = create_master({"name": "Operator", "realm": "operator.test"})
    system = system_principal(master.id)
    with account_scope(master):
        administrator = create_document(queries.login_model(), _person("olga", "admin"), system)
        create_carrier(carrier_at(carrier_port), system)
    return master, tokens.token_for(master, administrator, tokens.USER_AUTH)[0]


@dataclass
class Person:
    """A user and the phones that are his."""

    id: str
    name: str
    phones: list[Phone] = field(default_factory=list)


@dataclass
class Customer:
    """One account. Paths are below it: `await customer.put("devices", {…})`."""

    cast: Cast
    account_id: str
    realm: str

    @property
    def api(self) -> Api:
        return self.cast.api

    def path(self, rest: str) -> str:
        return f"accounts/{self.account_id}/{rest}".rstrip("/")

    async def get(self, path: str) -> Any:
        return (await self.api.request("GET", self.path(path)))["data"]

    async def put(self, path: str, data: Any = None) -> Any:
        return (await self.api.request("PUT", self.path(path), data))["data"]

    async def post(self, path: str, data: Any = None) -> Any:
        return (await self.api.request("POST", self.path(path), data))["data"]

    async def patch(self, path: str, data: Any = None) -> Any:
        return (await self.api.request("PATCH", self.path(path), data))["data"]

    async def delete(self, path: str) -> Any:
        return (await self.api.request("DELETE", self.path(path)))["data"]

    async def user(self, name: str, *, phones: int = 1, extension: str = "", **document: Any) -> Person:
        """A user with registered phones `<name>1`, `<name>2`, … (`<name>` where there is one); `document` adds to the
        user's. With an extension, its callflow rings the user."""
        made = await self.put("users", {**_person(name, "user"), **document})
        person = Person(made["id"], name)
        for place in range(1, phones + 1):
            username = name if phones == 1 else f"{name}{place}"
            person.phones.append(await self.phone(username, owner=person))
        if extension:
            await self.flow([extension], "user", {"id": person.id, "timeout": 15})
        return person

    async def phone(
        self, name: str, *, owner: Person | None = None, extension: str = "", register: bool = True, **document: Any
    ) -> Phone:
        """A device and its phone, registered. `document` adds to the device's (its `sip` to the credentials)."""
        sip = {"username": name, "password": SIP_PASSWORD, "method": "password", **document.pop("sip", {})}
        wanted = {"name": f"{name}'s phone", "device_type": "sip_device", "sip": sip, **document}
        if owner is not None:
            wanted["owner_id"] = owner.id
        made = await self.put("devices", wanted)
        phone = await self.cast.phone_of(name, self.realm, sip["password"])
        phone.device_id, phone.owner_id = made["id"], owner.id if owner is not None else ""
        if register:
            await self.registered(phone)
        if extension:
            await self.flow([extension], "device", {"id": phone.device_id, "timeout": 15})
        return phone

    async def registered(self, phone: Phone) -> None:
        """Register a phone and wait until the system knows."""
        status = await phone.register()
        assert status == 200, f"{phone} was refused with {status}"
        known = Registration.objects.filter(device_id=phone.device_id)
        await until(lambda: in_directory(known.exists), f"the registration of {phone} is known", 10)

    async def flow(self, numbers: list[str], module: str, data: Any = None, **more: Any) -> Any:
        """A callflow of one verb; `children` and further keys of the document as keywords (`patterns`)."""
        tree = {"module": module, "data": data or {}, "children": more.pop("children", {})}
        return await self.put("callflows", {"name": f"{module} {numbers}", "numbers": numbers, "flow": tree, **more})

    async def dial_out(self) -> Any:
        """Whatever has no callflow goes out through the carrier."""
        return await self.flow(["no_match"], "offnet", {})

    async def number(self, number: str = "", module: str = "", data: Any = None, **more: Any) -> str:
        """A number (E.164, "" for one nobody has) in service; with a module, its callflow. A number exists once in the
        whole system: scenarios that name one must be the only ones that do."""
        number = number or f"+1312555{next(_free_numbers):04}"
        await self.put(f"phone_numbers/{number.replace('+', '%2B')}")
        if module:
            await self.flow([number], module, data, **more)
        return number

    async def channels(self) -> list[dict[str, Any]]:
        """The live channels the API shows."""
        return list(await self.get("channels"))

    async def listen(self, *bindings: str) -> Ear:
        """A websocket with these bindings, else with those of the calls' events. It is closed after the test."""
        ear = await Ear.on(self.api, self.account_id, *(bindings or [f"call.CHANNEL_{name}.*" for name in EVENTS]))
        self.cast.ears.append(ear)
        return ear

    async def legs(self, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """The call records of the newest conversation, once it has that many legs, the first leg first."""

        async def complete() -> list[dict[str, Any]] | None:
            for interaction in (await self.get("cdrs/interaction"))[:1]:
                legs = await self.get(f"cdrs/legs/{interaction['interaction_id']}")
                if len(legs) >= count:
                    return sorted(legs, key=lambda leg: str(leg["timestamp"]))
            return None

        found: list[dict[str, Any]] = await until(complete, f"{count} legs are recorded", seconds)
        return found


class Cast:
    """One test's parties. `carrier` is everybody outside."""

    carrier: Carrier
    api: Api
    _esl: EslClient

    def __init__(self, system: Running) -> None:
        self.system, self.stack = system, system.stack
        self.ears: list[Ear] = []
        self._agents: list[SipPartyPhone | SipPartyCarrier] = []

    @property
    def is_real(self) -> bool:
        """Whether this is the real switch, with audio."""
        return self.stack.kind == "freeswitch"

    def sip_only(self, what: str) -> None:
        """Skip the rest on the lab switch, which has no such thing."""
        if not self.is_real:
            sip_only(what)

    async def __aenter__(self) -> Self:
        self.api = Api(self.stack.environment.local_url)
        self.api.token, self.api.account_id = self.system.token, self.system.operator
        self._esl = await self.stack.esl()
        if self.is_real:
            carrier = await SipPartyCarrier(self.stack.external).open(self.system.carrier_port)
            self._agents.append(carrier)
            self.carrier = carrier
        else:
            self.carrier = await LabPartyCarrier(LabSide(self._esl)).open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        try:
            await self._esl.api("hupall", "NORMAL_CLEARING")
            await self.idle()
        finally:
            for ear in self.ears:
                await ear.close()
            for agent in self._agents:
                agent.agent.close()
            await self._esl.close()
            await self.api.close()

    async def customer(self, **document: Any) -> Customer:
        """A new account; `document` adds to the account's."""
        label = f"c{next(_customers)}"
        wanted = {"name": label, "realm": f"{label}.sip.test", **document}
        made = (await self.api.request("PUT", f"accounts/{self.system.operator}", wanted))["data"]
        return Customer(self, made["id"], wanted["realm"])

    async def phone_of(self, username: str, realm: str, password: str) -> Phone:
        """A phone with these credentials, not registered."""
        if not self.is_real:
            return LabPartyPhone(LabSide(self._esl), username, realm, password)
        phone = await SipPartyPhone(username, realm, password, self.stack.internal).open()
        self._agents.append(phone)
        return phone

    async def forgotten(self, phone: Phone) -> None:
        """Wait until the system knows that the phone is gone."""

        async def gone() -> bool:
            return not await in_directory(Registration.objects.filter(device_id=phone.device_id).exists)

        await until(gone, f"{phone} is forgotten", 10)

    async def fs(self, command: str, arguments: str = "") -> str:
        """An api command of the switch, for what nothing else shows."""
        return (await self._esl.api(command, arguments)).text

    async def reconnect(self) -> None:
        """After the switch itself was started again."""
        await self._esl.close()
        self._esl = await self.stack.esl()

    async def idle(self, seconds: float = 10) -> None:
        """Wait until the switch has no channel."""

        async def empty() -> bool:
            return (await self.fs("show", "channels count")).strip().startswith("0 ")

        await until(empty, "no channel is left", seconds)


def carrier_at(port: int, **document: Any) -> dict[str, Any]:
    """A carrier resource for `cast.carrier`: numbers go to it in E.164, and all its calls come from this machine."""
    gateway = {"server": "127.0.0.1", "port": port, "enabled": True, "invite_format": "e164"}
    wanted = {
        "name": "Carrier",
        "rules": [r"^\+\d{6,15}$"],
        "gateways": [gateway],
        "inbound_networks": ["127.0.0.1/32"],
    }
    return wanted | document


def _person(name: str, priv_level: str) -> dict[str, Any]:
    return {
        "first_name": name.title(),
        "last_name": "Test",
        "username": name,
        "password": PASSWORD,
        "priv_level": priv_level,
        "email": f"{name}@example.com",
        "enabled": True,
        "require_password_update": False,
    }
