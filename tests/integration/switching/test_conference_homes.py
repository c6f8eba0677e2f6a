"""One conference, one node: where it lives, and how a call from another node is let in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from apps.foundation.events.publishing import client
from apps.interfaces.freeswitch import passages as entrance
from apps.switching.calls.port import ConferenceRequest
from apps.switching.rooms import passages
from apps.switching.rooms.homes import home_of
from apps.switching.rooms.models import LiveRoom
from apps.switching.rooms.passages import NoWayThere, Passage, open_passage, take_passage
from apps.switching.switches.models import NodeState, SwitchNode
from tests.pbx_office import run

pytestmark = pytest.mark.django_db
ACCOUNT, CONFERENCE = "1" * 32, "2" * 32
NAME = f"{ACCOUNT}-{CONFERENCE}"
STATUS = (
    "Name             external\nURL              sip:mod_sofia@10.0.0.6:5080\nBIND-URL         sip:x@10.0.0.6:5080\n"
)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    for key in client().scan_iter("kazoo:conference-*"):
        client().delete(key)
    client().delete("kazoo:node-sip-address:fs2")
    for name in ("fs1", "fs2"):
        SwitchNode.objects.create(name=name, host="127.0.0.1", port=8021, state=NodeState.UP)


def goes_on(switch: str) -> None:
    LiveRoom.objects.create(
        id=f"{switch}/{NAME}", name=NAME, account_id=ACCOUNT, conference_id=CONFERENCE, switch=switch
    )


def down(switch: str) -> None:
    SwitchNode.objects.filter(name=switch).update(state=NodeState.DOWN)


def test_it_lives_where_it_goes_on() -> None:
    goes_on("fs2")
    assert home_of(NAME, "fs1") == "fs2"
    assert home_of(NAME, "fs2") == "fs2"


def test_who_comes_first_decides() -> None:
    """Before the switch has told of it."""
    assert home_of(NAME, "fs2") == "fs2"
    assert home_of(NAME, "fs1") == "fs2"
    assert home_of(f"{ACCOUNT}-{'3' * 32}", "fs1") == "fs1", "another conference is another matter"


def test_a_lost_node_is_nobodys_home() -> None:
    goes_on("fs2")
    down("fs2")
    assert home_of(NAME, "fs1") == "fs1"
    # It is claimed now, also for who comes to a third node.
    SwitchNode.objects.create(name="fs3", host="127.0.0.1", port=8021, state=NodeState.UP)
    assert home_of(NAME, "fs3") == "fs1"


def test_a_claim_of_a_lost_node_does_not_hold() -> None:
    home_of(NAME, "fs2")
    down("fs2")
    assert home_of(NAME, "fs1") == "fs1"


def passage() -> Passage:
    wanted = ConferenceRequest(NAME, "default", ("moderator",), variables={"conference_enter_sound": "tone_stream://x"})
    return Passage("fs2", wanted, {"account_id": ACCOUNT, "call_kind": "internal", "interaction_id": "1-a"})


def opened(monkeypatch: pytest.MonkeyPatch, status: str = STATUS) -> str:
    class Answer:
        text = status

    monkeypatch.setattr(passages, "run_api", lambda *_words: Answer())
    contact = open_passage(passage())
    assert contact.profile == "external"
    user, _, address = contact.uri.removeprefix("sip:").partition("@")
    assert address == "10.0.0.6:5080"
    return user


def asked(user: str, node: str, context: str = "public") -> str:
    answer = run(entrance.answer({"Hunt-Context": context, "Hunt-Destination-Number": user}, node))
    return answer.decode() if answer is not None else ""


def test_the_other_node_lets_the_call_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    user = opened(monkeypatch)
    actions = [
        (one.attrib["application"], one.attrib["data"])
        for one in ElementTree.fromstring(asked(user, "fs2")).iter("action")
    ]
    assert ("export", f"account_id={ACCOUNT}") in actions
    assert ("set", "conference_enter_sound=tone_stream://x") in actions
    assert actions[-2:] == [("conference", f"{NAME}@default+flags{{moderator}}"), ("hangup", "NORMAL_CLEARING")]
    assert "403" in asked(user, "fs2"), "the word has been used"


def test_a_word_holds_for_its_node_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "403" in asked(opened(monkeypatch), "fs1")


def test_other_calls_are_none_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    user = opened(monkeypatch)
    assert asked("+13125550100", "fs2") == ""
    assert asked(user, "fs2", "internal") == "", "a phone knows no such word"
    assert take_passage(user.removeprefix("conference-"), "fs2") is not None


def test_a_node_that_does_not_say_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoWayThere):
        opened(monkeypatch, "Invalid Profile!\n")
