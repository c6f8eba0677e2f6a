"""Leaving a message: greetings, keys, what is kept and what is not."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from apps.foundation.storage.models import StoredFile
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.ending import perform
from apps.pbx.callflows.progress import Address, Progress, write_progress
from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.voicemail import leaving
from apps.pbx.voicemail.models import Message
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.port import CallerHungUp
from tests.integration.pbx.voicemail.boxes import a_box, a_message, ended, folders, messages, visit
from tests.pbx_office import Office, run

REFUSE = {"module": "response", "data": {"code": 486}, "children": {}}


def test_a_message_is_kept_with_who_left_it(office: Office) -> None:
    box = a_box(office)
    branch, call = visit(office, {"id": box.id}, keys=["", "", "#"], digits=["1"], recorded=[4_200])
    (message,) = messages(office, box)
    assert branch is not None
    assert not branch.stops
    assert (message.caller_id_name, message.caller_id_number, message.length) == ("Ada", "1001", 4_200)
    assert (message.folder, message.urgent, message.call_id) == ("new", False, call.uuid)
    file = office.within(lambda: StoredFile.objects.get(id=message.file_id))
    assert (file.kind, file.state) == ("voicemail", "awaited")
    assert call.variables["voicemail_message_left"] == "true"


@pytest.mark.parametrize(
    ("caller", "lengths"),
    [
        ({"digits": ["1"], "recorded": [2_000]}, [2_000]),
        ({"recorded": [2_000]}, [2_000]),  # silence in the review menu
        ({"digits": ["2", "1"], "recorded": [2_000]}, [2_000]),
        ({"digits": ["3", "1"], "recorded": [2_000, 7_000]}, [7_000]),
        ({"digits": ["9", "8", "7"], "recorded": [2_000]}, [2_000]),
        ({"digits": ["1"], "recorded": [499, 2_000]}, [2_000]),
        ({"recorded": [0, 100, 499]}, []),
        ({"digits": ["3", "3", "3", "3"], "recorded": [1_000, 1_000, 1_000]}, [1_000]),
    ],
)
def test_what_is_kept(office: Office, caller: dict[str, list[object]], lengths: list[int]) -> None:
    box = a_box(office)
    visit(office, {"id": box.id}, **caller)
    assert [message.length for message in messages(office, box)] == lengths


def test_urgent_is_marked_and_unmarked(office: Office) -> None:
    box = a_box(office)
    visit(office, {"id": box.id}, digits=["4", "1"])
    visit(office, {"id": box.id}, digits=["4", "4", "1"])
    assert sorted(message.urgent for message in messages(office, box)) == [False, True]


def test_whoever_hangs_up_while_recording_or_later_has_left_one_message(office: Office) -> None:
    box = a_box(office)
    for moment in range(1, 16):
        before = len(messages(office, box))
        call = FakeCall(account_id=office.id, digits=["2", "2", "1"], hangs_up_after=moment)
        verb = verbs()["voicemail"]
        with suppress(CallerHungUp):
            run(verb.run(call, read_data(verb, {"id": box.id}, ["_"])))
        was_recording = "record" in call.verbs
        done = ended(call, **({"record_ms": "3000"} if was_recording else {}))
        for _twice in range(2):
            office.within(partial(perform, done))
        assert len(messages(office, box)) - before == (1 if was_recording else 0), (moment, call.verbs)


def test_a_lost_call_server_loses_no_message(office: Office) -> None:
    box = a_box(office)
    call = FakeCall(account_id=office.id)
    verb, data = verbs()["voicemail"], read_data(verbs()["voicemail"], {"id": box.id}, ["_"])

    async def half_way() -> None:
        draft = await leaving.begin(call, box.id)
        await leaving.recording(call, draft)

    run(half_way())
    call.variables = {**call.variables, "record_ms": "5100"}
    branch = run(verb.resume(call, data))
    assert branch.why == "left a message"
    assert [message.length for message in messages(office, box)] == [5_100]


def test_a_full_mailbox_takes_no_more(office: Office) -> None:
    box = a_box(office, max_message_count=1)
    a_message(office, box)
    _branch, call = visit(office, {"id": box.id})
    assert "record" not in call.verbs
    assert len(messages(office, box)) == 1


def test_announcements_only(office: Office) -> None:
    box = a_box(office, announcement_only=True)
    branch, call = visit(office, {"id": box.id})
    assert (branch is not None and branch.why, "record" in call.verbs) == ("announcements only", False)


def test_zero_is_the_operator(office: Office) -> None:
    flow = office.callflow(["0"], REFUSE)
    other = office.callflow(["150"], REFUSE)
    branch, _call = visit(office, {"id": a_box(office).id}, keys=["0"])
    assert branch is not None
    assert branch.callflow_id == flow.id
    own = a_box(office, "3001", operator_number="150")
    branch, _call = visit(office, {"id": own.id}, keys=["0"])
    assert branch is not None
    assert branch.callflow_id == other.id
    branch, _call = visit(office, {"id": own.id}, digits=["0"])
    assert branch is not None
    assert branch.callflow_id == other.id
    assert folders(office, own) == ["new"], "what was said before is kept"


def test_the_busy_greeting(office: Office) -> None:
    media = {"unavailable": "1" * 32, "busy": "2" * 32, "temporary_unavailable": None}
    box = a_box(office, media=media)
    from apps.pbx.voicemail.phone.compose import Composing
    from apps.pbx.voicemail.queries import find_box

    mailbox = office.within(lambda: find_box(box.id))
    assert mailbox is not None
    for cause, expected in [("USER_BUSY", "2" * 32), ("NO_ANSWER", "1" * 32), ("", "1" * 32)]:
        progress = write_progress(Progress(1, "f", Address("f", ()), cause=cause))
        (part,) = Composing(FakeCall(variables=progress), mailbox)._greeting()
        assert getattr(part, "id", "") == expected


def test_a_key_of_the_accounts_choice(office: Office) -> None:
    office.set(document={"voicemail": {"keys": {"continue": "9", "login": "7"}}})
    box = a_box(office)
    branch, call = visit(office, {"id": box.id}, keys=["9"])
    assert (branch is not None and branch.why, "record" in call.verbs) == ("wants no mailbox", False)
    own = a_box(office, "3001", keys={"continue": "8"})
    assert "record" not in visit(office, {"id": own.id}, keys=["8"])[1].verbs


def test_the_mailbox_behind_the_star_code(office: Office) -> None:
    box = a_box(office)
    visit(office, {"action": "compose"}, variables={"capture_group": "3000"}, digits=["1"])
    assert len(messages(office, box)) == 1
    branch, call = visit(office, {"action": "compose"}, variables={"capture_group": "3999"})
    assert branch is not None
    assert "no mailbox" in branch.why
    assert "record" not in call.verbs


def test_it_explains_itself(office: Office) -> None:
    owner = office.user("ada")
    box = a_box(office, owner_id=owner.id)
    verb = verbs()["voicemail"]

    def why(asking: Asking, **data: object) -> str:
        return str(office.within(lambda: verb.explain(asking, read_data(verb, data, ["_"]))).why)  # type: ignore[union-attr]

    assert why(Asking("3000"), id=box.id) == "leaves a message in mailbox 3000"
    assert "which is the caller's" in why(Asking("3000", owner_id=owner.id), id=box.id)
    assert why(Asking("*97", owner_id=owner.id), action="check") == "hears the messages of mailbox 3000"
    assert "whose number is asked" in why(Asking("*98", owner_id=owner.id), action="check", login=True)
    assert "there is no mailbox" in why(Asking("**9", capture_group="9"))


def test_nothing_is_left_in_a_mailbox_that_is_gone(office: Office) -> None:
    box = a_box(office)
    call = FakeCall(account_id=office.id)

    async def leave() -> Message | None:
        draft = await leaving.begin(call, box.id)
        return await leaving.keep(call, draft, 3_000)

    office.within(box.delete)
    assert run(leave()) is None
