"""Calls between phones send the events, headers and variables FreeSWITCH 1.10.12 was recorded sending."""

from __future__ import annotations

from apps.switching.lab.core import LabSwitch
from apps.switching.lab.world import Answer, Busy, LabCarrier, LabPhone, Ring
from tests.unit.switching.lab.support import REALM, Client, Event, Office, by_channel, recorded

MEDIA = ("rtp_", "sdp", "media", "variable_rtp_use_", "codec", "_cseq", "_via", "sip_from_tag", "sip_to_tag")


async def run_call(client: Client, office: Office, caller: LabPhone, number: str, script, channels: int) -> list[Event]:
    assert await client.command("event plain ALL") == "+OK event listener enabled plain"
    call = caller.call(number)
    await script(call)
    await client.wait_event("CHANNEL_DESTROY", channels)
    await client.wait_for(lambda events: sum(one.get("Channel-State") == "CS_DESTROY" for one in events) >= channels)
    return client.events


def same_sequences(ours: list[Event], name: str) -> None:
    """Every channel of the transcript has a channel of ours with the same events in the same order."""
    theirs = sorted(by_channel(recorded(name)).values())
    assert sorted(by_channel(ours).values()) == theirs


def event_of(events: list[Event], name: str, direction: str) -> Event:
    return next(one for one in events if one["Event-Name"] == name and one.get("Call-Direction") == direction)


def comparable(event: Event) -> set[str]:
    """Header names without those of sound and of SIP details no customer sees."""
    skipped = ("sip_reply", "sip_allow", "sip_recover", "sip_hangup_phrase", "sip_full_t", "sip_contact", "sip_to_",
               "sip_from_", "sip_user_agent", "sip_network", "sip_call_id", "sip_full_from", "callgroup",
               "endpoint_disposition", "digits_dialed")  # fmt: skip
    return {name for name in event if not any(part in name for part in (*MEDIA, *skipped))}


def same_headers(ours: list[Event], theirs: list[Event], name: str, direction: str) -> None:
    mine, real = event_of(ours, name, direction), event_of(theirs, name, direction)
    missing = comparable(real) - comparable(mine)
    added = comparable(mine) - comparable(real)
    assert (missing, added) == (set(), set()), f"{name} {direction}"


async def test_a_bridged_call(client: Client, office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Answer(after=0.1)

    async def script(call) -> None:
        await call.answered()
        call.hang_up()
        assert await call.ended() == "NORMAL_CLEARING"

    ours = await run_call(client, office, phones[0], "1002", script, 2)
    same_sequences(ours, "d1-bridged-call-plain-ALL")
    theirs = recorded("d1-bridged-call-plain-ALL")
    for name in ("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"):
        for direction in ("inbound", "outbound"):
            same_headers(ours, theirs, name, direction)
    same_headers(ours, theirs, "CHANNEL_BRIDGE", "inbound")
    same_headers(ours, theirs, "CHANNEL_ORIGINATE", "outbound")
    bridge = event_of(ours, "CHANNEL_BRIDGE", "inbound")
    assert bridge["Bridge-A-Unique-ID"] == bridge["Unique-ID"]
    assert bridge["Bridge-B-Unique-ID"] == bridge["Other-Leg-Unique-ID"]
    sequences = [int(one["Event-Sequence"]) for one in ours]
    assert sequences == sorted(set(sequences))


def outcome(events: list[Event], direction: str) -> dict[str, str]:
    end = event_of(events, "CHANNEL_HANGUP_COMPLETE", direction)
    names = ("hangup_cause", "hangup_cause_q850", "originate_disposition", "DIALSTATUS", "sip_hangup_disposition",
             "sip_term_status", "proto_specific_hangup_cause", "sip_invite_failure_status", "last_bridge_hangup_cause",
             "originate_failed_cause", "bridge_hangup_cause", "last_app", "last_arg")  # fmt: skip
    found = {name: end[f"variable_{name}"] for name in names if f"variable_{name}" in end}
    own_call = end["Channel-Call-UUID"] == end["Unique-ID"]
    return found | {"cause": end["Hangup-Cause"], "state": end["Channel-Call-State"], "own_call": str(own_call)}


async def test_busy(client: Client, office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Busy()

    async def script(call) -> None:
        assert await call.ended() == "USER_BUSY"
        assert call.sip_status == 486

    ours = await run_call(client, office, phones[0], "1002", script, 2)
    same_sequences(ours, "d2-callee-busy-486")
    theirs = recorded("d2-callee-busy-486")
    for direction in ("inbound", "outbound"):
        assert outcome(ours, direction) == outcome(theirs, direction)


async def test_the_caller_cancels(client: Client, office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Ring()

    async def script(call) -> None:
        await call.ringing()
        call.hang_up()
        await call.ended()

    ours = await run_call(client, office, phones[0], "1002", script, 2)
    same_sequences(ours, "d3-caller-cancels-while-ringing")
    theirs = recorded("d3-caller-cancels-while-ringing")
    for direction in ("inbound", "outbound"):
        assert outcome(ours, direction) == outcome(theirs, direction)


async def test_nobody_answers(client: Client, office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Ring()
    office.extensions["1002"] = [("set", "call_timeout=0.3"), ("bridge", f"user/1002@{REALM}")]

    async def script(call) -> None:
        await call.ended()
        assert call.sip_status == 480

    ours = await run_call(client, office, phones[0], "1002", script, 2)
    theirs = recorded("d4-no-answer-timeout")
    for direction in ("inbound", "outbound"):
        assert outcome(ours, direction) == outcome(theirs, direction)


async def test_a_ring_group_of_three_one_answers(client: Client, office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = phones[3].behaviour = Ring()
    phones[2].behaviour = Answer(after=0.2)
    group = ",".join(f"user/100{number}@{REALM}" for number in (2, 3, 4))
    office.extensions["2000"] = [("set", "hangup_after_bridge=true"), ("bridge", group)]

    async def script(call) -> None:
        await call.answered()
        call.hang_up()
        await call.ended()

    ours = await run_call(client, office, phones[0], "2000", script, 4)
    causes = sorted(one["Hangup-Cause"] for one in ours if one["Event-Name"] == "CHANNEL_HANGUP_COMPLETE")
    theirs = recorded("e1-ringgroup-3-one-answers")
    real = sorted(one["Hangup-Cause"] for one in theirs if one["Event-Name"] == "CHANNEL_HANGUP_COMPLETE")
    assert causes == real == ["LOSE_RACE", "LOSE_RACE", "NORMAL_CLEARING", "NORMAL_CLEARING"]
    assert outcome(ours, "inbound").items() >= {"originate_disposition": "SUCCESS", "DIALSTATUS": "SUCCESS"}.items()
    essential = {"CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"}
    count = {name: sum(one["Event-Name"] == name for one in ours) for name in essential}
    assert count == {name: sum(one["Event-Name"] == name for one in theirs) for name in essential}
    assert phones[1].rang[0].call.cause == "LOSE_RACE"


async def test_one_of_the_group_is_not_registered(
    lab: LabSwitch, client: Client, office: Office, phones: list[LabPhone]
) -> None:
    await lab.unregister(phones[3])
    phones[1].behaviour, phones[2].behaviour = Ring(), Answer(after=0.1)
    office.extensions["2000"] = [
        ("set", "hangup_after_bridge=true"),
        ("bridge", ",".join(f"user/100{number}@{REALM}" for number in (2, 3, 4))),
    ]

    async def script(call) -> None:
        await call.answered()
        call.hang_up()
        await call.ended()

    ours = await run_call(client, office, phones[0], "2000", script, 3)
    theirs = recorded("e2-ringgroup-one-unregistered")
    names = ["CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE"]
    assert [sum(one["Event-Name"] == name for one in ours) for name in names] == [
        sum(one["Event-Name"] == name for one in theirs) for name in names
    ]
    assert not phones[3].rang


async def test_nobody_is_registered(office: Office, lab: LabSwitch, phones: list[LabPhone]) -> None:
    await lab.unregister(phones[1])
    call = phones[0].call("1002")
    assert await call.ended() == "USER_NOT_REGISTERED"
    assert await phones[0].call("9999").ended() == "SUBSCRIBER_ABSENT"
    assert await phones[0].call("nosuch").ended() == "NO_ROUTE_DESTINATION"


async def test_the_callee_hangs_up_and_the_dialplan_goes_on(office: Office, phones: list[LabPhone]) -> None:
    phones[1].behaviour = Answer(after=0.05, hang_up_after=0.1)
    office.extensions["1002"] = [("bridge", f"user/1002@{REALM}"), ("hangup", "CALL_REJECTED")]
    assert await phones[0].call("1002").ended() == "CALL_REJECTED"


async def test_calls_from_and_to_a_carrier(
    lab: LabSwitch, client: Client, office: Office, phones: list[LabPhone]
) -> None:
    carrier = lab.connect(LabCarrier(numbers={"+15550100": Busy()}))
    office.extensions["+12125550199"] = [("bridge", f"user/1002@{REALM}")]
    phones[1].behaviour = Answer(after=0.05)
    call = await carrier.call("+13125550111", "+12125550199", "Pat").answered()
    [request] = office.asked(section="dialplan")
    assert (request["Caller-Context"], request["variable_sofia_profile_name"]) == ("public", "external")
    assert request["variable_sip_network_ip"] == carrier.ip
    assert phones[1].rang[0].caller_id_number == "+13125550111"
    call.hang_up()
    await call.ended()
    office.extensions["+15550100"] = [("bridge", "sofia/gateway/gw1/+15550100")]
    assert await phones[0].call("+15550100").ended() == "USER_BUSY"
    assert carrier.rang[-1].caller_id_number == "1001"
