"""A furnished customer and browsers of the cast: Alice and Bob of Bakery, Carol of Clinic, Nora of the reseller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client

from apps.commerce.carriers.actions import create_carrier
from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.callflows.models import Callflow
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.models import Device
from apps.pbx.numbers.models import NumberState, PhoneNumber
from apps.pbx.ring_groups.actions import create_ring_group
from apps.pbx.ring_groups.models import RingGroup
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.registrar.models import Registration
from tests.integration.identity.conftest import PASSWORD, Cast, _module_cast, cast

__all__ = ["_module_cast", "cast"]

INTERACTION = "63900000000-deadbeef"


@dataclass(frozen=True, slots=True)
class Furnished:
    """What Bakery has. Bob owns the device and rings in the group and the flow."""

    account: Account
    above_id: str
    bob: Login
    device: Device
    ring_group: RingGroup
    flow: Callflow
    number: PhoneNumber
    carrier_id: str
    call_id: str
    interaction_id: str


def furnish(account: Account, owner: Login, number: str = "+13125550100", extension: str = "1001") -> Furnished:
    principal = system_principal(account.id)
    with account_scope(account.id):
        held = PhoneNumber.objects.create(number=number, account_id=account.id, state=NumberState.RESERVED)
        device = create_device({"name": "Front desk", "owner_id": owner.id}, principal)
        ring_group = create_ring_group(
            {"name": "Sales", "numbers": ["2000"], "members": [{"id": owner.id, "type": "user"}]}, principal
        )
        step = {"module": "user", "data": {"id": owner.id}, "children": {"_": {"module": "hangup"}}}
        flow = create_callflow({"name": "Owner", "numbers": [extension, number], "flow": step}, principal)
        carrier = create_carrier({"name": "Telco", "gateways": [{"server": "192.0.2.99"}]}, principal)
    ring(account, owner, device)
    finish_call(account, owner)
    return Furnished(
        account=account,
        above_id=str(account.parent_id),
        bob=owner,
        device=device,
        ring_group=ring_group,
        flow=flow,
        number=held,
        carrier_id=carrier.id,
        call_id=f"leg-{account.id}",
        interaction_id=INTERACTION,
    )


def register(device: Device, account: Account, seconds: int = 300) -> Registration:
    return Registration.objects.create(
        realm=account.realm, username=device.sip_username, account_id=account.id, device_id=device.id,
        contact="sip:x@192.0.2.7:5060;transport=tcp", network_ip="192.0.2.7", network_port=5060, switch="fs1",
        user_agent="Yealink T54W", call_id=f"register-{device.id}", expires=now() + timedelta(seconds=seconds),
    )  # fmt: skip


def ring(account: Account, owner: Login, device: Device) -> LiveChannel:
    """A call from outside that rings the owner."""
    return LiveChannel.objects.create(
        uuid=f"leg-{account.id}", account_id=account.id, switch="fs1", direction="inbound", call_kind="inbound",
        state=ChannelState.RINGING, caller_id_name="Ada", caller_id_number="+13125550199", destination="+13125550100",
        interaction_id=f"live-{account.id}", created=now(),
    )  # fmt: skip


def finish_call(account: Account, owner: Login, *, answered: bool = True, interaction: str = INTERACTION) -> None:
    """Two legs of one finished call from outside."""
    started = now() - timedelta(minutes=3)
    taken = started + timedelta(seconds=8) if answered else None
    shared = {
        "account_id": account.id, "switch": "fs1", "started": started, "ended": started + timedelta(seconds=68),
        "interaction_id": interaction, "caller_id_name": "Ada", "caller_id_number": "+13125550199", "answered": taken,
        "hangup_cause": "NORMAL_CLEARING" if answered else "ORIGINATOR_CANCEL",
    }  # fmt: skip
    legs = [
        FinishedLeg(
            call_id=f"a-{interaction}", direction="inbound", call_kind="inbound", dialed_number="+13125550100", **shared
        ),
        FinishedLeg(
            call_id=f"b-{interaction}", direction="outbound", owner_id=owner.id, callee_id_number="1001", **shared
        ),
    ]
    assert record_legs(legs) == {}


@pytest.fixture
def bakery(cast: Cast) -> Furnished:
    return furnish(cast.tree.bakery, cast.bob)


@pytest.fixture
def browser_of(cast: Cast) -> Callable[[Login], Client]:
    """A browser somebody has signed in with, by the form."""

    def sign_in(who: Login) -> Client:
        account = Account.objects.get(id=who.account_id)
        client = Client()
        form = {"account": account.realm, "username": who.username, "password": PASSWORD}
        response = client.post("/login", form)
        assert response.status_code == 302, response.content.decode()
        return client

    return sign_in


@pytest.fixture
def alice(cast: Cast, browser_of: Callable[[Login], Client]) -> Client:
    return browser_of(cast.alice)


@pytest.fixture
def nora(cast: Cast, browser_of: Callable[[Login], Client]) -> Client:
    return browser_of(cast.nora)


@pytest.fixture
def olga(cast: Cast, browser_of: Callable[[Login], Client]) -> Client:
    return browser_of(cast.olga)


@pytest.fixture
def bob(cast: Cast, browser_of: Callable[[Login], Client]) -> Client:
    return browser_of(cast.bob)
