"""The menu: keys with a child, extensions, the recording PIN, wrong choices, silence, in this order."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.identity.principal import system_principal
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, read_data, verbs
from apps.pbx.media.models import Media
from apps.pbx.menus.actions import create_menu
from apps.pbx.menus.models import Menu
from apps.switching.calls.fake import FakeCall
from tests.pbx_office import Office, office, run

__all__ = ["office"]
TONE = "tone_stream://%(100,0,440)"
REFUSE = {"module": "response", "data": {"code": 486}, "children": {}}


def a_menu(office: Office, **document: Any) -> str:
    made: Menu = office.within(lambda: create_menu({"name": "Main", **document}, system_principal(office.id)))
    return made.id


def choose(
    office: Office, menu_id: str, digits: list[str], children: tuple[str, ...] = ("1", "_"), **fields: Any
) -> tuple[Branch, FakeCall]:
    call = FakeCall(account_id=office.id, digits=digits, **fields)
    verb = verbs()["menu"]
    return run(verb.run(call, read_data(verb, {"id": menu_id}, children))), call


def test_a_key_with_a_child_wins_over_everything(office: Office) -> None:
    office.callflow(["100"], REFUSE)
    menu = a_menu(office, record_pin="100", media={"greeting": TONE})
    branch, call = choose(office, menu, ["100"], ("100", "_"))
    assert branch.keys == ("100",)
    assert call.details("collect") == [TONE]


def test_an_extension_comes_before_the_pin_and_is_announced(office: Office) -> None:
    flow = office.callflow(["100"], REFUSE)
    menu = a_menu(office, record_pin="100", media={"transfer_media": TONE})
    branch, call = choose(office, menu, ["100"])
    assert (branch.callflow_id, branch.comes_back) == (flow.id, True)
    assert call.details("play") == [TONE]


@pytest.mark.parametrize(
    ("settings", "digits", "found"),
    [
        ({}, "100", True),
        ({"hunt": False}, "100", False),
        ({"hunt_allow": "^1"}, "100", True),
        ({"hunt_allow": "^2"}, "100", False),
        ({"hunt_allow": "^1", "hunt_deny": "^10"}, "100", False),
        ({}, "199", False),
    ],
)
def test_which_extensions_may_be_dialled(office: Office, settings: dict[str, Any], digits: str, found: bool) -> None:
    flow = office.callflow(["100"], REFUSE)
    office.callflow(["no_match"], REFUSE)
    branch, _call = choose(office, a_menu(office, retries=1, **settings), [digits])
    assert (branch.callflow_id == flow.id) is found
    assert found or branch.keys == ("max_retries",)


def test_wrong_choices_are_said_and_tried_again_until_no_try_is_left(office: Office) -> None:
    menu = a_menu(office, retries=3, media={"invalid_media": TONE, "exit_media": False})
    branch, call = choose(office, menu, ["8", "9", "7"], ("1", "max_retries", "_"))
    assert branch.keys == ("max_retries",)
    assert call.verbs == ["answer", *["collect", "play"] * 3]
    branch, call = choose(office, menu, ["8", "1"])
    assert branch.keys == ("1",)
    quiet = a_menu(office, retries=1, suppress_media=True, media={"exit_media": False})
    assert choose(office, quiet, ["9"])[1].verbs == ["answer", "collect"]


def test_silence_goes_to_timeout_where_there_is_such_a_child(office: Office) -> None:
    menu = a_menu(office, retries=2)
    branch, call = choose(office, menu, [], ("1", "timeout", "_"))
    assert (branch.keys, call.verbs) == (("timeout",), ["answer", "collect"])
    branch, call = choose(office, menu, [], ("1", "_"))
    assert (branch.keys, call.verbs.count("collect")) == (("max_retries",), 2)


def test_the_pin_records_a_greeting_that_is_played_next(office: Office) -> None:
    menu = a_menu(office, record_pin="987", hunt=False)
    branch, call = choose(office, menu, ["987", "2", "1", "1"])
    assert branch.keys == ("1",)
    media = office.within(lambda: Media.objects.get(media_source="recording"))
    assert office.within(lambda: Menu.objects.get(id=menu).document["media"]["greeting"]) == media.id
    assert media.milliseconds == 3000
    assert media.document["source_id"] == menu
    [file] = call.details("record")
    assert file.startswith(f"{office.id}/")
    assert call.recording_path(file) in call.details("play"), "2 plays what was recorded"


@pytest.mark.parametrize(("allowed", "recorded"), [(False, 0), (True, 1)])
def test_from_outside_the_pin_counts_only_where_it_is_allowed(office: Office, allowed: bool, recorded: int) -> None:
    menu = a_menu(office, record_pin="987", allow_record_from_offnet=allowed, retries=2)
    _branch, call = choose(office, menu, ["987", "1"], call_kind="inbound")
    assert call.verbs.count("record") == recorded


def test_nothing_said_is_not_kept(office: Office) -> None:
    menu = a_menu(office, record_pin="987", retries=1)
    _branch, call = choose(office, menu, ["987"], recorded=[0, 100, 0, 0])
    assert call.verbs.count("record") == 4
    assert "greeting" not in office.within(lambda: Menu.objects.get(id=menu).document["media"])


def test_a_menu_that_is_gone_goes_on(office: Office) -> None:
    branch, call = choose(office, "0" * 32, ["1"])
    assert (branch.keys, call.did) == ((), [])


def test_a_caller_who_leaves_while_recording_is_gone(office: Office) -> None:
    from apps.switching.calls.port import CallerHungUp

    menu = a_menu(office, record_pin="987")
    with pytest.raises(CallerHungUp):
        choose(office, menu, ["987"], hangs_up_after=4)


def test_it_explains_itself(office: Office) -> None:
    flow = office.callflow(["100"], REFUSE)
    menu = a_menu(office, retries=2)
    verb = verbs()["menu"]

    def ways(digits: list[str]) -> Any:
        asking = Asking("2000", digits=digits)
        return office.within(lambda: verb.explain(asking, read_data(verb, {"id": menu}, ("1", "_"))))

    assert ways(["1"]).keys == ("1",)
    assert ways(["9", "100"]).callflow_id == flow.id
    assert ways(["9", "9"]).keys == ("max_retries",)
    assert [way.keys for way in ways([])] == [("1",), ("_",)]
