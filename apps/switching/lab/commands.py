"""The api commands. Adding one: a function here with ``@command(name)``; it returns the text FreeSWITCH would."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from apps.switching.lab import expansion, legs, remote
from apps.switching.lab.expansion import expand
from apps.switching.lab.reports import (
    show_calls,
    show_channels,
    show_registrations,
    sofia_gateways,
    sofia_overview,
    sofia_profile,
    sofia_registrations,
    status_text,
)
from apps.switching.lab.sound_files import is_recording, put_file
from apps.switching.lab.xml_curl import USER_LOCATE

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

Command = Callable[["LabSwitch", str], Awaitable[str]]
COMMANDS: dict[str, Command] = {}
VERSION_LINE = (
    "FreeSWITCH Version 1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit "
    "(git a88d069 2024-08-02 21:02:27Z 64bit)\n"
)
OK = "+OK\n"


def command(*names: str) -> Callable[[Command], Command]:
    """Register a command under its names; a duplicate raises at import."""

    def register(function: Command) -> Command:
        for name in names:
            if name in COMMANDS:
                raise ValueError(f"api command {name} is there twice")
            COMMANDS[name] = function
        return function

    return register


async def run(switch: LabSwitch, name: str, argument: str) -> str:
    """Run one api command."""
    from apps.switching.lab import channel_commands, conference_commands  # noqa: F401 - register their commands

    switch.fire_api(name, argument)
    function = COMMANDS.get(name)
    if function is None:
        return f"-ERR {name} Command not found!\n"
    return await function(switch, argument)


@command("lab")
async def lab(switch: LabSwitch, argument: str) -> str:
    return await remote.perform(switch, argument)


@command("bgapi")
async def in_background(switch: LabSwitch, argument: str) -> str:
    """<command> [<arguments>]"""
    name, _, rest = argument.partition(" ")
    switch.spawn(_forgotten(switch, name, rest.strip()))
    return f"+OK Job-UUID: {uuid.uuid4()}\n"


async def _forgotten(switch: LabSwitch, name: str, argument: str) -> None:
    await run(switch, name, argument)


@command("status")
async def status(switch: LabSwitch, _argument: str) -> str:
    return status_text(switch)


@command("version")
async def version(_switch: LabSwitch, argument: str) -> str:
    return "1.10.12\n" if argument == "short" else VERSION_LINE


@command("hostname")
async def hostname(switch: LabSwitch, _argument: str) -> str:
    return switch.settings.hostname


@command("switchname")
async def switchname(switch: LabSwitch, _argument: str) -> str:
    return switch.settings.name


@command("uptime")
async def uptime(switch: LabSwitch, argument: str) -> str:
    seconds = time.time() - switch.started_at
    return str(int(seconds * {"ms": 1000, "us": 1_000_000}.get(argument, 1)))


@command("echo")
async def echo(_switch: LabSwitch, argument: str) -> str:
    return argument


@command("create_uuid")
async def create_uuid(_switch: LabSwitch, _argument: str) -> str:
    return str(uuid.uuid4())


@command("show")
async def show(switch: LabSwitch, argument: str) -> str:
    words = argument.split()
    what = words[0] if words else ""
    as_json = words[-2:] == ["as", "json"]
    count = "count" in words[1:]
    reports = {
        "channels": show_channels, "calls": show_calls, "registrations": show_registrations,
        "bridged_calls": show_calls, "detailed_calls": show_calls,
    }  # fmt: skip
    if what not in reports:
        return '{"row_count": 0}\n' if as_json else "\n0 total.\n"
    return reports[what](switch, as_json, count)


@command("sofia")
async def sofia(switch: LabSwitch, argument: str) -> str:
    words = argument.split()
    match words:
        case ["status"]:
            return sofia_overview(switch)
        case ["status", "profile", name, "reg", *_]:
            return sofia_registrations(switch, name)
        case ["status", "profile", name]:
            return sofia_profile(switch, name)
        case ["status", "gateway", name]:
            return sofia_gateways(switch, name)
        case ["xmlstatus", "gateway", *_]:
            return sofia_gateways(switch, "")
        case ["profile", name, *rest] if name in ("internal", "external"):
            return await _sofia_profile(switch, name, rest)
        case ["profile", name, *_]:
            return f"Invalid Profile [{name}]"
    return "-USAGE: sofia help\n"


async def _sofia_profile(switch: LabSwitch, profile: str, words: list[str]) -> str:
    match words:
        case ["flush_inbound_reg", *target]:
            who = target[0] if target and target[0] != "reboot" else ""
            user, at, realm = who.partition("@")
            switch.registrar.flush(user if at else "", realm if at else user)
            return "+OK flushing all registrations matching specified call_id\n" if who else "+OK flushing\n"
        case ["rescan"]:
            await switch.load_sofia()
            return "Reload XML [Success]\n+OK scan complete\n"
        case ["restart"]:
            await switch.load_sofia()
            return f"Reload XML [Success]\nrestarting: {profile}"
        case ["killgw", name]:
            switch.gateways.pop(name, None)
            return "+OK gateway marked for deletion.\n"
        case ["start"]:
            return f"Profile {profile} started successfully\n"
        case ["stop"]:
            return f"Reload XML [Success]\nstopping: {profile}"
        case [("check_sync" | "siptrace" | "gwlist" | "register" | "unregister"), *_]:
            return OK
    return "-ERR Unknown command!\n"


@command("sofia_contact")
async def sofia_contact(switch: LabSwitch, argument: str) -> str:
    user, _, realm = argument.rpartition("/")[2].partition("@")
    return switch.registrar.contact_string(user, realm)


@command("sofia_count_reg")
async def sofia_count_reg(switch: LabSwitch, argument: str) -> str:
    user, _, realm = argument.rpartition("/")[2].partition("@")
    return str(len(switch.registrar.of(user, realm)))


@command("group_call")
async def group_call(switch: LabSwitch, argument: str) -> str:
    group, _, domain = argument.partition("@")
    return await legs.group_dial_string(switch, group, domain) or "error/NO_ROUTE_DESTINATION"


@command("user_exists")
async def user_exists(switch: LabSwitch, argument: str) -> str:
    words = argument.split()
    if len(words) != 3:
        return "-USAGE: <key> <user> <domain>\n"
    return "true" if await switch.xml.user(words[1], words[2], [], USER_LOCATE) is not None else "false"


@command("user_data")
async def user_data(switch: LabSwitch, argument: str) -> str:
    words = argument.split()
    if len(words) != 3:
        return "-USAGE: <user>@<domain> <attr|var|param> <name>\n"
    user, _, domain = words[0].partition("@")
    found = await switch.xml.user(user, domain, [], USER_LOCATE)
    if found is None:
        return ""
    values = {"var": found.variables, "param": found.params, "attr": dict(found.user.attrib)}.get(words[1], {})
    return values.get(words[2], "")


@command("reloadxml")
async def reloadxml(_switch: LabSwitch, _argument: str) -> str:
    return "+OK [Success]\n"


@command("reloadacl")
async def reloadacl(switch: LabSwitch, _argument: str) -> str:
    await switch.xml.configuration("acl.conf")
    return "+OK acl reloaded\n"


@command("xml_flush_cache")
async def xml_flush_cache(switch: LabSwitch, argument: str) -> str:
    """[id <user> <domain>]"""
    words = argument.split()
    count = switch.xml.flush(words[1], words[2]) if len(words) == 3 else switch.xml.flush()
    return f"+OK cleared {count} entr{'y' if count == 1 else 'ies'}\n"


@command("global_getvar")
async def global_getvar(switch: LabSwitch, argument: str) -> str:
    if argument:
        return switch.global_value(argument)
    return "".join(f"{name}={value}\n" for name, value in switch.globals.items())


@command("global_setvar")
async def global_setvar(switch: LabSwitch, argument: str) -> str:
    name, equals, value = argument.partition("=")
    if not equals:
        return "-USAGE: <var>=<value> [=<value2>]\n"
    switch.globals[name] = value
    return "+OK\n"


@command("eval", "expand")
async def evaluate(switch: LabSwitch, argument: str) -> str:
    channel = None
    if argument.startswith("uuid:"):
        wanted, _, argument = argument[5:].partition(" ")
        channel = switch.channels.get(wanted)
    return expand(argument, channel.get if channel is not None else switch.global_value, switch.global_value)


@command("expr")
async def expr(_switch: LabSwitch, argument: str) -> str:
    left, operator, right = (argument + "   ").partition("+")
    return str(int(left) + int(right)) if operator and left.strip().isdigit() else "-ERR\n"


@command("strftime")
async def strftime(_switch: LabSwitch, argument: str) -> str:
    return expansion.FUNCTIONS["strftime"](argument)


@command("strepoch")
async def strepoch(_switch: LabSwitch, _argument: str) -> str:
    return str(int(time.time()))


@command("fsctl")
async def fsctl(switch: LabSwitch, argument: str) -> str:
    """sps, max_sessions and the questions a console asks."""
    match argument.split():
        case ["sps"]:
            return f"+OK sessions per second: {switch.settings.sessions_per_second}\n"
        case ["sps", number] if number.isdigit():
            switch.settings.sessions_per_second = int(number)
            return f"+OK sessions per second: {number}\n"
        case ["max_sessions"]:
            return f"+OK max sessions: {switch.settings.max_sessions}\n"
        case ["max_sessions", number] if number.isdigit():
            switch.settings.max_sessions = int(number)
            return f"+OK max sessions: {number}\n"
        case ["hupall", *_]:
            for channel in list(switch.channels.values()):
                channel.hang_up("MANAGER_REQUEST")
            return OK
        case ["ready_check"]:
            return "true"
        case [("send_sighup" | "loglevel" | "debug_level" | "sync_clock" | "pause" | "resume"), *_]:
            return OK
    return "-USAGE: [sps|max_sessions|hupall|loglevel|pause|resume|ready_check] <value>\n"


_MODULES = {"mod_sofia", "mod_event_socket", "mod_xml_curl", "mod_json_cdr", "mod_commands", "mod_dptools",
            "mod_dialplan_xml", "mod_loopback", "mod_tone_stream", "mod_sndfile"}  # fmt: skip


@command("module_exists")
async def module_exists(_switch: LabSwitch, argument: str) -> str:
    return "true" if argument in _MODULES else "false"


@command("load", "reload")
async def load(_switch: LabSwitch, argument: str) -> str:
    return "+OK Reloading XML\n+OK\n" if argument in _MODULES else f"-ERR [{argument} is not a module of this switch]\n"


@command("http_put")
async def http_put(switch: LabSwitch, argument: str) -> str:
    """<url> <path>"""
    words = argument.split(" ")
    return await put_file(switch, words[0], words[1]) if len(words) == 2 else "USAGE: http_put <url> <path>\n"


@command("system")
async def system(switch: LabSwitch, argument: str) -> str:
    """The lab runs no shell: it makes folders and removes files below its recordings, and nothing else."""
    asked = re.fullmatch(r"(mkdir -p|rm -f) (/[\w./-]+)( && echo \+OK)?", argument)
    if asked is None or not is_recording(switch, asked[2]):
        return "-ERR the lab switch has no shell\n"
    _run(asked[1], Path(asked[2]))
    return "+OK\n" if asked[3] else "-ERR no reply\n"


def _run(program: str, path: Path) -> None:
    if program == "rm -f":
        path.unlink(missing_ok=True)
    else:
        path.mkdir(parents=True, exist_ok=True)


@command("limit_usage")
async def limit_usage(_switch: LabSwitch, _argument: str) -> str:
    return "0"


@command("sched_api", "unsched_api", "unsched_del")
async def scheduler(_switch: LabSwitch, _argument: str) -> str:
    return "-ERR the lab switch has no scheduler for api commands\n"
