"""Facts become rows and events: one transaction, one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.foundation.events import outbox
from apps.foundation.events.reactions import Told
from apps.foundation.kit.clock import now
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.registrar.actions import CredentialTaken, write_credential, write_trunk_addresses
from apps.switching.registrar.models import Registration, SipCredential, TrunkAddress
from apps.switching.switches.applier import apply_facts
from apps.switching.switches.facts import (
    CallAnswered,
    CallBridged,
    CallEnded,
    CallHeld,
    CallStarted,
    DeviceRegistered,
    DeviceUnregistered,
    Leg,
    NodeHeartbeat,
)
from apps.switching.switches.models import SwitchNode
from apps.switching.switches.resync import compare_channels, reconcile_registrations

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
A = Leg("a", "fs1", "1" * 32, "inbound", BEGAN, destination="2600", owner_id="bob", interaction_id="63900000000-aa")
B = replace(A, uuid="b", direction="outbound", account_id="2" * 32)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[Sequence[Told]]:
    """What went out, message by message."""
    messages: list[Sequence[Told]] = []
    monkeypatch.setattr(outbox, "announce", messages.append)
    return messages


@pytest.fixture
def apply(django_capture_on_commit_callbacks: Any) -> Any:
    def run(*facts: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            apply_facts(facts)

    return run


def answered(leg: Leg) -> Leg:
    return replace(leg, answered=BEGAN + timedelta(seconds=5))


def test_a_call_from_beginning_to_end(apply: Any, sent: list[Any]) -> None:
    apply(CallStarted(A))
    assert LiveChannel.objects.get(uuid="a").state == ChannelState.RINGING
    apply(CallAnswered(answered(A)), CallHeld(answered(A), held=True))
    row = LiveChannel.objects.get(uuid="a")
    assert (row.state, row.answered, row.owner_id) == (ChannelState.HELD, BEGAN + timedelta(seconds=5), "bob")
    apply(CallHeld(answered(A), held=False), CallEnded(answered(A), BEGAN + timedelta(seconds=65), "NORMAL_CLEARING"))
    assert not LiveChannel.objects.exists()
    assert [[event.key for event in message] for message in sent] == [
        ["call.CHANNEL_CREATE.a"],
        ["call.CHANNEL_ANSWER.a", "call.CHANNEL_HOLD.a"],
        ["call.CHANNEL_UNHOLD.a", "call.CHANNEL_DESTROY.a"],
    ]
    end = sent[-1][-1].data
    assert (end["ringing_seconds"], end["billing_seconds"], end["duration_seconds"]) == (5, 60, 65)
    assert end["hangup_cause"] == "NORMAL_CLEARING"
    assert end["custom_channel_vars"]["owner_id"] == "bob"


def test_a_batch_is_one_message_and_a_few_queries(apply: Any, sent: list[Any]) -> None:
    legs = [replace(A, uuid=f"leg-{n}") for n in range(200)]
    with CaptureQueriesContext(
        connection,
    ) as few:
        apply(*(CallStarted(leg) for leg in legs))
    assert len(few) <= 6
    assert len(sent) == 1
    assert len(sent[0]) == 200
    assert LiveChannel.objects.count() == 200


def test_bridging_ties_both_legs(apply: Any, sent: list[Any]) -> None:
    apply(CallStarted(A), CallStarted(B), CallBridged(replace(answered(A), other_leg="b", bridged=BEGAN)))
    assert set(LiveChannel.objects.values_list("uuid", "other_leg", "state")) == {
        ("a", "b", "bridged"),
        ("b", "a", "bridged"),
    }


def test_a_leg_first_heard_of_in_the_middle_is_created_then(apply: Any, sent: list[Any]) -> None:
    apply(CallAnswered(answered(A)))
    assert [event.key for event in sent[0]] == ["call.CHANNEL_CREATE.a", "call.CHANNEL_ANSWER.a"]


def test_a_late_event_brings_nothing_back(apply: Any, sent: list[Any]) -> None:
    apply(CallStarted(A), CallEnded(A, BEGAN), CallAnswered(A))
    assert not LiveChannel.objects.exists()


def test_events_of_two_accounts_stay_apart(apply: Any, sent: list[Any]) -> None:
    apply(CallStarted(A), CallStarted(B))
    assert [event.account_id for event in sent[0]] == ["1" * 32, "2" * 32]


# Made at collection: it must not have expired by the time a long run comes here.
REGISTERED = DeviceRegistered(
    switch="fs1", realm="acme.test", username="1001", account_id="1" * 32, device_id="d" * 32, owner_id="bob",
    contact="sip:1001@192.0.2.7:5060", network_ip="192.0.2.7", network_port=5060, user_agent="Phone",
    profile="internal", call_id="c1", at=now(), expires=now() + timedelta(days=1),
)  # fmt: skip


def test_a_registration_is_announced_once_and_renewed_quietly(apply: Any, sent: list[Any]) -> None:
    apply(REGISTERED)
    apply(replace(REGISTERED, call_id="c2", expires=REGISTERED.expires + timedelta(seconds=60)))
    [row] = Registration.objects.all()
    assert row.expires == REGISTERED.expires + timedelta(seconds=60)
    assert row.call_id == "c2"
    assert [[event.key for event in message] for message in sent] == [[f"registration.registered.{'d' * 32}"]]


def test_a_phone_that_leaves_or_goes_silent(apply: Any, sent: list[Any]) -> None:
    gone = DeviceUnregistered("fs1", "acme.test", "1001", REGISTERED.contact, expired=True)
    apply(REGISTERED, replace(REGISTERED, contact="sip:1001@192.0.2.8:5060"))
    apply(gone)
    apply(gone)
    assert [row.contact for row in Registration.objects.all()] == ["sip:1001@192.0.2.8:5060"]
    assert len(sent) == 2
    assert sent[1][0].data["reason"] == "expired"


def test_a_heartbeat_is_the_nodes_health(apply: Any, sent: list[Any]) -> None:
    SwitchNode.objects.create(name="fs1", host="h", port=1)
    apply(NodeHeartbeat("fs1", BEGAN, "core", "1.10.12", BEGAN, 3, 10_000, 1000, 97.5))
    node = SwitchNode.objects.get(name="fs1")
    assert (node.sessions, node.cpu_idle, node.heartbeat) == (3, 97.5, BEGAN)
    assert sent == []


def test_after_a_gap_what_ended_is_found(apply: Any, sent: list[Any]) -> None:
    apply(CallStarted(A), CallStarted(B), CallStarted(replace(A, uuid="elsewhere", switch="fs2")))
    gone, unknown = compare_channels("fs1", {"b", "new"})
    assert [fact.leg.uuid for fact in gone] == ["a"]
    assert unknown == ["new"]
    apply(*gone)
    assert set(LiveChannel.objects.values_list("uuid", flat=True)) == {"b", "elsewhere"}


def test_after_a_gap_registrations_are_the_switchs(apply: Any, sent: list[Any]) -> None:
    write_credential(device_id="d" * 32, account_id="1" * 32, realm="acme.test", username="1001", a1_hash="0" * 32)
    apply(REGISTERED)
    listed = replace(REGISTERED, account_id="", device_id="", contact="sip:1001@192.0.2.99:5060")
    stranger = replace(listed, username="1999")
    reconcile_registrations("fs1", [listed, stranger])
    [row] = Registration.objects.all()
    assert (row.contact, row.account_id, row.device_id) == ("sip:1001@192.0.2.99:5060", "1" * 32, "d" * 32)


def test_a_name_in_a_realm_is_one_devices() -> None:
    given = {"account_id": "1" * 32, "realm": "Acme.test", "username": "1001", "a1_hash": "0" * 32}
    write_credential(device_id="d" * 32, **given)  # type: ignore[arg-type]
    with pytest.raises(CredentialTaken):
        write_credential(device_id="e" * 32, **given)  # type: ignore[arg-type]
    write_credential(device_id="d" * 32, **given | {"username": "1002"})  # type: ignore[arg-type]
    assert [(row.realm, row.username) for row in SipCredential.objects.all()] == [("acme.test", "1002")]


def test_trunk_addresses_are_replaced() -> None:
    write_trunk_addresses(source_id="c", account_id="1" * 32, networks=["192.0.2.0/24", "192.0.2.0/24", "198.51.100.1"])
    write_trunk_addresses(source_id="c", account_id="1" * 32, networks=["2001:db8::/32"])
    assert [row.network for row in TrunkAddress.objects.all()] == ["2001:db8::/32"]
