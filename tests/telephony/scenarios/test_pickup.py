"""Reaching into other people's calls: answering, taking over, listening in, moving."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.telephony.cast import Cast, Customer, Line, Person, Phone, talk


@dataclass
class Office:
    """Anna calls, ben and cleo are in one group, dora is in none."""

    customer: Customer
    anna: Phone
    ben: Person
    cleo: Person
    dora: Phone

    async def ringing(self) -> tuple[Line, Line]:
        call = await self.anna.dial("1002")
        return call, await self.ben.phones[0].rings()

    async def talking(self) -> tuple[Line, Line]:
        call, ring = await self.ringing()
        await ring.answer()
        await talk(call, ring)
        return call, ring


@pytest.fixture
async def office(cast: Cast) -> Office:
    customer = await cast.customer()
    anna = await customer.phone("anna", extension="1001")
    ben = await customer.user("ben", phones=2)
    await customer.flow(["1002"], "device", {"id": ben.phones[0].device_id, "timeout": 15})
    cleo = await customer.user("cleo", extension="1003")
    dora = await customer.phone("dora", extension="1004")
    team = {ben.id: {"type": "user"}, cleo.id: {"type": "user"}}
    group = await customer.put("groups", {"name": "Team", "endpoints": team})
    await customer.flow([], "group_pickup_feature", {"type": "extension"}, patterns=[r"^\*87([0-9]+)$"])
    await customer.flow([], "intercept_feature", {"type": "extension"}, patterns=[r"^\*88([0-9]+)$"])
    await customer.flow(["8000"], "group_pickup", {"group_id": group["id"]})
    await customer.flow(["8001"], "eavesdrop", {"user_id": ben.id, "approved_user_id": cleo.id})
    whisper = {"user_id": ben.id, "approved_user_id": cleo.id, "mode": "whisper"}
    await customer.flow(["8002"], "eavesdrop", whisper)
    await customer.flow(["6683"], "move")
    return Office(customer, anna, ben, cleo, dora)


@pytest.mark.parametrize("code", ["*871002", "8000"])
async def test_a_colleague_answers_for_him(office: Office, code: str) -> None:
    call, ring = await office.ringing()
    taking = await office.cleo.phones[0].dial(code)
    await taking.answered()
    await talk(call, taking)
    assert await ring.ended() != 200
    await taking.hang_up()
    await call.ended()


async def test_a_stranger_does_not(office: Office) -> None:
    call, ring = await office.ringing()
    trying = await office.dora.dial("*871002")
    await trying.answered()
    await trying.hears_sound()
    await trying.ended()
    await ring.answer()
    await talk(call, ring)


async def test_there_is_nothing_to_answer(office: Office) -> None:
    trying = await office.cleo.phones[0].dial("*871002")
    await trying.answered()
    await trying.hears_sound()
    assert await trying.ended() == 200


async def test_a_conversation_is_taken_over(office: Office) -> None:
    call, ring = await office.talking()
    taking = await office.cleo.phones[0].dial("*881002")
    await taking.answered()
    await ring.ended()
    await talk(call, taking)


async def test_listening_in(office: Office) -> None:
    call, ring = await office.talking()
    listening = await office.cleo.phones[0].dial("8001")
    await listening.answered()
    await listening.hears_sound()
    await talk(call, ring)
    refused = await office.dora.dial("8001")
    await refused.answered()
    await refused.ended()
    await call.hang_up()
    await listening.ended()


async def test_whispering(cast: Cast, office: Office) -> None:
    cast.sip_only("what a third party says")
    call, ring = await office.talking()
    # Anna falls silent: of two tones at once neither would be told from the other.
    call.call.audio.frequency = 0  # type: ignore[attr-defined]
    whispering = await office.cleo.phones[0].dial("8002")
    await whispering.answered()
    await ring.hears(whispering)
    await whispering.hears(ring)
    audio = call.call.audio  # type: ignore[attr-defined]
    assert audio.seconds_of(whispering.tone) == 0, "only the watched person hears it"


async def test_his_call_is_moved_to_his_other_phone(office: Office) -> None:
    call, ring = await office.talking()
    moved = await office.ben.phones[1].dial("6683")
    await moved.answered()
    await ring.ended()
    await talk(call, moved)
