"""Calls from outside, with and without a number shown (make-busy's Incoming cases)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.cast import Cast, Customer, Phone, talk

CALLER = "+12125550177"


async def house(cast: Cast, *, block: bool) -> tuple[Customer, Phone, str]:
    customer = await cast.customer()
    anna = await customer.phone("anna")
    number = await customer.number("", "device", {"id": anna.device_id})
    if block:
        made = await customer.put("blacklists", {"name": "No numbers", "numbers": {}, "should_block_anonymous": True})
        await customer.patch("", {"blacklists": [made["id"]]})
    return customer, anna, number


@pytest.mark.parametrize("written", ["E.164", "1NPAN", "NPAN"])
async def test_every_way_to_write_the_number(cast: Cast, written: str) -> None:
    """Call"""
    _customer, anna, number = await house(cast, block=False)
    sent = {"E.164": number, "1NPAN": number[1:], "NPAN": number[2:]}[written]
    call = await cast.carrier.dial(sent, CALLER)
    ring = await anna.rings()
    await ring.answer()
    await talk(call, ring)


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("12345", "Pat"),
        ("12345", ""),
        *[("12345", word) for word in ("anonymou", "Anonymou", "restricte", "Restricte")],
        *[(word, "Pat") for word in ("anonymou", "restricte")],
    ],
)
async def test_passes(cast: Cast, caller: str, name: str) -> None:
    """PassCallWithCallerId, PassEmptyCidName, PassNonAnonymousCids: only the exact words count."""
    _customer, anna, number = await house(cast, block=True)
    await cast.carrier.dial(number, caller, name)
    await anna.rings()


HIDDEN: dict[str, Any] = {
    "BlockFsDefault": {"caller": "0000000000", "name": ""},
    "BlockZeroCID": {"caller": "00000", "name": ""},
    **{
        f"BlockAnonymousCidNames {word}": {"caller": "12345", "name": word}
        for word in ("anonymous", "Anonymous", "restricted", "Restricted")
    },
    **{
        f"BlockAnonymousCidNumbers {word}": {"caller": word, "name": ""}
        for word in ("anonymous", "Anonymous", "restricted", "Restricted")
    },
}


@pytest.mark.parametrize("case", HIDDEN)
async def test_who_hides_is_turned_away(cast: Cast, case: str) -> None:
    _customer, anna, number = await house(cast, block=True)
    call = await cast.carrier.dial(number, **HIDDEN[case])
    assert await call.ended() == 433
    await anna.stays_silent(0.3)


PRIVACY: dict[str, dict[str, str]] = {
    "BlockPID": {"privacy": "id", "p_asserted_identity": "<sip:12345@127.0.0.1>"},
    "BlockRPID": {"remote_party_id": '"Pat" <sip:12345@127.0.0.1>;party=calling;privacy=full;screen=yes'},
}


@pytest.mark.parametrize("block", [True, False])
@pytest.mark.parametrize("case", PRIVACY)
async def test_who_asks_for_privacy(cast: Cast, case: str, block: bool) -> None:
    """BlockPID, BlockRPID; PassCall where nobody minds."""
    cast.sip_only("privacy headers")
    _customer, anna, number = await house(cast, block=block)
    call = await cast.carrier.dial(number, "12345", "Pat", **PRIVACY[case])
    if block:
        assert await call.ended() == 433
        await anna.stays_silent(0.3)
    else:
        await anna.rings()
