"""Lamps and message lamps, with SUBSCRIBE and NOTIFY on the real switch and the lab's own way there."""

from __future__ import annotations

import re
from collections.abc import Coroutine
from typing import Any

from apps.foundation.accounts.bridge import in_directory
from apps.switching.presence.actions import set_message_waiting
from apps.switching.presence.models import Subscription
from tests.telephony.cast import Cast, Customer, Phone
from tests.telephony.lab_parties import LabPartyPhone
from tests.telephony.sip_messages import Message
from tests.telephony.stack import until
from tests.telephony.worlds import LabSide

DIALOG = ("accept", "application/dialog-info+xml")
SUMMARY = ("accept", "application/simple-message-summary")


def shown(notify: Message) -> str:
    """What the lamp shows after a NOTIFY of dialogs: one without a dialog turns it off (RFC 4235)."""
    found = re.search(r"<state>(\w+)</state>", notify.body)
    return found[1] if found else "terminated"


async def seen(phone: LabPartyPhone) -> dict[str, Any]:
    phones: list[dict[str, Any]] = (await phone._lab.do("state"))["phones"]
    return next(one for one in phones if (one["username"], one["realm"]) == (phone.username, phone.realm))


async def lamp(phone: Phone, extension: str) -> str:
    """What the phone's lamp of the extension shows now."""
    if isinstance(phone, LabPartyPhone):
        return str((await seen(phone))["lamps"].get(extension))
    told = [one for one in phone.agent.notified if f'entity="sip:{extension}@' in one.body]
    return shown(told[-1]) if told else "nothing"


async def messages(phone: Phone) -> str:
    """`new/saved` as the phone was told last."""
    if isinstance(phone, LabPartyPhone):
        return str((await seen(phone))["messages"]).partition(" ")[0]
    told = [one.body for one in phone.agent.notified if one.header("event") == "message-summary"]
    found = re.search(r"Voice-Message: (\d+/\d+)", told[-1]) if told else None
    return found[1] if found else "nothing"


async def shows(phone: Phone, extension: str, state: str, seconds: float = 15) -> None:
    async def same() -> bool:
        return await lamp(phone, extension) == state

    await until(same, f"the lamp of {extension} is {state}", seconds)


async def has(phone: Phone, counts: str, seconds: float = 15) -> None:
    async def same() -> bool:
        return await messages(phone) == counts

    await until(same, f"{phone} has {counts} messages", seconds)


async def watch(phone: Phone, extension: str, state: str = "terminated") -> None:
    """Subscribe, and wait until the lamp shows what it should."""
    if isinstance(phone, LabPartyPhone):
        await phone._lab.do("subscribe", username=phone.username, realm=phone.realm, extension=extension)
    else:
        assert await phone.agent.subscribe("dialog", extension, DIALOG) in (200, 202)
    mine = Subscription.objects.filter(presence_id=extension, subscriber=f"{phone.username}@{phone.realm}")
    await until(lambda: in_directory(mine.exists), f"the subscription to {extension} is known", 10)
    await shows(phone, extension, state)


async def _not(truth: Coroutine[Any, Any, bool]) -> bool:
    return not await truth


async def lit(customer: Customer, lamps: dict[str, str]) -> None:
    """The API says that of these lamps, and no others are lit."""

    async def same() -> bool:
        found: dict[str, Any] = (await customer.get("presence"))["lamps"]
        return found == lamps

    await until(same, f"lit are {lamps}", 10)


async def test_a_colleague_rings_talks_and_hangs_up(cast: Cast) -> None:
    office = await cast.customer()
    anna = await office.phone("anna", extension="1001")
    ben = await office.phone("ben", extension="1002")
    cleo = await office.phone("cleo")
    await watch(cleo, "1001")
    await watch(cleo, "1002")
    ear = await office.listen("presence.dialog.1002")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await shows(cleo, "1002", "early")
    await shows(cleo, "1001", "confirmed")
    await lit(office, {"1001": "confirmed", "1002": "early", "anna": "confirmed", "ben": "early"})
    await ring.answer()
    await call.answered()
    await shows(cleo, "1002", "confirmed")
    await shows(cleo, "1001", "confirmed")
    await call.hang_up()
    await ring.ended()
    await shows(cleo, "1002", "terminated")
    await shows(cleo, "1001", "terminated")
    await lit(office, {})
    told = [data["state"] for _at, data in await ear.hears("dialog", 3)]
    assert told == ["early", "confirmed", "terminated"]


async def test_whose_username_is_his_extension(cast: Cast) -> None:
    """The switch's own view of its calls must not mix with ours."""
    office = await cast.customer()
    anna = await office.phone("1001", extension="1001")
    ben = await office.phone("1002", extension="1002")
    cleo = await office.phone("cleo")
    await watch(cleo, "1001")
    await watch(cleo, "1002")
    call = await anna.dial("1002")
    ring = await ben.rings()
    await shows(cleo, "1002", "early")
    await ring.answer()
    await call.answered()
    await shows(cleo, "1002", "confirmed")
    await shows(cleo, "1001", "confirmed")
    await call.hang_up()
    await ring.ended()
    await shows(cleo, "1001", "terminated")
    await shows(cleo, "1002", "terminated")


async def test_set_by_hand(cast: Cast) -> None:
    """A night switch: dialled, and over the API; and do-not-disturb."""
    office = await cast.customer()
    anna = await office.user("anna", extension="1001")
    cleo = await office.phone("cleo")
    await office.flow(["*271"], "manual_presence", {"presence_id": "8001", "status": "busy"})
    await office.flow(["*272"], "manual_presence", {"presence_id": "8001", "status": "idle"})
    await watch(cleo, "8001")
    await watch(cleo, "1001")
    call = await cleo.dial("*271")
    await call.ended()
    await shows(cleo, "8001", "confirmed")
    await (await cleo.dial("*272")).ended()
    await shows(cleo, "8001", "terminated")
    await office.post("presence/8001", {"action": "set", "state": "early"})
    await shows(cleo, "8001", "early")
    await office.post("presence/8001", {"action": "reset"})
    await shows(cleo, "8001", "terminated")
    await office.patch(f"users/{anna.id}", {"do_not_disturb": {"enabled": True}})
    await shows(cleo, "1001", "confirmed")
    await office.patch(f"users/{anna.id}", {"do_not_disturb": {"enabled": False}})
    await shows(cleo, "1001", "terminated")


async def test_a_parked_call_lights_its_slot(cast: Cast) -> None:
    office = await cast.customer()
    anna = await office.phone("anna", extension="1001")
    cleo = await office.phone("cleo")
    await office.flow(["*3"], "park", {"action": "auto"}, patterns=[r"^\*3([0-9]+)$"])
    await watch(cleo, "*3101")
    call = await anna.dial("*3101")
    await shows(cleo, "*3101", "early")
    await call.hang_up()
    await shows(cleo, "*3101", "terminated")


async def test_messages_wait(cast: Cast) -> None:
    """Without and with a subscription, and for a phone that registers later."""
    office = await cast.customer()
    anna = await office.user("anna", extension="1001")
    phone = anna.phones[0]
    box = anna.id[::-1]
    await in_directory(set_message_waiting, office.account_id, box, number="1001", owner_id=anna.id, new=2, saved=1)
    await has(phone, "2/1")
    await in_directory(set_message_waiting, office.account_id, box, number="1001", owner_id=anna.id, new=0, saved=3)
    await has(phone, "0/3")
    second = await office.phone("second", owner=anna)
    await has(second, "0/3")
    if cast.is_real:
        cleo = await office.phone("cleo")
        assert await cleo.agent.subscribe("message-summary", "1001", SUMMARY) in (200, 202)
        await has(cleo, "0/3")
        await in_directory(set_message_waiting, office.account_id, box, number="1001", owner_id=anna.id, new=1)
        await has(cleo, "1/0")


async def test_after_the_switch_process_was_away(cast: Cast) -> None:
    """What changed meanwhile is told when it is back, lamps that went dark too."""
    office = await cast.customer()
    cleo = await office.phone("cleo")
    await watch(cleo, "8001")
    await watch(cleo, "8002")
    await office.post("presence/8001", {"action": "set", "state": "confirmed"})
    await shows(cleo, "8001", "confirmed")
    cast.stack.end("switch", roughly=True)
    await office.post("presence/8001", {"action": "set", "state": "terminated"})
    await office.post("presence/8002", {"action": "set", "state": "early"})
    cast.stack.begin("switch")
    await shows(cleo, "8001", "terminated", 40)
    await shows(cleo, "8002", "early", 40)


async def test_after_the_switch_was_restarted(cast: Cast) -> None:
    """A phone that registers and subscribes again is told what is so; one that does not notice, too."""
    office = await cast.customer()
    cleo = await office.phone("cleo")
    await watch(cleo, "8001")
    await office.post("presence/8001", {"action": "set", "state": "confirmed"})
    await shows(cleo, "8001", "confirmed")
    cast.stack.end("node")
    await until(lambda: _not(cast.stack.node_is_up()), "it is noticed", 20)
    cast.stack.begin("node")
    await until(cast.stack.node_is_up, "the switch process reaches the node", 60)
    if not isinstance(cleo, LabPartyPhone):
        before = len(cleo.agent.notified)
        await until(lambda: len(cleo.agent.notified) > before, "the subscription outlives the switch", 20)
        await shows(cleo, "8001", "confirmed")
    await cast.reconnect()
    if isinstance(cleo, LabPartyPhone):
        cleo._lab = LabSide(cast._esl)
    await office.registered(cleo)
    await watch(cleo, "8001", "confirmed")
    await office.post("presence/8001", {"action": "reset"})
    await shows(cleo, "8001", "terminated")
