"""Who may speak when: logins, replies in order, jobs by id, notices."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.switching.esl import commands
from apps.switching.esl.commands import NEWLINE
from apps.switching.esl.connection import Connection, JobFinished, Reply, Role, State
from apps.switching.esl.errors import CommandRefused, EslError, ProtocolError
from apps.switching.esl.events import Event
from apps.switching.esl.messages import (
    ApiResponse,
    AuthRequest,
    CommandReply,
    ConnectReply,
    DisconnectNotice,
    RudeRejection,
)
from tests.unit.switching.esl.support import api_response, json_event, plain_event, raw_frames, recorded, reply

AUTH_REQUEST = b"Content-Type: auth/request\n\n"


def logged_in() -> Connection:
    connection = Connection(Role.CLIENT)
    connection.receive(AUTH_REQUEST)
    connection.send(commands.auth("ClueCon"))
    connection.receive(reply("+OK accepted"))
    return connection


def test_login_as_recorded():
    connection = Connection(Role.CLIENT)
    asked, accepted, bye, notice = raw_frames(recorded("a1-"))
    with pytest.raises(CommandRefused):
        connection.send(commands.auth("ClueCon"))
    assert isinstance(connection.receive(asked)[0], AuthRequest)
    data, token = connection.send(commands.auth("ClueCon"))
    assert data == raw_frames(recorded("a1-", "c2s"))[0]
    (answer,) = connection.receive(accepted)
    assert isinstance(answer, Reply)
    assert (answer.token, answer.message.text, connection.state) == (token, "+OK accepted", State.READY)
    connection.send(commands.leave())
    answer, last = connection.receive(bye + notice)
    assert answer.message.text == "+OK bye"
    assert isinstance(last, DisconnectNotice)
    assert "goodbye" in last.text
    assert connection.closed


@pytest.mark.parametrize("name", ["a2-", "a5-", "a7-"])
def test_refused_login_as_recorded(name):
    connection = Connection(Role.CLIENT)
    asked, refused, notice = raw_frames(recorded(name))
    connection.receive(asked)
    connection.send(commands.auth("wrong"))
    (answer,) = connection.receive(refused)
    assert (answer.message.ok, answer.message.text) == (False, "-ERR invalid")
    assert connection.state is State.LOGGING_IN
    connection.receive(notice)
    assert connection.closed


def test_nothing_but_a_login_before_the_login():
    connection = Connection(Role.CLIENT)
    connection.receive(AUTH_REQUEST)
    for command in (commands.api("status"), commands.subscribe(["ALL"]), NEWLINE):
        with pytest.raises(CommandRefused):
            connection.send(command)
    connection.send(commands.auth("x"))
    with pytest.raises(CommandRefused):
        connection.send(commands.auth("y"))


def test_idle_before_login_is_dropped_as_recorded():
    connection = Connection(Role.CLIENT)
    asked, notice = connection.receive(recorded("a4-"))
    assert isinstance(asked, AuthRequest)
    assert isinstance(notice, DisconnectNotice)
    assert connection.closed


def test_rude_rejection():
    connection = Connection(Role.CLIENT)
    body = b"Access Denied, go away.\n"
    (message,) = connection.receive(b"Content-Type: text/rude-rejection\nContent-Length: %d\n\n" % len(body) + body)
    assert isinstance(message, RudeRejection)
    assert message.text == body.decode()
    assert connection.closed


@pytest.mark.parametrize(
    "early",
    [
        plain_event(b"Event-Name: HEARTBEAT\n\n"),
        json_event(b'{"Event-Name":"HEARTBEAT"}'),
        reply("+OK"),
        api_response("x"),
    ],
)
def test_nobody_speaks_before_the_auth_request(early):
    with pytest.raises(ProtocolError):
        Connection(Role.CLIENT).receive(early)


def test_a_lingering_notice_is_no_way_around_the_login():
    connection = Connection(Role.CLIENT)
    connection.receive(AUTH_REQUEST)
    connection.receive(b"Content-Type: text/disconnect-notice\nContent-Disposition: linger\n\n")
    assert connection.closed


def test_replies_come_in_order_as_recorded():
    """Pipelined: api, api, bgapi, api; events in between belong to nobody."""
    connection = logged_in()
    sent = [connection.send(commands.api("echo", str(number)))[1] for number in (1, 2)]
    sent.append(connection.send(commands.bgapi("echo", "3", job_uuid="own"))[1])
    sent.append(connection.send(commands.api("echo", "4"))[1])
    data = recorded("m1-")
    start = data.index(b"Content-Type: api/response\nContent-Length: 1\n\n1")
    answers = connection.receive(data[start : data.index(b"Content-Length: 561")])
    assert [answer.token for answer in answers] == sent
    kinds = [ApiResponse, ApiResponse, CommandReply, ApiResponse]
    assert [type(answer.message) for answer in answers] == kinds
    assert [answer.message.text[:3] for answer in answers] == ["1", "2", "+OK", "4"]
    assert answers[2].message.job_uuid == "90d08d3b-6228-4d40-b5f7-20f14ba8c063"
    assert connection.unanswered == 0


def test_a_reply_to_nothing_is_a_fault_that_stays():
    connection = logged_in()
    assert len(connection.receive(plain_event(b"Event-Name: X\n\n") + reply("+OK"))) == 1
    assert connection.fault is not None
    with pytest.raises(ProtocolError):
        connection.receive(b"")
    with pytest.raises(CommandRefused):
        connection.send(commands.api("status"))


def test_a_bare_newline_waits_for_no_reply():
    connection = logged_in()
    assert connection.send(NEWLINE) == (b"\n", None)
    _, token = connection.send(commands.api("status"))
    (answer,) = connection.receive(api_response("UP"))
    assert answer.token == token


def test_jobs_are_told_apart_by_id_as_recorded():
    connection = logged_in()
    for command in (commands.subscribe(["BACKGROUND_JOB"]), *[commands.api("x")] * 20):
        connection.send(command)
    connection.expect_job("bc491f46-f915-4d7d-a147-ffb778ae476b")
    received = connection.receive(recorded("b2-").split(b"\n\n", 2)[2])
    jobs = [message for message in received if isinstance(message, JobFinished)]
    others = [message for message in received if isinstance(message, Event)]
    assert [(job.job_uuid, job.event.body) for job in jobs] == [
        ("bc491f46-f915-4d7d-a147-ffb778ae476b", "with own job uuid")
    ]
    assert len(others) == 7


def test_a_forgotten_job_is_an_ordinary_event():
    connection = logged_in()
    connection.expect_job("j")
    connection.forget_job("j")
    (message,) = connection.receive(json_event(b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"j"}'))
    assert isinstance(message, Event)


@pytest.mark.parametrize("name", ["f1-", "f2-", "f3-", "f4-", "f5-", "f7-"])
def test_outbound_conversations_as_recorded(name):
    """Every reply finds its command, linger keeps the connection open, the last notice closes it."""
    connection = Connection(Role.OUTBOUND)
    data = recorded(name)
    replies = data.count(b"Content-Type: command/reply") + data.count(b"Content-Type: api/response")
    tokens = [connection.send(commands.connect())[1] for _ in range(replies)]
    states = []
    answered = []
    for frame in raw_frames(data):
        for message in connection.receive(frame):
            if isinstance(message, Reply):
                answered.append(message.token)
            states.append(connection.state)
    assert answered == tokens
    assert connection.closed
    assert (State.LINGERING in states) is (name in ("f1-", "f2-", "f5-", "f7-"))


def test_connect_reply_opens_an_outbound_connection():
    connection = Connection(Role.OUTBOUND)
    _, token = connection.send(commands.connect())
    (answer,) = connection.receive(raw_frames(recorded("f5-"))[0])
    assert answer.token == token
    assert isinstance(answer.message, ConnectReply)


def test_unknown_content_types_are_a_fault():
    with pytest.raises(ProtocolError, match="unknown content type"):
        logged_in().receive(b"Content-Type: text/html\nContent-Length: 3\n\nabc")


CHUNKS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            AUTH_REQUEST,
            reply("+OK accepted"),
            reply("-ERR no"),
            api_response("x"),
            json_event(b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"j"}'),
            json_event(b"not json"),
            plain_event(b"Event-Name: A\n\n"),
            b"Content-Type: text/disconnect-notice\nContent-Disposition: linger\nLinger-Time: x\n\n",
            b"Content-Type: text/disconnect-notice\n\n",
            b"Content-Type: text/rude-rejection\n\n",
            b"Event-Name: CHANNEL_DATA\nContent-Type: command/reply\n\n",
        ]
    ),
)
SENDS = st.sampled_from([commands.auth("x"), commands.connect(), commands.api("status"), NEWLINE])


@given(st.sampled_from(Role), st.lists(st.one_of(CHUNKS, st.tuples(SENDS)), max_size=15))
@settings(max_examples=300)
def test_no_conversation_ends_in_any_other_error(role, steps):
    connection = Connection(role)
    connection.expect_job("j")
    for step in steps:
        try:
            if isinstance(step, tuple):
                connection.send(step[0])
            else:
                connection.receive(step)
        except EslError:
            pass
