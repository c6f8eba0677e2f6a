from __future__ import annotations

import time

import pytest

from apps.switching.lab import dialstring
from apps.switching.lab.core import LabSwitch
from apps.switching.lab.world import Answer, Busy, LabPhone, PressKeys, Reject, Ring
from tests.unit.switching.lab.support import REALM, Client, Office, eventually


def shape(text: str) -> list[list[list[str]]]:
    return [[[leg.text for leg in legs] for legs in group.rounds] for group in dialstring.parse(text).groups]


def test_at_once_in_turn_and_in_threads() -> None:
    assert shape("user/1@d,user/2@d|user/3@d:_:user/4@d") == [
        [["user/1@d", "user/2@d"], ["user/3@d"]],
        [["user/4@d"]],
    ]


def test_variables_of_all_of_one_and_of_an_enterprise_string() -> None:
    parsed = dialstring.parse("<a=1>{b=2,c='x, y'}[d=4,e=5]sofia/internal/1@h:1,[^^:f=1,2:g=a\\sb]user/2@d")
    group = parsed.groups[0]
    assert parsed.variables == {"a": "1"}
    assert group.variables == {"b": "2", "c": "x, y"}
    assert [leg.variables for leg in group.rounds[0]] == [{"d": "4", "e": "5"}, {"f": "1,2", "g": "a b"}]
    assert [leg.text for leg in group.rounds[0]] == ["sofia/internal/1@h:1", "user/2@d"]


def test_over_128_the_last_element_is_the_unsplit_rest() -> None:
    [legs] = dialstring.parse(",".join(f"user/{number}@d" for number in range(200))).groups[0].rounds
    assert len(legs) == 128
    assert legs[126].text == "user/126@d"
    assert legs[127].text.startswith("user/127@d,user/128@d")


def test_an_open_bracket_is_an_error() -> None:
    with pytest.raises(dialstring.BadDialStringError):
        dialstring.parse("{a=1 user/1@d")


def crowd(lab: LabSwitch, office: Office, count: int) -> list[LabPhone]:
    made = []
    for number in range(count):
        name = f"u{number:04d}"
        office.passwords[name] = "x"
        made.append(LabPhone(name, REALM, "x", behaviour=Ring()))
    return made


async def test_127_ring_and_the_others_are_silently_not_dialled(
    lab: LabSwitch, office: Office, phones: list[LabPhone]
) -> None:
    members = crowd(lab, office, 140)
    lab.settings.message_count = False
    for phone in members:
        await lab.register(phone)
    office.extensions["3000"] = [("bridge", ",".join(f"sofia/internal/{one.contact_key}" for one in members))]
    call = phones[0].call("3000")
    await call.ringing()
    assert sum(bool(one.rang) for one in members) == 127
    call.hang_up()
    await call.ended()


async def test_a_thousand_legs_ring_in_a_moment(lab: LabSwitch, office: Office, phones: list[LabPhone]) -> None:
    members = crowd(lab, office, 1000)
    lab.settings.message_count = False
    for phone in members:
        await lab.register(phone)
    legs = [f"sofia/internal/{one.contact_key}" for one in members]
    chunks = [",".join(legs[start : start + 100]) for start in range(0, 1000, 100)]
    office.extensions["3000"] = [("bridge", "<originate_timeout=20>" + ":_:".join(chunks))]
    members[-1].behaviour = Answer(after=0.5)
    started = time.monotonic()
    call = await phones[0].call("3000").answered(timeout=20)
    assert time.monotonic() - started < 8
    assert sum(bool(one.rang) for one in members) == 1000
    assert await members[0].rang[0].call.ended() == "LOSE_RACE"
    call.hang_up()
    await call.ended()


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [(Busy(), "USER_BUSY"), (Reject(603), "CALL_REJECTED"), (Reject(404), "UNALLOCATED_NUMBER"),
     (Reject(480), "NO_USER_RESPONSE"), (Reject(503), "NORMAL_TEMPORARY_FAILURE"), (Ring(), "NO_ANSWER")],
)  # fmt: skip
async def test_causes(client: Client, phones: list[LabPhone], behaviour, cause: str) -> None:
    phones[1].behaviour = behaviour
    answer = await client.api(f"originate {{originate_timeout=0.3}}user/1002@{REALM} &park()")
    assert answer == f"-ERR {cause}\n"


async def test_in_turn_after_a_refusal(client: Client, phones: list[LabPhone]) -> None:
    phones[1].behaviour, phones[2].behaviour = Busy(), Answer(after=0.05)
    answer = await client.api(f"originate user/1002@{REALM}|user/1003@{REALM} &park()")
    assert answer.startswith("+OK ")
    assert phones[2].rang


async def test_leg_timeout_and_leg_delay(client: Client, phones: list[LabPhone]) -> None:
    phones[1].behaviour, phones[2].behaviour = Ring(), Answer(after=0.05)
    text = f"[leg_timeout=0.1]user/1002@{REALM},[leg_delay_start=0.3]user/1003@{REALM}"
    assert (await client.api(f"originate {text} &park()")).startswith("+OK ")
    assert phones[1].rang[0].call.cause == "NO_ANSWER"


async def test_a_confirm_key_decides(client: Client, phones: list[LabPhone]) -> None:
    phones[1].behaviour, phones[2].behaviour = Answer(after=0.02), PressKeys("1", after=0.1)
    answer = await client.api(f"originate {{group_confirm_key=1}}user/1002@{REALM},user/1003@{REALM} &park()")
    winner = answer.removeprefix("+OK ").strip()
    assert phones[2].rang[0].call.uuid == winner
    assert phones[1].rang[0].call.cause == "LOSE_RACE"


async def test_origination_variables_and_an_extension(
    client: Client, lab: LabSwitch, office: Office, phones: list[LabPhone]
) -> None:
    wanted = "11111111-2222-3333-4444-555555555555"
    variables = (
        f"origination_uuid={wanted},origination_caller_id_name='Foo Bar',origination_caller_id_number=77,my_var=x"
    )
    office.extensions["1003"] = [("set", "continue_on_fail=true"), ("bridge", f"user/1003@{REALM}"), ("park", "")]
    phones[2].behaviour = Ring()
    assert await client.api(f"originate {{{variables}}}user/1002@{REALM} 1003 XML default") == f"+OK {wanted}\n"
    assert phones[1].rang[0].caller_id_name == "Foo Bar"
    assert lab.channels[wanted].get("my_var") == "x"
    await eventually(lambda: bool(phones[2].rang))
    await client.api(f"uuid_kill {wanted}")
    assert await phones[1].rang[0].call.ended() == "NORMAL_CLEARING"
