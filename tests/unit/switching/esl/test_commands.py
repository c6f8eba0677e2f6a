"""Commands of any size leave framed right, and no field can smuggle in a line of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.switching.esl import commands
from apps.switching.esl.errors import CommandRefused
from tests.unit.switching.esl.support import read_commands

BUILDERS = {
    "auth": commands.auth,
    "userauth user": lambda value: commands.userauth(value, "acme.test", "x"),
    "userauth realm": lambda value: commands.userauth("bob", value, "x"),
    "userauth password": lambda value: commands.userauth("bob", "acme.test", value),
    "api": commands.api,
    "api arguments": lambda value: commands.api("status", value),
    "bgapi": lambda value: commands.bgapi(value, job_uuid="j"),
    "bgapi arguments": lambda value: commands.bgapi("originate", value, job_uuid="j"),
    "bgapi job": lambda value: commands.bgapi("status", job_uuid=value),
    "event": lambda value: commands.subscribe([value]),
    "event custom": lambda value: commands.subscribe([], [value]),
    "nixevent": lambda value: commands.unsubscribe([value]),
    "filter header": lambda value: commands.add_filter(value, "x"),
    "filter value": lambda value: commands.add_filter("Unique-ID", value),
    "filter delete": lambda value: commands.delete_filter("Unique-ID", value),
    "sendevent": commands.sendevent,
    "sendevent header": lambda value: commands.sendevent("CUSTOM", {"X": value}),
    "sendevent name": lambda value: commands.sendevent("CUSTOM", {value: "x"}),
    "execute": commands.execute,
    "execute argument": lambda value: commands.execute("set", value),
    "execute uuid": lambda value: commands.execute("set", "a=b", uuid=value),
    "execute event": lambda value: commands.execute("set", "a=b", event_uuid=value),
    "hangup": commands.hangup,
    "hangup uuid": lambda value: commands.hangup(uuid=value),
    "nomedia": commands.nomedia,
}


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "\n", "x\n\napi shutdown", "a\udc80"])
@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS.keys())
def test_line_breaks_and_nul_are_refused_everywhere(builder, bad):
    with pytest.raises(CommandRefused):
        builder(bad)


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS.keys())
def test_huge_fields_are_refused(builder):
    with pytest.raises(CommandRefused):
        builder("x" * (commands.MAX_BODY + 1))


@given(st.sampled_from(sorted(BUILDERS)), st.text(max_size=300))
def test_any_text_is_one_command_or_refused(name, value):
    try:
        data = BUILDERS[name](value)
    except CommandRefused:
        return
    assert len(read_commands(data)) == 1


@pytest.mark.parametrize("size", [1, 1000, 1023, 1024, 1025, 4077, 4096, 7_349, 65_536, 1_048_576])
def test_a_bridge_string_of_any_size_arrives_whole(size):
    legs = ",".join(f"user/u{number:04}@acme.test" for number in range(size // 20 + 2))[:size]
    (command, after) = read_commands(commands.execute("bridge", legs, event_uuid="e") + commands.api("status"))
    assert command.argument == legs
    assert command.headers["execute-app-name"] == "bridge"
    assert ("content-length" in command.headers) is (size >= 1024)
    assert after.line == "api status"
    if size >= 1024:
        assert command.headers["content-type"] == "text/plain"
        assert "execute-app-arg" not in command.headers


def test_length_counts_bytes():
    (command,) = read_commands(commands.execute("set", "name=" + "ë" * 1000))
    assert command.headers["content-length"] == str(5 + 2000)


@pytest.mark.parametrize("argument", [" leading space", "\tleading tab", "ARRAY::a|:b"])
def test_what_a_header_would_spoil_goes_into_the_body(argument):
    (command,) = read_commands(commands.execute("set", argument))
    assert command.body.decode() == argument


@given(st.text(alphabet=st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=3000))
def test_every_argument_arrives_as_it_was(argument):
    (command,) = read_commands(commands.execute("set", argument, uuid="u", event_uuid="e", loops=3, asynchronous=True))
    assert command.argument == argument
    assert command.line == "sendmsg u"


def test_the_words_of_each_command():
    assert commands.auth("Clue Con") == b"auth Clue Con\n\n"
    assert commands.userauth("bob", "acme.test", "s:x") == b"userauth bob@acme.test:s:x\n\n"
    assert commands.api("status") == b"api status\n\n"
    assert commands.api("uuid_kill", "u CAUSE") == b"api uuid_kill u CAUSE\n\n"
    assert commands.bgapi("status", job_uuid="j") == b"bgapi status\nJob-UUID: j\n\n"
    assert commands.subscribe(["A", "B"], ["sofia::register"]) == b"event json A B CUSTOM sofia::register\n\n"
    assert commands.unsubscribe(["A"]) == b"nixevent A\n\n"
    assert commands.myevents() == b"myevents json\n\n"
    assert commands.add_filter("Unique-ID", "u") == b"filter Unique-ID u\n\n"
    assert commands.delete_filter("Unique-ID") == b"filter delete Unique-ID\n\n"
    assert (commands.linger(), commands.linger(5), commands.nolinger()) == (
        b"linger\n\n",
        b"linger 5\n\n",
        b"nolinger\n\n",
    )
    assert commands.divert_events(True) == b"divert_events on\n\n"
    assert (commands.connect(), commands.leave()) == (b"connect\n\n", b"exit\n\n")
    assert commands.hangup("USER_BUSY") == b"sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n"
    assert commands.nomedia("u") == b"sendmsg\ncall-command: nomedia\nnomedia-uuid: u\n\n"
    assert (
        commands.execute("answer", event_lock=False) == b"sendmsg\ncall-command: execute\nexecute-app-name: answer\n\n"
    )


def test_an_event_with_a_body_of_several_lines():
    (command,) = read_commands(commands.sendevent("NOTIFY", {"profile": "internal"}, "a: 1\n\nb: ë\n"))
    assert (command.line, command.headers["profile"], command.body) == (
        "sendevent NOTIFY",
        "internal",
        "a: 1\n\nb: ë\n".encode(),
    )
    with pytest.raises(CommandRefused):
        commands.sendevent("NOTIFY", {}, "cut\0here")
    with pytest.raises(CommandRefused):
        commands.sendevent("NOTIFY", {"Content-Length": "3"}, "abc")


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_linger_takes_sensible_seconds(seconds):
    with pytest.raises(CommandRefused):
        commands.linger(seconds)


def test_no_events_is_no_subscription():
    with pytest.raises(CommandRefused):
        commands.subscribe()
