"""Telling faxes from people by the calling tone (CNG, ITU-T T.30: 1,100 Hz, half a second every three)."""

from __future__ import annotations

import json

from tests.telephony.cast import Cast, Customer, Line
from tests.telephony.sip_parties import SipLine
from tests.telephony.stack import until

CNG = 1100


async def number_of(bakery: Customer) -> None:
    children = {
        "ON_FAX": {"module": "play", "data": {"id": "%(30000,0,700)"}, "children": {}},
        "ON_VOICE": {"module": "play", "data": {"id": "%(30000,0,1500)"}, "children": {}},
    }
    await bakery.flow(["8000"], "fax_detect", {"duration": 6}, children=children)


async def step(bakery: Customer, child: str) -> None:
    """The flow went on at that child."""

    async def gone_on() -> bool:
        traces = await bakery.get("call_traces")
        if not traces:
            return False
        trace = await bakery.get(f"call_traces/{traces[0]['id']}")
        return any(one["module"] == "fax_detect" and one["child"] == child for one in trace["steps"])

    await until(gone_on, f"the flow goes on at {child}", 20)


async def says(cast: Cast, bakery: Customer, call: Line, hertz: int) -> None:
    """What the caller says all the time."""
    if isinstance(call, SipLine):
        call.tone = call.call.audio.frequency = hertz
    elif hertz == CNG:
        uuid = (await bakery.channels())[0]["uuid"]
        await cast.fs("lab", json.dumps({"do": "fax", "uuid": uuid}))


async def test_a_person_is_heard_as_one(cast: Cast) -> None:
    bakery = await cast.customer()
    await number_of(bakery)
    anna = await bakery.phone("anna")
    call = await anna.dial("8000")
    await says(cast, bakery, call, 600)
    await call.answered()
    await step(bakery, "ON_VOICE")
    await call.hears_tone(1500)
    await call.hang_up()


async def test_a_fax_machine_is_heard_as_one(cast: Cast) -> None:
    bakery = await cast.customer()
    await number_of(bakery)
    anna = await bakery.phone("anna")
    call = await anna.dial("8000")
    await call.answered()
    await says(cast, bakery, call, CNG)
    await step(bakery, "ON_FAX")
    await call.hears_tone(700)
    await call.hang_up()
