"""The api commands about channels: ``uuid_…``, ``originate``, ``hupall``."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from apps.switching.lab import causes, dialstring, media, recordings
from apps.switching.lab.applications import schedule_hangup
from apps.switching.lab.channel import Channel
from apps.switching.lab.commands import OK, command
from apps.switching.lab.dialplan import parse_extension
from apps.switching.lab.events import Origin
from apps.switching.lab.headers import channel_headers
from apps.switching.lab.originate import originate
from apps.switching.lab.profile import Message, Redirect
from apps.switching.lab.wire import encode_value

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

NO_CHANNEL = "-ERR No such channel!\n"
ORIGINATE_USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] "
    "[<timeout_sec>]\n"
)
_DUMP = Origin("mod_commands.c", "uuid_dump_function", 6280)

_Action = Callable[["LabSwitch", Channel, str], Awaitable[str]]


def channel_command(*names: str) -> Callable[[_Action], _Action]:
    """A command whose first word is a channel's uuid."""

    def register(function: _Action) -> _Action:
        async def with_channel(switch: LabSwitch, argument: str) -> str:
            wanted, _, rest = argument.partition(" ")
            channel = switch.channels.get(wanted)
            return NO_CHANNEL if channel is None else await function(switch, channel, rest.strip())

        command(*names)(with_channel)
        return function

    return register


@command("uuid_exists")
async def uuid_exists(switch: LabSwitch, argument: str) -> str:
    return "true" if argument in switch.channels else "false"


@channel_command("uuid_kill")
async def uuid_kill(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    channel.hang_up(causes.cause_named(rest))
    return OK


@channel_command("uuid_answer")
async def uuid_answer(_switch: LabSwitch, channel: Channel, _rest: str) -> str:
    channel.mark_answered()
    return OK


@channel_command("uuid_pre_answer")
async def uuid_pre_answer(_switch: LabSwitch, channel: Channel, _rest: str) -> str:
    channel.mark_early()
    return OK


@channel_command("uuid_ring_ready")
async def uuid_ring_ready(_switch: LabSwitch, channel: Channel, _rest: str) -> str:
    channel.mark_ringing()
    return OK


@channel_command("uuid_getvar")
async def uuid_getvar(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    return channel.get(rest) or "_undef_"


@channel_command("uuid_setvar")
async def uuid_setvar(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    name, _, value = rest.partition(" ")
    if not name:
        return "-USAGE: <uuid> <var> [value]\n"
    channel.set(name, value)
    return OK


@channel_command("uuid_setvar_multi")
async def uuid_setvar_multi(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    for pair in rest.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            channel.set(name.strip(), value)
    return OK


@channel_command("uuid_dump")
async def uuid_dump(switch: LabSwitch, channel: Channel, rest: str) -> str:
    headers = [
        ("Event-Name", "CHANNEL_DATA"),
        *switch.bus.standard_headers(_DUMP),
        *channel_headers(channel, variables=True),
    ]
    if rest == "json":
        return json.dumps(dict(headers), separators=(",", ":"))
    return "".join(f"{name}: {encode_value(value)}\n" for name, value in headers) + "\n"


@command("uuid_transfer")
async def uuid_transfer(switch: LabSwitch, argument: str) -> str:
    """<uuid> [-bleg|-both] <extension> [<dialplan>] [<context>]"""
    wanted, _, rest = argument.partition(" ")
    channel = switch.channels.get(wanted)
    if channel is None:
        return NO_CHANNEL
    flag, _, after = rest.partition(" ")
    other = channel.bridged_to
    if flag in ("-bleg", "-both"):
        if not after:
            return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
        if other is not None:
            switch.transfer(other, parse_extension(after))
        elif flag == "-bleg":
            return "-ERR No such channel!\n"
        if flag == "-bleg":
            return OK
        rest = after
    if not rest:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    switch.transfer(channel, parse_extension(rest))
    return OK


@command("uuid_bridge")
async def uuid_bridge(switch: LabSwitch, argument: str) -> str:
    words = argument.split()
    if len(words) != 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    one, other = (switch.channels.get(word) for word in words)
    if one is None or other is None or one is other:
        return "-ERR Invalid uuid\n"
    old = one.bridged_to
    if old is not None and old is not other:
        old.redirect = old.redirect or (Redirect(park=True) if old.is_true("park_after_bridge") else None)
    other.redirect = Redirect(passive=True)
    other.wake()
    if other.task is not None:
        task = other.task
        await _task_left(task)
    await _partner_left(other)
    other.redirect = None
    switch.transfer(one, Redirect(bridge_with=other))
    return f"+OK {other.uuid}\n"


async def _partner_left(channel: Channel) -> None:
    """Who it talks to lets go of it, and does not hang it up: it still has a redirect."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            while channel.bridged_to is not None:
                await asyncio.sleep(0)


async def _task_left(task: object) -> None:
    if isinstance(task, asyncio.Task):
        await asyncio.wait([task], timeout=2)


@channel_command("uuid_park")
async def uuid_park(switch: LabSwitch, channel: Channel, _rest: str) -> str:
    switch.transfer(channel, Redirect(park=True))
    return OK


@channel_command("uuid_break")
async def uuid_break(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    if rest.startswith("all"):
        channel.messages.clear()
    channel.broken = True
    channel.broken_all = rest.startswith("all")
    channel.wake()
    return OK


@command("uuid_hold")
async def uuid_hold(switch: LabSwitch, argument: str) -> str:
    """[off|toggle] <uuid>"""
    words = argument.split()
    channel = switch.channels.get(words[-1]) if words else None
    if channel is None:
        return "-ERR Operation failed\n"
    channel.mark_held(words[0] != "off" if words[0] != "toggle" else channel.call_state != "HELD")
    return "+OK Success\n"


@channel_command("uuid_send_dtmf")
async def uuid_send_dtmf(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    media.press(channel, rest.partition("@")[0])
    return f"+OK {channel.uuid} sent DTMF {rest}."


@channel_command("uuid_recv_dtmf")
async def uuid_recv_dtmf(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    for digit in rest.partition("@")[0]:
        channel.receive_digit(digit, source="APP")
    return f"+OK {channel.uuid} received DTMF {rest}."


@channel_command("uuid_broadcast")
async def uuid_broadcast(switch: LabSwitch, channel: Channel, rest: str) -> str:
    """<uuid> <path or app::args> [aleg|bleg|both]"""
    path, _, which = rest.rpartition(" ")
    if which not in ("aleg", "bleg", "both", "holdb"):
        path, which = rest, "aleg"
    application, separator, argument = path.partition("::")
    if not separator:
        application, argument = "playback", path
    targets = [channel] if which != "bleg" else []
    if which in ("bleg", "both") and channel.bridged_to is not None:
        targets.append(channel.bridged_to)
    for target in targets:
        message = Message("execute", application.partition("!")[0], argument)
        if target.task is None and target.run_message is not None:
            switch.spawn(target.run_message(message))
        else:
            target.queue(message)
    return "+OK Message sent\n"


@channel_command("uuid_record")
async def uuid_record(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    """<uuid> start|stop|mask|unmask <path> [<limit> [{variables}]]"""
    words = rest.split(" ")
    if len(words) < 2:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
    match words[0]:
        case "start":
            pairs = (pair.partition("=") for pair in words[3].strip("{}").split(",")) if len(words) > 3 else ()
            limit = float(words[2]) if len(words) > 2 and words[2].isdigit() else 0
            return recordings.start(channel, words[1], limit, {name: value for name, _, value in pairs if name})
        case "stop":
            return recordings.stop(channel, words[1])
        case "mask" | "unmask":
            return recordings.mask(channel, words[1], words[0] == "mask")
    return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"


@channel_command("uuid_buglist")
async def uuid_buglist(_switch: LabSwitch, channel: Channel, _rest: str) -> str:
    return recordings.listed(channel)


@channel_command("uuid_displace", "uuid_audio", "uuid_media", "uuid_display", "uuid_flush_dtmf")
async def uuid_accepted(_switch: LabSwitch, _channel: Channel, _rest: str) -> str:
    """Commands that change sound or a display only."""
    return "+OK Success\n"


@channel_command("uuid_deflect")
async def uuid_deflect(_switch: LabSwitch, channel: Channel, rest: str) -> str:
    channel.hang_up("BLIND_TRANSFER" if channel.answer_state == "answered" else "REDIRECTION_TO_NEW_DESTINATION")
    return f"+OK:{rest}\n"


@command("sched_hangup")
async def sched_hangup(switch: LabSwitch, argument: str) -> str:
    """[+]<seconds> <uuid> [<cause>]"""
    words = argument.split()
    channel = switch.channels.get(words[1]) if len(words) > 1 else None
    if channel is None:
        return NO_CHANNEL
    schedule_hangup(channel, words[0], words[2] if len(words) > 2 else "")
    return OK


@command("hupall")
async def hupall(switch: LabSwitch, argument: str) -> str:
    """<cause> [<variable> <value>]"""
    words = argument.split()
    for channel in list(switch.channels.values()):
        if len(words) < 3 or channel.get(words[1]) == words[2]:
            channel.hang_up(causes.cause_named(words[0] if words else "", "MANAGER_REQUEST"))
    return f"+OK hangup all channels with cause {words[0] if words else 'MANAGER_REQUEST'}\n"


@command("originate")
async def originate_command(switch: LabSwitch, argument: str) -> str:
    """<call url> <exten>|&app(args) [dialplan] [context] [cid_name] [cid_num] [timeout]"""
    words = dialstring.separate(argument, " ")
    if len(words) < 2 or len(words) > 7:
        return ORIGINATE_USAGE
    words += [""] * (7 - len(words))
    url, extension, dialplan, context, name, number, timeout = words
    overrides = {}
    if name:
        overrides["origination_caller_id_name"] = name
    if number:
        overrides["origination_caller_id_number"] = number
    seconds = float(timeout) if timeout.isdigit() else 60.0
    outcome = await originate(switch, None, url, timeout=seconds, overrides=overrides)
    channel = outcome.channel
    if channel is None:
        return f"-ERR {outcome.cause}\n"
    if extension.startswith("&"):
        application, _, arguments = extension[1:].partition("(")
        redirect = Redirect(applications=[(application, arguments.rstrip().removesuffix(")"))])
    else:
        redirect = parse_extension(" ".join([extension, dialplan or "XML", context or "default"]))
        redirect = Redirect(redirect.destination, dialplan or "XML", context or "default")
    switch.run(channel, redirect)
    return f"+OK {channel.uuid}\n"
