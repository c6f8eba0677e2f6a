"""What happens when a wake-up call's time has come: once, whatever runs twice and whoever is killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from apps.foundation.accounts.scope import account_scope, schema_scope
from apps.foundation.events.event import Event
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.pbx.wakeup_calls import calling, ringing, tasks
from apps.pbx.wakeup_calls.actions import create_wakeup_call, delete_wakeup_call, replace_wakeup_call
from apps.pbx.wakeup_calls.models import Result, WakeupAttempt, WakeupCall
from apps.switching.esl.errors import ConnectionLost
from apps.switching.switches.models import NodeState, SwitchNode
from tests.pbx_office import Office, office

__all__ = ["office"]


class Switch:
    """What was sent to the node; `fails` is what sending raises."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.reachable = True
        self.fails: Exception | None = None

    def run_api(self, node: str, command: str, arguments: str) -> Any:
        if self.fails is not None:
            raise self.fails
        self.sent.append(f"{command} {arguments}")
        return SimpleNamespace(ok=True, text="+OK")


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch, office: Office) -> Switch:
    made = Switch()
    monkeypatch.setattr(ringing, "run_api", made.run_api)
    monkeypatch.setattr(ringing, "is_reachable", lambda node: made.reachable)
    SwitchNode.objects.update_or_create(
        name="fs1", defaults={"state": NodeState.UP, "host": "127.0.0.1", "port": 8021, "sessions_per_second": 30}
    )
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    found: list[Event] = []
    monkeypatch.setattr(calling, "publish", lambda *events: found.extend(events))
    return found


@pytest.fixture(autouse=True)
def scope(office: Office) -> Iterator[None]:
    with account_scope(office.id):
        WakeupCall.across_accounts.all().delete()
        WakeupAttempt.across_accounts.all().delete()
        yield


@pytest.fixture
def phone(office: Office) -> Device:
    return office.device("1001", do_not_disturb={"enabled": True}, call_forward={"enabled": True, "number": "2000"})


def wanted(office: Office, phone: Device, **more: Any) -> WakeupCall:
    document = {"device_id": phone.id, "time": "07:30", "retries": 1, "retry_interval": 60, **more}
    return create_wakeup_call(document, system_principal(office.id))


def comes(call: WakeupCall, ago: timedelta = timedelta()) -> WakeupCall:
    """Its time has come, so long ago."""
    moment = now() - ago
    WakeupCall.objects.filter(id=call.id).update(act_at=moment, **({} if call.is_ringing else {"due": moment}))
    return fresh(call)


def time_passes(call: WakeupCall) -> WakeupCall:
    """Whatever is waited for is over."""
    WakeupCall.objects.filter(id=call.id).update(act_at=now())
    return fresh(call)


def fresh(call: WakeupCall) -> WakeupCall:
    found: WakeupCall = WakeupCall.objects.get(id=call.id)
    return found


def results(call: WakeupCall) -> list[str]:
    return list(
        WakeupAttempt.objects.filter(wakeup_call_id=call.id).order_by("created", "id").values_list("result", flat=True)
    )


EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def test_the_phone_rings_whatever_it_says_of_disturbing(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    assert calling.due_calls(10) == [(office.id, call.id)]
    assert calling.act(call.id)
    (sent,) = switch.sent
    assert sent.startswith("bgapi originate '")
    assert sent.endswith("wakeup XML internal")
    assert "sip:1001@192.0.2.7" in sent
    assert "loopback" not in sent, "it is not forwarded"
    assert f"wakeup_attempt={fresh(call).attempt_id}" in sent
    assert "origination_caller_id_name='Wake-up call'" in sent or "Wake-up" in sent
    assert results(call) == ["ringing"]
    assert not calling.due_calls(10)


def test_twice_is_once(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    assert [calling.act(call.id) for _ in range(3)] == [True, False, False]
    assert len(switch.sent) == 1


def test_two_workers_at_once(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    together = threading.Barrier(4)

    def work() -> None:
        try:
            together.wait(10)
            tasks.act(office.id, call.id)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(switch.sent) == 1
    assert results(call) == ["ringing"]


def test_a_worker_killed_before_ringing_is_replaced(
    office: Office, switch: Switch, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = comes(wanted(office, phone))
    with monkeypatch.context() as killed:
        killed.setattr(calling, "_ring", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            calling.act(call.id)
    assert not switch.sent
    assert not calling.due_calls(10), "somebody may still be at it"
    time_passes(call)
    assert calling.act(call.id)
    assert len(switch.sent) == 1
    assert results(call) == ["ringing"], "the same attempt"


def test_what_may_have_been_sent_is_not_sent_again(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    switch.fails = ConnectionLost("in the middle")
    assert not calling.act(call.id)
    switch.fails = None
    assert results(call) == ["ringing"]
    time_passes(call)
    assert not calling.act(call.id)
    assert not switch.sent
    assert results(call) == ["unanswered"]


def test_nobody_answers(office: Office, switch: Switch, phone: Device, told: list[Any]) -> None:
    call = comes(wanted(office, phone, days=EVERY_DAY))
    due = call.due
    calling.act(call.id)
    calling.act(time_passes(call).id)
    waiting = fresh(call)
    assert (waiting.is_ringing, waiting.due) == (False, due)
    assert waiting.act_at is not None
    assert timedelta(seconds=50) < waiting.act_at - now() <= timedelta(seconds=60), "the retry interval"
    assert not told
    calling.act(time_passes(call).id)
    calling.act(time_passes(call).id)
    assert results(call) == ["unanswered", "unanswered"]
    over = fresh(call)
    assert (over.last_result, over.attempt, over.enabled) == ("unanswered", 0, True)
    assert over.due == over.act_at
    assert over.due is not None
    assert over.due > now()
    (event,) = told
    assert event.key == f"wakeup_call.failed.{call.id}"
    assert (event.data()["result"], event.data()["attempts"], event.data()["device_id"]) == ("unanswered", 2, phone.id)


def test_no_phone_to_ring_is_tried_again_too(office: Office, switch: Switch, told: list[Any]) -> None:
    phone = office.device("1009", registered=False)
    call = comes(wanted(office, phone, retries=1))
    assert not calling.act(call.id)
    office.register(phone, "sip:1009@192.0.2.7:5060")
    time_passes(call)
    assert calling.act(call.id)
    assert results(call) == ["failed", "ringing"]
    assert WakeupAttempt.objects.filter(wakeup_call_id=call.id).order_by("created").values_list("reason", flat=True)[0]


def test_no_switch(office: Office, switch: Switch, phone: Device, told: list[Any]) -> None:
    switch.reachable = False
    call = comes(wanted(office, phone, retries=0))
    calling.act(call.id)
    assert results(call) == ["failed"]
    assert [event.key for event in told] == [f"wakeup_call.failed.{call.id}"]
    assert not fresh(call).enabled, "once is over"


def test_answered_confirmed_and_over(office: Office, switch: Switch, phone: Device, told: list[Any]) -> None:
    call = comes(wanted(office, phone))
    calling.act(call.id)
    attempt = fresh(call).attempt_id
    found = calling.answered(attempt, "63900000000-aaaa")
    assert found.snooze_minutes == 10
    calling.answered(attempt, "63900000000-aaaa")
    assert [event.key for event in told] == [f"wakeup_call.answered.{call.id}"], "said twice, told once"
    calling.confirmed(attempt)
    over = fresh(call)
    assert (over.last_result, over.enabled, over.act_at) == ("confirmed", False, None)
    assert results(call) == ["confirmed"]
    assert "next_call" not in over.to_document()


def test_snoozed(office: Office, switch: Switch, phone: Device, told: list[Any]) -> None:
    call = comes(wanted(office, phone, snooze_minutes=7))
    due = call.due
    calling.act(call.id)
    attempt = fresh(call).attempt_id
    calling.answered(attempt, "")
    again = calling.snoozed(attempt)
    assert again is not None
    assert timedelta(minutes=6) < again - now() <= timedelta(minutes=7)
    assert calling.snoozed(attempt) is None, "one key, one snooze"
    waiting = fresh(call)
    assert (waiting.due, waiting.enabled, waiting.last_result) == (due, True, "snoozed")
    calling.act(time_passes(call).id)
    assert results(call) == ["snoozed", "ringing"]
    second = fresh(call).attempt_id
    calling.answered(second, "")
    calling.confirmed(second)
    assert not fresh(call).enabled
    assert [event.key.split(".")[1] for event in told] == ["answered", "snoozed", "answered"]


def test_nobody_snoozes_for_ever(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    for _ in range(12):
        calling.act(time_passes(call).id)
        attempt = fresh(call).attempt_id
        assert calling.answered(attempt, "").snooze_minutes
        assert calling.snoozed(attempt)
    calling.act(time_passes(call).id)
    attempt = fresh(call).attempt_id
    assert not calling.answered(attempt, "").snooze_minutes
    assert calling.snoozed(attempt) is None


def test_a_little_late_is_called_and_much_is_missed(
    office: Office, switch: Switch, phone: Device, told: list[Any]
) -> None:
    late = comes(wanted(office, phone, days=EVERY_DAY), timedelta(minutes=14))
    assert calling.act(late.id)
    missed = comes(wanted(office, phone, days=EVERY_DAY), timedelta(minutes=16))
    assert not calling.act(missed.id)
    assert results(missed) == ["missed"]
    after = fresh(missed)
    assert after.last_result == Result.MISSED
    assert after.act_at is not None
    assert after.act_at > now()
    assert [(event.key, event.data()["result"]) for event in told] == [(f"wakeup_call.failed.{missed.id}", "missed")]


def test_down_for_days_is_missed_once(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone, days=EVERY_DAY), timedelta(days=3))
    calling.act(call.id)
    assert results(call) == ["missed"]
    assert not calling.due_calls(10)


def test_changing_it_while_it_rings(office: Office, switch: Switch, phone: Device, told: list[Any]) -> None:
    call = comes(wanted(office, phone, days=EVERY_DAY))
    calling.act(call.id)
    ringing_now = fresh(call)
    document = ringing_now.to_document()
    replace_wakeup_call(ringing_now, {**document, "name": "Room 12"}, system_principal(office.id))
    assert fresh(call).is_ringing, "a name changes nothing"
    replace_wakeup_call(fresh(call), {**document, "time": "09:15"}, system_principal(office.id))
    assert not fresh(call).is_ringing
    assert calling.answered(ringing_now.attempt_id, "").snooze_minutes == 0
    assert calling.snoozed(ringing_now.attempt_id) is None
    assert fresh(call).due == fresh(call).act_at
    assert not told


def test_what_is_deleted_does_not_ring(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    delete_wakeup_call(call, system_principal(office.id))
    assert not calling.due_calls(10)
    assert not calling.act(call.id)


def test_a_disabled_account_is_not_called(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone, days=EVERY_DAY))
    office.set(enabled=False)
    with account_scope(office.id):
        assert not calling.act(call.id)
        assert results(call) == ["failed"]


def test_the_time_is_the_phones(office: Office, phone: Device) -> None:
    tokyo = office.device("1002", timezone="Asia/Tokyo")
    person = office.user("ada")
    person.timezone = "America/New_York"
    person.save(update_fields=["timezone"])
    for made, zone in [
        (wanted(office, tokyo), 9),
        (wanted(office, office.device("1003", owner=person)), None),
        (wanted(office, tokyo, timezone="Asia/Kathmandu"), 5.75),
    ]:
        assert made.due is not None
        if zone is not None:
            assert made.due.astimezone(UTC).time() == (datetime(2026, 1, 2, 7, 30) - timedelta(hours=zone)).time()
        else:
            assert made.due.astimezone(UTC).hour in (11, 12)


def test_the_minutes_work_is_handed_out(
    office: Office, switch: Switch, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [comes(wanted(office, phone)) for _ in range(20)]
    handed: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.act, "apply_async", lambda args, countdown, expires: handed.append((args[1], countdown)))
    assert tasks.call_due() == 20
    assert {identifier for identifier, _ in handed} == {call.id for call in calls}
    assert [countdown for _, countdown in handed] == [0] * 15 + [1] * 5, "no faster than the switch takes them"


def test_calls_of_a_deleted_account_wait(office: Office, switch: Switch, phone: Device) -> None:
    call = comes(wanted(office, phone))
    schema = str(office.account.tenant.schema_name)
    office.set(deleted=now())
    try:
        with schema_scope(schema):
            assert not calling.due_calls(10)
            assert WakeupCall.across_accounts.get(id=call.id).act_at > now()
    finally:
        office.set(deleted=None)


def test_what_is_long_over_leaves_the_list(office: Office, switch: Switch, phone: Device) -> None:
    over, again, fresh_one, daily = (wanted(office, phone, name=name) for name in ("over", "again", "fresh", "daily"))
    long_ago = now() - timedelta(days=40)
    done = {"enabled": False, "act_at": None, "due": None, "last_result": "confirmed"}
    WakeupCall.objects.filter(id__in=[over.id, daily.id]).update(**done, last_call=long_ago)
    WakeupCall.objects.filter(id=daily.id).update(document={"time": "07:30", "days": EVERY_DAY})
    WakeupCall.objects.filter(id=again.id).update(last_call=long_ago)
    WakeupCall.objects.filter(id=fresh_one.id).update(**done, last_call=now())
    assert tasks.forget_over() == 1
    assert set(WakeupCall.objects.values_list("id", flat=True)) == {again.id, fresh_one.id, daily.id}


def test_only_what_is_due_is_looked_at(office: Office, phone: Device) -> None:
    """However many are set: the index holds those that are yet to come, in their order."""
    later = now() + timedelta(hours=5)
    rows = [
        WakeupCall(account_id=office.id, device_id=phone.id, due=later, act_at=later, document={"time": "07:30"})
        for _ in range(3000)
    ]
    WakeupCall.across_accounts.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE wakeup_calls_wakeupcall")
        due = (
            WakeupCall.across_accounts.filter(act_at__lte=now()).order_by("act_at").values_list("account_id", "id")[:10]
        )
        sql, params = due.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "wakeup_calls_act_at" in plan, plan
