"""What is told to a node holds nothing that would be told besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.switching.calls import commands, conference_commands, recording_commands
from apps.switching.calls.dial_string import Contact, Leg, UnsafeValue


def test_commands_as_the_switch_wants_them() -> None:
    assert commands.hang_up("a-1", "USER_BUSY").arguments == "a-1 USER_BUSY"
    assert commands.transfer("a-1", "2600", other_leg=True).arguments == "a-1 -bleg 2600 XML internal"
    assert commands.check_sync("1001", "acme.test").arguments == "profile internal check_sync 1001@acme.test"
    made = commands.originate([Leg(Contact("sip:1001@127.0.0.1:5060"))], "+15551230001", {"account_id": "a b"})
    assert made.name == "originate"
    assert made.arguments == "'<^^~account_id=a b>sofia/internal/sip:1001@127.0.0.1:5060' +15551230001 XML internal"


@given(st.text())
def test_no_argument_becomes_two(text: str) -> None:
    for make in (
        lambda: commands.hang_up(text),
        lambda: commands.transfer("a-1", text),
        lambda: commands.transfer(text, "2600"),
        lambda: commands.check_sync(text, "acme.test"),
        lambda: commands.flush_registration("1001", text),
        lambda: commands.originate([Leg(Contact("sip:1001@127.0.0.1"))], text, {}),
    ):
        try:
            arguments = make().arguments
        except UnsafeValue:
            continue
        assert "\n" not in arguments
        assert "\r" not in arguments
        assert len(arguments.split(" ")) <= 5


@pytest.mark.parametrize("value", ["2600 XML public", "a\nb", "'", "2600'", "${system x}", ""])
def test_what_is_not_a_number_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        commands.transfer("a-1", value)


def test_commands_about_legs_recordings_and_conferences() -> None:
    def told(command: commands.NodeCommand) -> str:
        return f"{command.name} {command.arguments}"

    leg = Leg(Contact("sip:1001@127.0.0.1:5060"))
    whisper = told(commands.eavesdrop([leg], "b-2", {}, "whisper"))
    assert whisper.endswith("sofia/internal/sip:1001@127.0.0.1:5060' &eavesdrop(b-2)")
    assert "eavesdrop_whisper_bleg=true" in whisper
    assert told(commands.connect("a-1", "b-2")) == "uuid_bridge a-1 b-2"
    assert told(commands.hold("a-1", False)) == "uuid_hold off a-1"
    assert told(commands.mute("a-1", True)) == "uuid_audio a-1 start read mute 1"
    assert told(commands.set_variable("a-1", "x", "")) == "uuid_setvar a-1 x"
    assert told(commands.transfer("a-1", "2600", both=True)) == "uuid_transfer a-1 -both 2600 XML internal"
    started = told(recording_commands.start_recording("a-1", "/r/a/b.wav"))
    assert started.startswith("uuid_record a-1 start /r/a/b.wav 0 {RECORD_STEREO=true,")
    assert told(recording_commands.make_folder("/r/a/b.wav")) == "system mkdir -p /r/a && echo +OK"
    assert told(conference_commands.kick("acc-1", "all")) == "conference acc-1 kick all"
    assert told(conference_commands.volume("acc-1", "3", 9)) == "conference acc-1 volume_out 3 4"
    assert (
        told(conference_commands.relate("acc-1", "3", ["4", "5"], "nohear")) == "conference acc-1 relate 3 4,5 nohear"
    )
    argument = conference_commands.conference_argument("acc-1", pin="42", flags=("mute", "wait-mod"))
    assert argument == "acc-1@default+42+flags{mute|wait-mod}"
    assert told(conference_commands.call_into("acc-1", [leg], {})).endswith(" &conference(acc-1@default)")


@given(st.text())
def test_nothing_of_a_recording_or_a_conference_is_more_than_one_argument(text: str) -> None:
    for make, words in (
        (lambda: commands.connect("a-1", text), 2),
        (lambda: commands.broadcast("a-1", text), 3),
        (lambda: commands.send_digits("a-1", text), 2),
        (lambda: recording_commands.stop_recording("a-1", text), 3),
        (lambda: recording_commands.start_recording(text, "/r/a.wav"), 5),
        (lambda: recording_commands.make_folder(text), 5),
        (lambda: conference_commands.list_conference(text), 2),
        (lambda: conference_commands.kick("acc-1", text), 3),
        (lambda: conference_commands.play("acc-1", text), 3),
        (lambda: conference_commands.record("acc-1", text), 3),
        (lambda: conference_commands.relate("acc-1", "1", [text], "clear"), 5),
    ):
        try:
            arguments = make().arguments
        except UnsafeValue:
            continue
        assert len(arguments.split()) == words
        assert not set("\n\r`$'\"") & set(arguments)


@pytest.mark.parametrize("path", ["/r/../etc/x", "relative.wav", "/r/$(x)", "/r/.hidden", "/r/a b", "/r//a", ""])
def test_a_path_that_a_shell_or_the_switch_would_read_otherwise_is_refused(path: str) -> None:
    for make in (recording_commands.make_folder, lambda given: recording_commands.stop_recording("a-1", given)):
        with pytest.raises(UnsafeValue):
            make(path)
