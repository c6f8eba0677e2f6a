"""Groups in every strategy, and what becomes of a call that nobody answered, over real rows and a call that follows a
script."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.events.publishing import client
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import ensure_partition
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.callflows.ringing import Ring, ring
from apps.pbx.endpoints.legs import Member
from apps.pbx.endpoints.turns import rotated
from apps.switching.calls.dial_string import Redial
from apps.switching.calls.fake import ANSWERED, NOBODY_ANSWERED, FakeCall
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import BridgeRequest, BridgeResult
from tests.pbx_office import Office, office, run

__all__ = ["office"]
BUSY = BridgeResult(answered=False, cause="USER_BUSY", sip_code=486)
TO_CLEO = {"enabled": True, "number": "1003", "require_keypress": False}
SIZES = [3, 30, 100, 300, 1000]


def who(request: BridgeRequest) -> list[str]:
    """What one bridge rings: the user part of a contact, or `→number` for a forward."""
    return [
        f"→{leg.target.number}" if isinstance(leg.target, Redial) else str(leg.target).split("sip:")[1].split("@")[0]
        for leg in request.legs
    ]


def rung(call: FakeCall) -> list[list[str]]:
    return [who(request) for request in call.requests]


def phones(office: Office, count: int) -> list[Member]:
    return [Member(device.id, "device") for device in office.devices([f"p{number:04}" for number in range(count)])]


def ring_with(office: Office, strategy: Any, members: list[Member], **options: Any) -> tuple[FakeCall, Branch]:
    """Ring a group; `bridges` scripts how each bridge ends."""
    call = FakeCall(account_id=office.id, bridges=options.pop("bridges", ()))
    wanted = Ring(tuple(members), strategy=strategy, direct=False, **options)
    return call, run(ring(call, wanted))


def on_a_call(office: Office, member: Member) -> None:
    LiveChannel.objects.create(
        uuid=f"live-{member.id}", account_id=office.id, authorizing_id=member.id, created=now(), switch="fs1"
    )


@pytest.mark.parametrize("size", SIZES)
def test_everybody_at_once(office: Office, size: int) -> None:
    call, branch = ring_with(office, "simultaneous", phones(office, size))
    assert rung(call) == [[f"p{number:04}" for number in range(size)]]
    assert branch.keys == ("NO_ANSWER",)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strategy", ["single", "rollover", "round_robin", "most_idle", "weighted_random"])
def test_everybody_in_turn(office: Office, strategy: str, size: int) -> None:
    """Each rings once and alone, however many there are; the order is the strategy's."""
    call, _branch = ring_with(office, strategy, phones(office, size))
    everybody = [f"p{number:04}" for number in range(size)]
    assert all(len(one) == 1 for one in rung(call))
    order = [one for (one,) in rung(call)]
    assert sorted(order) == everybody
    if strategy != "weighted_random":
        assert order == everybody


def test_ringing_in_turn_ends_with_the_answer(office: Office) -> None:
    call, branch = ring_with(office, "single", phones(office, 5), bridges=[NOBODY_ANSWERED, BUSY, ANSWERED])
    assert rung(call) == [["p0000"], ["p0001"], ["p0002"]]
    assert branch.stops


def test_round_robin_begins_after_whoever_began_last(office: Office) -> None:
    members = phones(office, 3)
    begins = [rung(ring_with(office, "round_robin", members)[0])[0] for _ in range(4)]
    assert begins == [["p0000"], ["p0001"], ["p0002"], ["p0000"]]


def test_turns_are_shared_by_all_call_servers(office: Office) -> None:
    """Thirty calls at once on several threads: each member begins exactly as often as the others."""
    members = [Member(f"{number:032x}", "device") for number in range(3)]

    async def at_once() -> list[str]:
        calls = [asyncio.to_thread(office.within, lambda: rotated(members)[0].id) for _ in range(30)]
        return list(await asyncio.gather(*calls))

    begun = run(at_once())
    assert [begun.count(member.id) for member in members] == [10, 10, 10]
    assert all(client().ttl(key) > 0 for key in client().scan_iter(f"kazoo:turns:{office.id}:*"))


def test_whoever_had_no_call_for_longest_is_first(office: Office) -> None:
    members = phones(office, 4)
    for member, minutes in zip(members, (5, 60, 30), strict=False):
        _finished_call(office, member.id, minutes)
    on_a_call(office, members[3])
    call, _branch = ring_with(office, "most_idle", members)
    assert rung(call) == [["p0001"], ["p0002"], ["p0000"], ["p0003"]]


def _finished_call(office: Office, device_id: str, minutes: int) -> None:
    ended = now() - timedelta(minutes=minutes)

    def write() -> None:
        ensure_partition(CallRecord, ended)
        CallRecord.objects.create(
            id=monthly_id(ended),
            month=ended.date().replace(day=1),
            account_id=office.id,
            call_id=device_id,
            switch="fs1",
            direction="outbound",
            authorizing_id=device_id,
            started=ended - timedelta(seconds=30),
            answered=ended - timedelta(seconds=20),
            ended=ended,
            billing_seconds=20,
        )

    office.within(write)


@pytest.mark.parametrize(
    ("strategy", "options", "expected"),
    [
        ("single", {"skip_busy": True}, [["p0001"], ["p0002"]]),
        ("single", {}, [["p0000"], ["p0001"], ["p0002"]]),
        ("rollover", {}, [["p0001"], ["p0002"]]),
        ("simultaneous", {"skip_busy": True}, [["p0001", "p0002"]]),
    ],
)
def test_who_has_a_call_is_passed_over(
    office: Office, strategy: str, options: dict[str, Any], expected: list[list[str]]
) -> None:
    members = phones(office, 3)
    on_a_call(office, members[0])
    assert rung(ring_with(office, strategy, members, **options)[0]) == expected


def test_a_member_who_gets_a_call_meanwhile_is_passed_over(office: Office) -> None:
    members = phones(office, 3)

    class Takes(FakeCall):
        async def bridge(self, request: BridgeRequest) -> BridgeResult:
            if not self.requests:
                await asyncio.to_thread(on_a_call, office, members[1])
            return await super().bridge(request)

    call = Takes(account_id=office.id)
    run(ring(call, Ring(tuple(members), strategy="rollover", direct=False)))
    assert rung(call) == [["p0000"], ["p0002"]]


def test_a_users_phones_have_their_turn_together(office: Office) -> None:
    anna, ben = office.user("anna"), office.user("ben")
    office.device("a1", owner=anna), office.device("a2", owner=anna), office.device("b1", owner=ben)
    members = [Member(anna.id, "user"), Member(ben.id, "user")]
    assert [sorted(one) for one in rung(ring_with(office, "rollover", members)[0])] == [["a1", "a2"], ["b1"]]


def test_rounds_are_repeated(office: Office) -> None:
    call, _branch = ring_with(office, "single", phones(office, 2), repeats=3)
    assert rung(call) == [["p0000"], ["p0001"]] * 3


@pytest.mark.parametrize(
    ("condition", "result", "forwarded"),
    [
        ("busy", BUSY, True),
        ("busy", NOBODY_ANSWERED, False),
        ("no_answer", NOBODY_ANSWERED, True),
        ("no_answer", BUSY, False),
        ("unreachable", BridgeResult(answered=False, cause="RECOVERY_ON_TIMER_EXPIRE", sip_code=408), True),
    ],
)
@pytest.mark.parametrize("whose", ["device", "user", "device of a user"])
def test_forwarding_by_how_ringing_ended(
    office: Office, whose: str, condition: str, result: BridgeResult, forwarded: bool
) -> None:
    forward = {"call_forward": {condition: TO_CLEO}}
    person = office.user("ben", **(forward if whose == "user" else {}))
    phone = office.device("1002", owner=person, **({} if whose == "user" else forward))
    member = Member(phone.id, "device") if whose == "device" else Member(person.id, "user")
    call = FakeCall(account_id=office.id, bridges=[result, ANSWERED])
    branch = run(ring(call, Ring((member,))))
    assert rung(call) == ([["1002"], ["→1003"]] if forwarded else [["1002"]])
    assert branch.stops is forwarded


def test_a_forward_that_fails_goes_on_in_the_flow(office: Office) -> None:
    phone = office.device("1002", call_forward={"no_answer": TO_CLEO})
    call = FakeCall(account_id=office.id, bridges=[NOBODY_ANSWERED, BUSY])
    branch = run(ring(call, Ring((Member(phone.id, "device"),))))
    assert branch.keys == ("USER_BUSY", "sip:486", "NO_ANSWER")


def test_a_group_goes_on_with_its_other_members(office: Office) -> None:
    first = office.device("1001", call_forward={"busy": TO_CLEO})
    second = office.device("1002")
    call, _branch = ring_with(
        office, "single", [Member(first.id, "device"), Member(second.id, "device")], bridges=[BUSY, BUSY]
    )
    assert rung(call) == [["1001"], ["1002"]]


@pytest.mark.parametrize(("waits", "cause"), [(True, "NO_ANSWER"), (False, "USER_BUSY")])
def test_without_call_waiting_a_phone_with_a_call_is_busy(office: Office, waits: bool, cause: str) -> None:
    phone = office.device("1001", call_waiting={"enabled": waits})
    on_a_call(office, Member(phone.id, "device"))
    branch = run(ring(FakeCall(account_id=office.id), Ring((Member(phone.id, "device"),))))
    assert branch.cause == cause


def test_do_not_disturb_is_told_as_busy_and_forwarded_as_such(office: Office) -> None:
    quiet = {"do_not_disturb": {"enabled": True}}
    phone = office.device("1001", **quiet)
    assert run(ring(FakeCall(account_id=office.id), Ring((Member(phone.id, "device"),)))).cause == "USER_BUSY"
    other = office.device("1002", **quiet, call_forward={"busy": TO_CLEO})
    call = FakeCall(account_id=office.id, bridges=[ANSWERED])
    run(ring(call, Ring((Member(other.id, "device"),))))
    assert rung(call) == [["→1003"]]


@pytest.mark.parametrize(("chain", "hops"), [("me", 1), ("a:b:c:d:e", 5)])
def test_forwarding_in_a_circle_ends_with_a_cause(office: Office, chain: str, hops: int) -> None:
    phone = office.device("1001", call_forward=TO_CLEO)
    call = FakeCall(account_id=office.id, variables={"forward_chain": chain.replace("me", phone.id)})
    branch = run(ring(call, Ring((Member(phone.id, "device"),))))
    assert rung(call) == []
    assert branch.cause == "EXCHANGE_ROUTING_ERROR"


def test_a_forwarded_call_says_who_forwarded_it(office: Office) -> None:
    phone = office.device("1001", call_forward=TO_CLEO)
    call = FakeCall(account_id=office.id, variables={"forward_chain": "earlier"})
    run(ring(call, Ring((Member(phone.id, "device"),))))
    variables = call.requests[0].legs[0].variables
    assert variables["forward_chain"] == f"earlier:{phone.id}"
    assert "forward_chain" in variables["loopback_export"].split(",")


def test_a_hotdesked_user_rings_where_he_is_and_its_owner_does_not(office: Office) -> None:
    owner, guest = office.user("owner"), office.user("guest")
    phone = office.device("1001", owner=owner, hotdesk={"users": {guest.id: {}}})
    office.within(lambda: type(phone).objects.filter(id=phone.id).update(logged_in=[guest.id]))
    for person, expected in ((guest, [["1001"]]), (owner, [])):
        call = FakeCall(account_id=office.id)
        run(ring(call, Ring((Member(person.id, "user"),))))
        assert rung(call) == expected


def test_queues_leave_out_who_wants_none_of_their_calls(office: Office) -> None:
    from apps.pbx.endpoints.legs import Asking
    from apps.pbx.endpoints.queries import resolve

    phone = office.device("1001", exclude_from_queues=True)
    member = Member(phone.id, "device")
    assert not office.within(lambda: resolve([member], Asking(for_queue=True))).legs
    assert office.within(lambda: resolve([member], Asking())).legs


def test_strategies_are_the_verbs_own_words(office: Office) -> None:
    data = {"endpoints": [{"id": "x", "endpoint_type": "user"}], "strategy": "most_idle", "skip_busy": True}
    assert read_data(verbs()["ring_group"], data).model_dump()["skip_busy"] is True
