"""Recording as the verbs and the rules do it, on a call that follows a script."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.kit.clock import now
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.callflows.ringing import Ring, plan
from apps.pbx.endpoints.legs import Asking, Member
from apps.pbx.recordings import remote
from apps.pbx.recordings.applying import wanted_at_start
from apps.pbx.recordings.calling import follow_rules, pause, when_connected
from apps.pbx.recordings.models import Recording
from apps.pbx.recordings.wanting import Wanted
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.models import LiveChannel, RecordedFile
from apps.switching.calls.port import CallerHungUp
from apps.switching.esl.peer import ApiResult
from tests.pbx_office import Office, office, run

__all__ = ["office"]


@pytest.fixture(autouse=True)
def _cleared(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("apps.switching.calls.files._fetch_soon", lambda *_: None)
    yield
    office.within(lambda: Recording.objects.all().delete())
    RecordedFile.objects.all().delete()


def do(verb: str, call: FakeCall, **data: Any) -> Branch:
    found = verbs()[verb]
    branch: Branch = run(found.run(call, read_data(found, data, ["_"])))
    return branch


def states(office: Office) -> list[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        return list(Recording.objects.order_by("started", "id").values_list("name", "state"))

    return office.within(read)


def test_it_starts_several_and_stops_by_name(office: Office) -> None:
    call = FakeCall(account_id=office.id, is_answered=True)
    for name in ("one", "two"):
        assert "recording 2" in do("record_call", call, media_name=name).why
    assert len(call.details("start_recording")) == 2
    named = [told for told in call.details("tell_switch") if "media_recordings" in told]
    assert named[-1].startswith(f"uuid_setvar {call.uuid} media_recordings 2")
    assert named[-1].count(",") == 1, "the channel names both, for its call record"
    assert run(pause(call, True)) == 2
    assert do("record_call", call, action="stop", media_name="one").why == "1 recordings stopped"
    assert states(office) == [("one", "awaited"), ("two", "recording")]
    do("record_call", call, action="stop")
    assert states(office) == [("one", "awaited"), ("two", "awaited")]
    assert do("record_call", call, action="stop").why == "0 recordings stopped"


def test_nothing_stays_where_the_caller_is_gone_or_the_switch_refuses(office: Office) -> None:
    gone = FakeCall(account_id=office.id, hangs_up_after=2)
    with pytest.raises(CallerHungUp):
        do("record_call", gone)
    refused = FakeCall(account_id=office.id, answers=["-ERR No such channel!"])
    assert "cannot be" in do("record_call", refused).why
    assert states(office) == []


def test_callers_are_told_where_the_account_says_so(office: Office) -> None:
    quiet = FakeCall(account_id=office.id, is_answered=True)
    do("record_call", quiet)
    assert "play" not in quiet.verbs
    Account.objects.filter(id=office.id).update(document={"recording_announcement": True})
    told = FakeCall(account_id=office.id, uuid="told", is_answered=True)
    do("record_call", told)
    assert told.verbs.index("play") < told.verbs.index("start_recording"), "first the words"


def test_a_statement_is_kept_and_silence_is_not(office: Office) -> None:
    call = FakeCall(account_id=office.id, recorded=[4000, 0])
    assert do("record_caller", call).why == "4000 ms recorded"
    assert [state for _name, state in states(office)] == ["awaited"]
    do("record_caller", call)
    assert len(states(office)) == 1


def test_a_fax_machine_and_a_person_go_their_ways(office: Office) -> None:
    call = FakeCall(account_id=office.id, faxes=[True])
    assert do("fax_detect", call).keys == ("ON_FAX",)
    assert do("fax_detect", call, duration=1).keys == ("ON_VOICE",)
    assert call.details("detect_fax") == ["3", "1"]


def test_rules_are_followed_once_also_after_a_transfer(office: Office) -> None:
    follows = Wanted.of({}, origin="inbound from offnet to account", once=True)
    call = FakeCall(account_id=office.id, is_answered=True)
    run(follow_rules(call, [follows], was_transferred=False))
    do("record_call", call, media_name="ends", should_follow_transfer=False)
    call.variables = {"media_recordings": "x"}
    run(follow_rules(call, [follows], was_transferred=True))
    assert [state for _name, state in states(office)] == ["recording", "awaited"]


def test_a_rule_that_cannot_be_followed_does_not_lose_the_call(office: Office) -> None:
    call = FakeCall(account_id="not an account")
    run(follow_rules(call, [Wanted()], was_transferred=False))
    assert not call.ended_with


def test_who_answers_is_recorded_by_his_own_rule(office: Office) -> None:
    rule = {"call_recording": {"inbound": {"any": {"enabled": True}}}}
    anna = office.user("anna", **rule)
    phone, other = office.device("1001", owner=anna), office.device("1002")
    members = (Member(phone.id, "device"), Member(other.id, "device"))
    asking = Asking(dialled="1001", call_kind="inbound", can_call_self=True)
    recorded = office.within(lambda: plan(members, Ring(members), asking)).recorded
    assert {identifier: wanted.owner_id for identifier, wanted in recorded.items()} == {phone.id: anna.id}
    for answered, count in ((other.id, 0), (phone.id, 1)):
        call = FakeCall(account_id=office.id, uuid=f"to-{answered}", is_answered=True, answers=[f"{answered}"])
        listener = when_connected(call, recorded)
        assert listener is not None
        run(listener("22222222-3333-4444-5555-666666666666"))
        assert len(call.details("start_recording")) == count
    assert when_connected(FakeCall(), {}) is None


def test_who_calls_is_recorded_by_his_own_rule(office: Office) -> None:
    anna = office.user("anna", call_recording={"outbound": {"offnet": {"enabled": True}}})
    phone = office.device("1001", owner=anna)

    def origins(*, leaves: bool, authorizing_id: str) -> list[tuple[str, str]]:
        account = Account.objects.get(id=office.id)
        found = office.within(lambda: wanted_at_start(account, "internal", authorizing_id, leaves=leaves))
        return [(wanted.origin, wanted.owner_id) for wanted in found]

    expected = [("outbound to offnet from endpoint", anna.id)]
    assert origins(leaves=True, authorizing_id=phone.id) == expected
    assert origins(leaves=True, authorizing_id=anna.id) == expected, "a call the system places for him"
    assert origins(leaves=False, authorizing_id=phone.id) == []
    assert origins(leaves=True, authorizing_id="f" * 32) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_recording_begun_from_outside_the_call_is_announced_too(
    office: Office, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    told: list[tuple[str, str]] = []

    def run_api(_switch: str, name: str, arguments: str) -> ApiResult:
        told.append((name, arguments))
        return ApiResult(ok=True, text="/recordings" if name == "global_getvar" else "+OK")

    monkeypatch.setattr(remote, "run_api", run_api)
    office.set(document={"recording_announcement": announced})
    channel = LiveChannel(uuid=str(uuid.uuid4()), switch="fs1", account_id=office.id, created=now())
    assert office.within(lambda: remote.start_on(channel, Wanted(origin="keys")))
    names = [name for name, _arguments in told]
    assert ("uuid_broadcast" in names) is announced
    assert names[-1] == "uuid_record"
    assert all(arguments.endswith("both") for name, arguments in told if name == "uuid_broadcast")
