"""The inbound event socket answers as recorded in transcripts a1…a6, b1, b2 and m1."""

from __future__ import annotations

import asyncio
import json

import pytest

from apps.switching.lab import wire
from apps.switching.lab.core import LabSwitch
from apps.switching.lab.world import LabPhone
from tests.unit.switching.lab.support import DATA, Client, eventually

GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)


async def raw(port: int, sent: bytes, timeout: float = 1.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    received = await asyncio.wait_for(reader.read(), timeout)
    writer.close()
    return received


async def test_authentication_and_exit(lab: LabSwitch) -> None:
    assert await raw(lab.esl_port, b"auth ClueCon\n\nexit\n\n") == (
        b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n"
        b"Content-Type: command/reply\nReply-Text: +OK bye\n\n" + GOODBYE
    )


@pytest.mark.parametrize("attempt", [b"auth wrong\n\n", b"userauth bob@acme.test:secret\n\n"])
async def test_a_wrong_password_ends_the_conversation(lab: LabSwitch, attempt: bytes) -> None:
    assert await raw(lab.esl_port, attempt) == (
        b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR invalid\n\n" + GOODBYE
    )


async def test_nothing_else_before_authentication_and_a_deadline(lab: LabSwitch) -> None:
    lab.settings.unauthenticated_seconds = 0.1
    assert await raw(lab.esl_port, b"api status\n\n") == (
        b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR command not found\n\n" + GOODBYE
    )


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("api echo", "-ERR no reply\n"),
        ("api nosuchcommand foo", "-ERR nosuchcommand Command not found!\n"),
        ("api uuid_dump nope", "-ERR No such channel!\n"),
        ("api uuid_exists nope", "false"),
        ("api show channels as json", '{"row_count": 0}\n'),
        ("api reloadxml", "+OK [Success]\n"),
        ("api echo Zoë 日本 %2B", "Zoë 日本 %2B"),
        ("api sofia_contact */9999@acme.test", "error/user_not_registered"),
        ("api originate user/9999@acme.test &park()", "-ERR SUBSCRIBER_ABSENT\n"),
        ("api originate error/USER_BUSY &park()", "-ERR USER_BUSY\n"),
        ("api originate loopback/nosuch/default &park()", "-ERR NO_ROUTE_DESTINATION\n"),
        ("event plain NOSUCH", "-ERR no keywords supplied"),
        ("event foo", "-ERR no keywords supplied"),
        ("filter Event-Name BACKGROUND_JOB", "+OK filter added. [Event-Name]=[BACKGROUND_JOB]"),
        ("filter delete all", "+OK filter deleted. [all][]"),
        ("nixevent BACKGROUND_JOB", "+OK events nixed"),
        ("noevents", "+OK no longer listening for events"),
        ("log info", "+OK log level info [6]"),
        ("nolog", "+OK no longer logging"),
        ("getvar foo", "-ERR command not found"),
        ("linger", "-ERR not controlling a session"),
        ("sendmsg", "-ERR invalid session id []"),
        ("myevents", "-ERR command not found"),
        ("bogus", "-ERR command not found"),
    ],
)
async def test_answers_as_recorded(client: Client, sent: str, answer: str) -> None:
    assert await client.command(sent) == answer


async def test_originate_without_arguments_says_how(client: Client) -> None:
    assert (await client.api("originate")).startswith("-USAGE: <call url> <exten>|&<application_name>(<app_args>)")
    assert (await client.api("originate {origination_caller_id_name=O'Brien}loopback/9196/default &park()")).startswith(
        "-USAGE"
    )


async def test_a_background_job_keeps_our_id(client: Client) -> None:
    await client.command("event plain BACKGROUND_JOB")
    job = "bc491f46-f915-4d7d-a147-ffb778ae476b"
    assert await client.command(f"bgapi echo with own\nJob-UUID: {job}") == f"+OK Job-UUID: {job}"
    [event] = await client.wait_event("BACKGROUND_JOB")
    assert (event["Job-UUID"], event["Job-Command"], event["Job-Command-Arg"]) == (job, "echo", "with own")
    assert event["Content-Length"] == "8"
    assert client.frames[-1][1].endswith(b"\n\nwith own")


async def test_json_events(client: Client) -> None:
    await client.command("event json BACKGROUND_JOB")
    await client.command("bgapi version")
    [event] = await client.wait_event("BACKGROUND_JOB")
    assert event["_body"].startswith("FreeSWITCH Version 1.10.12")
    assert event["Event-Date-GMT"].endswith("GMT")


async def test_custom_events_by_subclass_and_sendevent(client: Client) -> None:
    await client.command("event plain CUSTOM my::evt")
    assert (await client.command("sendevent CUSTOM\nEvent-Subclass: other::evt")).startswith("+OK ")
    answer = await client.command("sendevent CUSTOM\nEvent-Subclass: my::evt\nX-A: b c\ncontent-length: 4", "body")
    [event] = await client.wait_event("CUSTOM")
    assert event["Event-Subclass"] == "my::evt"
    assert event["X-A"] == "b c"
    assert answer == f"+OK {event['Event-UUID']}"
    names = list(event)
    assert names[:2] == ["Event-Subclass", "Command"]
    assert names.index("Event-UUID") < names.index("Event-Name")


async def test_a_filter_and_nixevent(client: Client) -> None:
    await client.command("event plain ALL")
    await client.command("filter Job-UUID /^a/")
    await client.command("bgapi echo 1\nJob-UUID: b1")
    await client.command("bgapi echo 2\nJob-UUID: a1")
    assert [one["Job-UUID"] for one in await client.wait_event("BACKGROUND_JOB")] == ["a1"]
    await client.command("filter delete all")
    await client.command("nixevent API")
    before = len(client.events)
    await client.command("bgapi echo 3\nJob-UUID: c1")
    await client.wait_event("BACKGROUND_JOB", 2)
    assert [one["Event-Name"] for one in client.events[before:]] == ["BACKGROUND_JOB"]


def test_framing_quirks_as_recorded() -> None:
    """The client bytes of transcript m1, in chunks of every size, give the commands FreeSWITCH ran."""
    sent = (DATA / "m1-framing-quirks.c2s.bin").read_bytes()
    runs = []
    for size in (1, 7, 64, len(sent)):
        reader = wire.CommandReader()
        runs.append([one for start in range(0, len(sent), size) for one in reader.feed(sent[start : start + size])])
    lines = [one.line for one in runs[0]]
    assert all([one.line for one in run] == lines for run in runs)
    assert lines[:4] == ["auth ClueCon", "api echo hello", "api echo {x='a", "api version"]
    assert "api echo next" in lines
    assert "api echo A" not in lines  # eaten by a content-length that was too long
    assert "api echo B" in lines


def test_values_keep_sequences_that_were_encoded_already() -> None:
    assert wire.encode_value("x%0Avariable_domain_name: victim") == "x%0Avariable_domain_name%3A%20victim"
    assert wire.encode_value("tone_stream://%(700,0,440)") == "tone_stream%3A//%25(700,0,440)"
    assert wire.encode_value("A, 'B'*") == "A,%20'B'*"


def test_an_endless_command_is_refused() -> None:
    reader = wire.CommandReader()
    with pytest.raises(wire.OversizedCommandError):
        list(reader.feed(b"api echo " + b"x" * (wire.MAX_HEAD_BYTES + 1)))


async def test_a_heartbeat(lab: LabSwitch, client: Client) -> None:
    await client.command("event plain HEARTBEAT")
    lab.fire_heartbeat()
    [event] = await client.wait_event("HEARTBEAT")
    assert event["Event-Info"] == "System Ready"
    assert {"Up-Time", "FreeSWITCH-Version", "Session-Count", "Max-Sessions", "Idle-CPU"} <= set(event)


async def test_uuid_commands(lab: LabSwitch, client: Client, phones: list[LabPhone]) -> None:
    call = await phones[0].call("1002").answered()
    await client.command("event plain DTMF CHANNEL_HOLD")
    uuid = call.uuid
    other = lab.channels[uuid].bridged_to
    assert other is not None
    assert await client.api(f"uuid_setvar {uuid} foo bar baz") == "+OK\n"
    assert await client.api(f"uuid_getvar {uuid} foo") == "bar baz"
    assert await client.api(f"uuid_getvar {uuid} nothing") == "_undef_"
    assert json.loads(await client.api(f"uuid_dump {uuid} json"))["variable_foo"] == "bar baz"
    assert await client.api(f"uuid_hold {uuid}") == "+OK Success\n"
    assert await client.api(f"uuid_hold off {uuid}") == "+OK Success\n"
    assert await client.api(f"uuid_recv_dtmf {uuid} 5") == f"+OK {uuid} received DTMF 5."
    await client.wait_event("DTMF")
    await client.wait_event("CHANNEL_HOLD")
    rows = json.loads(await client.api("show channels as json"))
    assert rows["row_count"] == 2
    assert {row["uuid"] for row in rows["rows"]} == {uuid, other.uuid}
    assert {row["call_uuid"] for row in rows["rows"]} == {uuid}
    calls = json.loads(await client.api("show calls as json"))
    assert (calls["row_count"], calls["rows"][0]["b_uuid"]) == (1, other.uuid)
    assert await client.api(f"uuid_transfer {uuid} 1003 XML default") == "+OK\n"
    await eventually(lambda: bool(phones[2].rang))
    assert await phones[1].rang[0].call.ended() == "NORMAL_CLEARING"
    assert await client.api(f"uuid_kill {uuid} CALL_REJECTED") == "+OK\n"
    assert await call.ended() == "CALL_REJECTED"


async def test_the_world_over_the_event_socket(client: Client, lab: LabSwitch, office) -> None:
    who = {"realm": "acme.test", "password": "1234"}
    assert (await client.lab(do="register", username="1001", **who))["status"] == 200
    answer = await client.lab(do="register", username="1002", behaviour={"kind": "ring"}, **who)
    assert answer["ok"]
    assert (await client.lab(do="register", username="1003", realm="acme.test", password="bad"))["status"] == 403
    await client.command("event plain CHANNEL_PROGRESS CHANNEL_HANGUP_COMPLETE")
    call = await client.lab(do="call", username="1001", realm="acme.test", number="1002")
    await client.wait_event("CHANNEL_PROGRESS")
    state = await client.lab(do="state")
    assert {one["call_state"] for one in state["channels"]} == {"RINGING"}
    assert (await client.lab(do="hang_up", uuid=call["uuid"]))["ok"]
    ended = await client.wait_event("CHANNEL_HANGUP_COMPLETE", 2)
    assert {one["Hangup-Cause"] for one in ended} == {"ORIGINATOR_CANCEL"}
    refused = await client.lab(do="dance")
    assert not refused["ok"]
    assert refused["error"].startswith("do must be one of answer, ")
    assert await client.lab(do="call", username="1001") == {"ok": False, "error": "missing 'realm'"}
