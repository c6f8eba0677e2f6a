"""Telling faxes from people by the calling tone (CNG, ITU-T T.30: 1,100 Hz, half a second every three)."""

from __future__ import annotations

from tests.telephony.cast import Cast, Customer
from tests.telephony.stack import until

CNG = 1100


async def number_of(bakery: Customer) -> None:
    children = {
        "ON_FAX": {"module": "play", "data": {"id": "%(20000,0,700)"}, "children": {}},
        "ON_VOICE": {"module": "play", "data": {"id": "%(20000,0,1500)"}, "children": {}},
    }
    await bakery.flow(["8000"], "fax_detect", {"duration": 8}, children=children)


async def step(bakery: Customer, child: str) -> None:
    """The flow went on at that child."""

    async def gone_on() -> bool:
        traces = await bakery.get("call_traces")
        if not traces:
            return False
        trace = await bakery.get(f"call_traces/{traces[0]['id']}")
        return any(one["module"] == "fax_detect" and one["child"] == child for one in trace["steps"])

    await until(gone_on, f"the flow goes on at {child}", 20)


async def test_a_person_is_heard_as_one(cast: Cast) -> None:
    bakery = await cast.customer()
    await number_of(bakery)
    anna = await bakery.phone("anna")
    call = await anna.dial("8000")
    await call.answered()
    await call.hears_tone(1500, 15)
    await call.hang_up()
    await step(bakery, "ON_VOICE")


async def test_a_fax_machine_is_heard_as_one(cast: Cast) -> None:
    cast.sip_only("tones")
    bakery = await cast.customer()
    await number_of(bakery)
    anna = await bakery.phone("anna")
    call = await anna.dial("8000")
    await call.answered()
    call.call.audio.frequency = CNG  # type: ignore[attr-defined]
    await call.hears_tone(700, 12)
    await call.hang_up()
    await step(bakery, "ON_FAX")
