"""From outside in, and out again through the account's carrier."""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.foundation.audit.models import AuditEntry
from tests.telephony.cast import Cast
from tests.telephony.mixes import hears_in_mix

PIN = "48151623"


async def test_dials_out_through_the_carrier(cast: Cast) -> None:
    bakery = await cast.customer(caller_id={"external": {"name": "Bakery", "number": "+13125550177"}})
    await bakery.dial_out()
    number = await bakery.number("", "disa", {"pin": PIN, "interdigit": 1500})
    call = await cast.carrier.dial(number, "+12125550199")
    await call.answered()
    await call.hears_sound()
    await call.press(f"{PIN}#")
    await hears_in_mix(call, 350)
    await call.press("13125550144#")
    ring = await cast.carrier.rings()
    assert ring.number.lstrip("+") == "13125550144"
    assert ring.caller_number.lstrip("+") == "13125550177", "the account calls"
    await ring.answer()
    await call.hears(ring)
    await ring.hears(call)
    await ring.hang_up()
    await call.ended(15)


async def test_reaches_an_extension(cast: Cast) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna", extension="1001")
    number = await bakery.number("", "disa", {"pin": PIN, "interdigit": 1500})
    call = await cast.carrier.dial(number, "+12125550198")
    await call.answered()
    await call.hears_sound()
    await call.press(f"{PIN}#")
    await hears_in_mix(call, 350)
    await call.press("1001#")
    ring = await anna.rings()
    await ring.answer()
    await call.hears(ring)


async def test_the_wrong_pin(cast: Cast) -> None:
    bakery = await cast.customer()
    await bakery.dial_out()
    number = await bakery.number("", "disa", {"pin": PIN, "retries": 1, "interdigit": 1500})
    call = await cast.carrier.dial(number, "+12125550197")
    await call.answered()
    await call.hears_sound()
    await call.press("1234#")
    await call.ended(30)
    assert await in_account(bakery.account_id, _outcomes) == [[None, "wrong_pin"]]


def _outcomes() -> list[list[str | None]]:
    return [entry.changes["outcome"] for entry in AuditEntry.objects.filter(action="disa.used")]
