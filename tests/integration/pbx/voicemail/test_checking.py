"""Listening to messages: logging in, the lockout, the menus, and any keys at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.clock import now
from apps.pbx.media.models import Media
from apps.pbx.voicemail.actions import MOST_FAILED_PINS
from apps.pbx.voicemail.models import Box
from tests.integration.pbx.voicemail.boxes import a_box, a_message, folders, messages, visit
from tests.pbx_office import Office

CHECK = {"action": "check"}


def again(office: Office, box: Box) -> Box:
    return office.within(lambda: Box.objects.get(id=box.id))


def test_the_owner_needs_no_pin(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id)
    a_message(office, box)
    visit(office, CHECK, owner_id=ada.id, digits=["1", "1", "#"])
    assert folders(office, box) == ["saved"]


@pytest.mark.parametrize(
    ("document", "data", "digits", "let_in"),
    [
        ({}, CHECK, ["3000", "1234", "1", "1"], True),
        ({}, CHECK, ["3000", "9999", "3000", "1234", "1", "1"], True),
        ({}, CHECK, ["3000", "9999"] * 3 + ["3000", "1234", "1", "1"], False),
        ({}, CHECK, ["3999", "1234", "1", "1"], False),
        ({"require_pin": True, "owner_id": "ada"}, CHECK, ["1", "1"], False),
        ({"require_pin": True, "owner_id": "ada"}, CHECK, ["1234", "1", "1"], True),
        ({"owner_id": "ada"}, {"action": "check", "login": True}, ["3000", "1234", "1", "1"], True),
        ({"owner_id": "ada"}, {"action": "check", "login": True}, ["1", "1"], False),
        ({"mailbox": "1001"}, {"action": "check", "callerid_match_login": True}, ["1234", "1", "1"], True),
        ({"pin": None}, CHECK, ["3000", "", "1", "1"], False),
    ],
)
def test_who_is_let_in(
    office: Office, document: dict[str, Any], data: dict[str, Any], digits: list[str], let_in: bool
) -> None:
    ada = office.user("ada")
    document = document | ({"owner_id": ada.id} if "owner_id" in document else {})
    box = a_box(office, **({"mailbox": "3000"} | document))
    a_message(office, box)
    visit(office, data, owner_id=ada.id, digits=digits)
    assert folders(office, box) == (["saved"] if let_in else ["new"])


def test_wrong_pins_lock_the_mailbox_over_all_calls(office: Office) -> None:
    box = a_box(office)
    for _call in range(MOST_FAILED_PINS // 3):
        visit(office, CHECK, digits=["3000", "0000"] * 3)
    locked = again(office, box)
    assert locked.is_locked
    a_message(office, box)
    visit(office, CHECK, digits=["3000", "1234", "1", "1"])
    assert folders(office, box) == ["new"], "nor does the right one open it now"
    assert office.within(lambda: AuditEntry.objects.filter(action="vmbox.locked", target_id=box.id).count()) == 1
    office.within(lambda: Box.objects.filter(id=box.id).update(locked_until=now() - timedelta(seconds=1)))
    visit(office, CHECK, digits=["3000", "1234", "1", "1"])
    assert folders(office, box) == ["saved"]
    assert again(office, box).failed_pins == 0


def test_a_new_mailbox_is_set_up(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id, is_setup=False)
    visit(office, CHECK, owner_id=ada.id, digits=["1111", "1111", "2", "1", "#"])
    set_up = again(office, box)
    assert (set_up.pin, set_up.document["is_setup"]) == ("1111", True)
    media = office.within(lambda: Media.objects.get(id=set_up.document["media"]["unavailable"]))
    assert media.media_source == "recording"
    assert "1111" not in str(set_up.document) + set_up.pin_encrypted


def test_a_setup_that_is_cut_off_begins_again(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id, is_setup=False)
    visit(office, CHECK, owner_id=ada.id, digits=["1111", "1111"], hangs_up_after=7)
    assert not again(office, box).document["is_setup"]


@pytest.mark.parametrize(
    ("pressed", "expected"),
    [
        ("1", ["saved", "new", "new"]),
        ("11", ["saved", "saved", "new"]),
        ("7", ["deleted", "new", "new"]),
        ("747", ["new", "new", "new"]),
        ("66", ["new", "new", "new"]),
        ("647", ["deleted", "new", "new"]),
        ("0", ["saved", "new", "new"]),
        ("", ["new", "new", "new"]),
    ],
)
def test_the_message_menu(office: Office, pressed: str, expected: list[str]) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id, oldest_message_first=True)
    for minutes in (30, 20, 10):
        a_message(office, box, moment=now() - timedelta(minutes=minutes))
    visit(office, CHECK, owner_id=ada.id, digits=["1", *pressed])
    assert folders(office, box) == expected


def test_urgent_messages_and_new_ones_come_first(office: Office) -> None:
    from apps.pbx.voicemail.queries import ids_to_play

    box = a_box(office)
    old = a_message(office, box, moment=now() - timedelta(hours=2))
    urgent = a_message(office, box, moment=now() - timedelta(hours=3), urgent=True)
    new = a_message(office, box)
    for oldest_first, expected in [(False, [urgent, new, old]), (True, [urgent, old, new])]:
        played = office.within(lambda first=oldest_first: ids_to_play(box.id, "new", oldest_first=first))
        assert played == [message.id for message in expected]


def test_forwarding_with_an_introduction(office: Office) -> None:
    ada = office.user("ada")
    box, other = a_box(office, owner_id=ada.id), a_box(office, "3001")
    a_message(office, box)
    visit(office, CHECK, owner_id=ada.id, digits=["1", "3", "3999", "3001", "1", "1", "1"])
    (copy,) = messages(office, other)
    (kept,) = messages(office, box)
    assert (copy.file_id, kept.folder) == (kept.file_id, "saved")
    assert copy.introduction_id
    assert copy.introduction_id != copy.file_id


def test_calling_back_is_for_phones_of_the_account(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id)
    a_message(office, box, number="+13125550100")
    _branch, call = visit(office, CHECK, owner_id=ada.id, digits=["1", "9"])
    assert call.details("transfer") == ["+13125550100"]
    _branch, call = visit(office, CHECK, call_kind="inbound", digits=["3000", "1234", "1", "9"])
    assert "transfer" not in call.verbs


def test_going_back_and_forward_in_a_message(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id, seek_duration_ms=1_000)
    a_message(office, box)
    _branch, call = visit(office, CHECK, owner_id=ada.id, digits=["1"], keys=["", "8", "5", "8", "8", "8", "8"])
    places = [detail.partition("@@")[2] for detail in call.details("play") if detail.startswith("/var/lib")]
    assert [round(int(place or 0) / 8_000) for place in places] == [0, 1, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("digits", "field", "expected"),
    [
        (["5", "3", "7777", "7777"], "pin", "7777"),
        (["5", "3", "77", "7777", "7778", "8888", "8888"], "pin", "8888"),
        (["5", "6"], "announcement_only", True),
        (["5", "6", "6"], "announcement_only", False),
    ],
)
def test_settings_by_phone(office: Office, digits: list[str], field: str, expected: object) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id)
    visit(office, CHECK, owner_id=ada.id, digits=digits)
    assert again(office, box).to_public()[field] == expected


@pytest.mark.parametrize(
    ("key", "which"), [("1", "unavailable"), ("2", "name"), ("4", "temporary_unavailable"), ("7", "busy")]
)
def test_greetings_by_phone(office: Office, key: str, which: str) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id)
    visit(office, CHECK, owner_id=ada.id, digits=["5", key, "1"])
    assert list(again(office, box).document["media"]) == [which]
    visit(office, CHECK, owner_id=ada.id, digits=["5", "5"])
    assert list(again(office, box).document["media"]) == ([] if which == "temporary_unavailable" else [which])


def test_a_mailbox_may_not_be_configurable(office: Office) -> None:
    ada = office.user("ada")
    box = a_box(office, owner_id=ada.id, not_configurable=True, is_setup=False)
    visit(office, CHECK, owner_id=ada.id, digits=["5", "6"])
    assert not again(office, box).document["announcement_only"]


KEYS = st.lists(st.sampled_from(["", *"0123456789*#"]), max_size=25)
DIGITS = st.lists(st.sampled_from(["", *"0123456789*#", "3000", "3001", "1234", "0000"]), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=KEYS,
    digits=DIGITS,
    recorded=st.lists(st.integers(0, 9_000), max_size=5),
    data=st.sampled_from([{}, CHECK, {"action": "check", "login": True}]),
    moment=st.one_of(st.none(), st.integers(1, 60)),
    owned=st.booleans(),
)
def test_any_keys_at_all(
    office: Office, keys: list[str], digits: list[str], recorded: list[int], data: dict[str, Any],
    moment: int | None, owned: bool,
) -> None:  # fmt: skip
    """Nothing raises, everything ends, and a message that was there is there still."""
    from apps.pbx.voicemail.models import Message

    office.clear()
    office.within(lambda: (Message.objects.all().delete(), Box.objects.all().delete()))
    ada = office.user("ada")
    box, other = a_box(office, owner_id=ada.id), a_box(office, "3001")
    kept = {a_message(office, box).id, a_message(office, other).id}
    target = {} if data else {"id": box.id}
    visit(
        office, {**data, **target}, owner_id=ada.id if owned else "", keys=keys, digits=digits, recorded=recorded,
        hangs_up_after=moment,
    )  # fmt: skip
    assert kept <= {message.id for message in messages(office, box) + messages(office, other)}
