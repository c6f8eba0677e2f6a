"""A bakery that looks like one: people with phones, flows, calls that are going on and calls that have ended."""

from __future__ import annotations

from datetime import timedelta

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.devices.actions import create_device
from apps.pbx.devices.models import Device
from apps.pbx.numbers.models import NumberState, PhoneNumber
from apps.pbx.ring_groups.actions import create_ring_group
from apps.pbx.users.actions import create_user
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.registrar.models import Registration
from tests.company import Company

PEOPLE = ("Rosa Marin", "Jonas Weber", "Amina Diallo", "Theo Lindqvist", "Priya Nair")
AGENTS = ("Yealink T54W 96.86", "Linphone/5.2 (Android)", "Snom D735", "Grandstream GXP2170", "Zoiper 5.6")
MAIN = "+13125550100"


def furnish(company: Company) -> None:
    bakery = company.tree.bakery
    principal = system_principal(bakery.id)
    with account_scope(bakery.id):
        PhoneNumber.objects.create(number=MAIN, account_id=bakery.id, state=NumberState.RESERVED)
        PhoneNumber.objects.create(number="+13125550101", account_id=bakery.id, state=NumberState.RESERVED)
        members = []
        for position, name in enumerate(PEOPLE):
            first, last = name.split()
            address = f"{first.lower()}@bakery.test"
            user = create_user({"first_name": first, "last_name": last, "email": address}, principal)
            device = create_device({"name": f"{first}'s phone", "owner_id": user.id}, principal)
            if position != 3:
                register(bakery, device, AGENTS[position], position)
            step = {"module": "user", "data": {"id": user.id}, "children": {}}
            create_callflow({"name": name, "numbers": [str(1001 + position)], "flow": step}, principal)
            members.append({"id": user.id, "type": "user", "delay": 5 * (position > 2)})
        group = create_ring_group({"name": "Sales", "numbers": ["2000"], "members": members}, principal)
        create_callflow({"name": "Main number", "numbers": [MAIN], "flow": main_flow(group.callflow_id)}, principal)
    for position in range(3):
        talk(bakery, position)
    finish(bakery)


def main_flow(sales_flow: str) -> dict[str, object]:
    closed = {"module": "tts", "data": {"text": "Please call again tomorrow."}, "children": {"_": {"module": "hangup"}}}
    sales = {"module": "callflow", "data": {"id": sales_flow}, "children": {}}
    return {"module": "menu", "data": {"retries": 2}, "children": {"1": sales, "timeout": dict(sales), "_": closed}}


def register(account: Account, device: Device, agent: str, position: int) -> None:
    Registration.objects.create(
        realm=account.realm, username=device.sip_username, account_id=account.id, device_id=device.id,
        contact=f"sip:x@192.0.2.{position + 10}:5060;transport=udp", network_ip=f"192.0.2.{position + 10}",
        network_port=5060, user_agent=agent, switch="fs1", call_id=device.id, expires=now() + timedelta(hours=1),
    )  # fmt: skip


def talk(account: Account, position: int) -> None:
    began = now() - timedelta(seconds=25 + 70 * position)
    answered = began + timedelta(seconds=9) if position else None
    LiveChannel.objects.create(
        uuid=f"live-{account.id}-{position}",
        account_id=account.id,
        switch="fs1",
        direction="inbound",
        call_kind="inbound" if position != 1 else "internal",
        interaction_id=f"live-{account.id}-{position}",
        state=ChannelState.BRIDGED if answered else ChannelState.RINGING,
        caller_id_name=("", PEOPLE[1], "Clara Osei")[position],
        caller_id_number=("+13125550187", "1002", "+442071838750")[position],
        destination=(MAIN, "1003", MAIN)[position],
        callee_id_name=("", PEOPLE[2], PEOPLE[0])[position],
        created=began,
        answered=answered,
    )


def finish(account: Account) -> None:
    """Two dozen calls of the last hours, a few of them missed."""
    assert record_legs(ended_call(account, position) for position in range(24)) == {}


def ended_call(account: Account, position: int) -> FinishedLeg:
    began = now() - timedelta(minutes=4 + 11 * position)
    answered = began + timedelta(seconds=6) if position % 5 else None
    return FinishedLeg(
        account_id=account.id,
        switch="fs1",
        call_id=f"call-{position}",
        direction="inbound",
        started=began,
        ended=began + timedelta(seconds=40 + 13 * position),
        answered=answered,
        interaction_id=f"{position:011d}-cafe",
        call_kind="inbound" if position % 3 else "internal",
        caller_id_name=("Clara Osei", "", "Ben Ito")[position % 3],
        caller_id_number=("+13125550187", "+442071838750", "1002")[position % 3],
        dialed_number=MAIN if position % 3 else "1003",
        hangup_cause="NORMAL_CLEARING" if answered else "ORIGINATOR_CANCEL",
    )
