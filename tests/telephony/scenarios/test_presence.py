"""Lamps and message lamps: on the real switch with SUBSCRIBE and NOTIFY, on both over the API and websockets."""

from __future__ import annotations

import re
from typing import Any

from apps.foundation.accounts.bridge import in_directory
from apps.switching.presence.actions import set_message_waiting
from apps.switching.presence.models import Subscription
from tests.telephony.cast import Cast, Customer, Phone
from tests.telephony.sip_messages import Message
from tests.telephony.stack import until

DIALOG = ("accept", "application/dialog-info+xml")
SUMMARY = ("accept", "application/simple-message-summary")


def shown(notify: Message) -> str:
    """What the lamp shows after a NOTIFY of dialogs: one without a dialog turns it off (RFC 4235)."""
    found = re.search(r"<state>(\w+)</state>", notify.body)
    return found[1] if found else "terminated"


def lamp(phone: Phone, extension: str) -> str:
    """What the phone's lamp of the extension shows now."""
    told = [one for one in phone.agent.notified if f'entity="sip:{extension}@' in one.body]
    return shown(told[-1]) if told else "nothing"


async def shows(phone: Phone, extension: str, state: str, seconds: float = 10) -> None:
    await until(lambda: lamp(phone, extension) == state, f"the lamp of {extension} is {state}", seconds)


async def watch(phone: Phone, extension: str, state: str = "terminated") -> None:
    """Subscribe, and wait until the lamp shows what it should."""
    assert await phone.agent.subscribe("dialog", extension, DIALOG) in (200, 202)
    known = Subscription.objects.filter(presence_id=extension, subscriber__startswith=f"{phone.username}@")
    await until(lambda: in_directory(known.exists), f"the subscription to {extension} is known")
    await shows(phone, extension, state)


async def lit(customer: Customer, **lamps: str) -> None:
    """The API says that these lamps are lit, and no others."""

    async def same() -> bool:
        found: dict[str, Any] = (await customer.get("presence"))["lamps"]
        return found == lamps

    await until(same, f"lit are {lamps}", 10)


async def test_a_colleague_rings_talks_and_hangs_up(cast: Cast) -> None:
    office = await cast.customer()
    anna = await office.phone("anna", extension="1001")
    ben = await office.phone("ben", extension="1002")
    watcher = await office.phone("cleo")
    ear = await office.listen("presence.dialog.*")
    if cast.is_real:
        await watch(watcher, "1001")
        await watch(watcher, "1002")
    call = await anna.dial("1002")
    ring = await ben.rings()
    if cast.is_real:
        await shows(watcher, "1002", "early")
        await shows(watcher, "1001", "confirmed")
    found = await office.get("presence/1002")
    assert found["state"] == "early"
    await ring.answer()
    await call.answered()
    if cast.is_real:
        await shows(watcher, "1002", "confirmed")
    await call.hang_up()
    await ring.ended()
    if cast.is_real:
        await shows(watcher, "1002", "terminated")
        await shows(watcher, "1001", "terminated")
    await lit(office)
    assert ear is not None
