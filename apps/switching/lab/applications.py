"""Dialplan applications (mod_dptools and its neighbours). Adding one: a function here with ``@application(name)``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from apps.switching.lab import bridging, causes, outbound
from apps.switching.lab.dialplan import expand_for, hunt, parse_extension
from apps.switching.lab.events import Origin
from apps.switching.lab.originate import DEFAULT_TIMEOUT, originate

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

logger = logging.getLogger(__name__)
Application = Callable[["Channel", str], Awaitable[str | None]]
APPLICATIONS: dict[str, Application] = {}

_PARK = Origin("switch_ivr.c", "switch_ivr_park", 980)
_UNPARK = Origin("switch_ivr.c", "switch_ivr_park", 1213)
_EVENT = Origin("mod_dptools.c", "event_function", 1890)


def application(*names: str) -> Callable[[Application], Application]:
    """Register a function under its names; a duplicate raises at import."""

    def register(function: Application) -> Application:
        for name in names:
            if name in APPLICATIONS:
                raise ValueError(f"application {name} is there twice")
            APPLICATIONS[name] = function
        return function

    return register


# ---------------------------------------------------------------------- signalling


@application("answer")
async def answer(channel: Channel, _argument: str) -> None:
    channel.mark_answered()


@application("pre_answer")
async def pre_answer(channel: Channel, _argument: str) -> None:
    channel.mark_early()


@application("ring_ready")
async def ring_ready(channel: Channel, _argument: str) -> None:
    channel.mark_ringing()


@application("hangup")
async def hangup(channel: Channel, argument: str) -> None:
    channel.hang_up(causes.cause_named(argument))


@application("respond")
async def respond(channel: Channel, argument: str) -> None:
    """Refuse with a SIP status: ``403 Forbidden``."""
    status = argument.split(" ", 1)[0]
    number = int(status) if status.isdigit() else causes.status_of_cause(causes.cause_named(status))
    channel.hang_up(causes.cause_of_status(number), sip_status=number)


@application("redirect", "deflect")
async def redirect(channel: Channel, argument: str) -> None:
    channel.variables["sip_redirected_to"] = argument
    if channel.answer_state == "answered":
        channel.variables["sip_refer_to"] = argument
        channel.hang_up("BLIND_TRANSFER")
    else:
        channel.hang_up("REDIRECTION_TO_NEW_DESTINATION", sip_status=302)


# ---------------------------------------------------------------------- variables


def _assign(channel: Channel, pair: str, prefix: str = "") -> tuple[str, str]:
    name, _, value = pair.partition("=")
    channel.set(prefix + name.strip(), value)
    return name.strip(), value


@application("set", "bridge_set")
async def set_variable(channel: Channel, argument: str) -> None:
    _assign(channel, argument)


@application("multiset")
async def multiset(channel: Channel, argument: str) -> None:
    delimiter = " "
    if argument.startswith("^^") and len(argument) > 2:
        delimiter, argument = argument[2], argument[3:]
    for pair in argument.split(delimiter):
        if "=" in pair:
            _assign(channel, pair)


@application("set_global")
async def set_global(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    channel.switch.globals[name] = value


@application("unset")
async def unset(channel: Channel, argument: str) -> None:
    channel.variables.pop(argument.strip(), None)


@application("multiunset")
async def multiunset(channel: Channel, argument: str) -> None:
    for name in argument.split():
        channel.variables.pop(name, None)


def _export(channel: Channel, argument: str, listing: str) -> None:
    name, _, value = argument.partition("=")
    nolocal = name.startswith("nolocal:")
    bare = name.removeprefix("nolocal:")
    channel.set(name if nolocal else bare, value)
    names = [one for one in channel.get(listing).split(",") if one]
    if name not in names:
        names.append(name)
    channel.variables[listing] = ",".join(names)


@application("export")
async def export(channel: Channel, argument: str) -> None:
    _export(channel, argument, "export_vars")


@application("bridge_export")
async def bridge_export(channel: Channel, argument: str) -> None:
    _export(channel, argument, "bridge_export_vars")


@application("set_user")
async def set_user(channel: Channel, argument: str) -> None:
    """Load a directory user's variables: ``user@domain``."""
    from apps.switching.lab.xml_curl import USER_LOCATE

    user, _, domain = argument.split(" ", 1)[0].partition("@")
    found = await channel.switch.xml.user(user, domain, [], USER_LOCATE)
    if found is not None:
        channel.variables |= found.variables | {"user_name": user, "domain_name": domain}


@application("set_profile_var")
async def set_profile_variable(channel: Channel, argument: str) -> None:
    name, _, value = argument.partition("=")
    if hasattr(channel.profile, name) and isinstance(getattr(channel.profile, name), str):
        setattr(channel.profile, name, value)


@application("set_name")
async def set_name(channel: Channel, argument: str) -> None:
    channel.name = argument


# ---------------------------------------------------------------------- where the call goes


@application("bridge")
async def bridge(channel: Channel, argument: str) -> None:
    timeout = channel.seconds("call_timeout", channel.seconds("originate_timeout", DEFAULT_TIMEOUT))
    outcome = await originate(channel.switch, channel, argument, timeout=timeout)
    other = outcome.channel
    if other is not None:
        channel.mark_answered()
        await bridging.bridge(channel, other)
        return
    if channel.free:
        _after_failure(channel, outcome.cause)


def _after_failure(channel: Channel, cause: str) -> None:
    """mod_dptools audio_bridge_function: some failures go on in the dialplan, the others end the call."""
    if cause in ("NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL"):
        return
    number = str(causes.q850(cause))
    wanted = channel.get("continue_on_fail")
    if wanted:
        listed = [one.strip().upper() for one in wanted.split(",")]
        if channel.is_true("continue_on_fail") or cause in listed or number in listed:
            return
    refused = [one.strip().upper() for one in channel.get("failure_causes").split(",") if one.strip()]
    if refused and cause not in refused and number not in refused:
        return
    channel.hang_up(cause)


@application("park")
async def park(channel: Channel, _argument: str) -> None:
    channel.fire("CHANNEL_PARK", _PARK)
    timeout = channel.get("park_timeout").partition(":")[0]
    await channel.until(lambda: False, float(timeout) if timeout.isdigit() else None)
    channel.fire("CHANNEL_UNPARK", _UNPARK)


@application("echo", "delay_echo")
async def echo(channel: Channel, _argument: str) -> None:
    channel.mark_answered()
    await channel.until(lambda: False, breakable=True)


@application("transfer")
async def transfer(channel: Channel, argument: str) -> None:
    """[-bleg|-both] extension [dialplan [context]]"""
    flag, _, rest = argument.partition(" ")
    other = channel.bridged_to
    if flag in ("-bleg", "-both"):
        if other is not None:
            channel.switch.transfer(other, parse_extension(rest))
        if flag == "-bleg":
            return
        argument = rest
    channel.redirect = parse_extension(argument)


@application("execute_extension")
async def execute_extension(channel: Channel, argument: str) -> None:
    from apps.switching.lab.dialplan import execute

    going_to = parse_extension(argument)
    actions = going_to.applications
    if not actions:
        old = channel.profile.destination_number, channel.profile.context
        channel.profile.destination_number = going_to.destination
        channel.profile.context = going_to.context or old[1]
        context = await channel.switch.xml.dialplan(channel)
        actions = await hunt(channel, context) if context is not None else []
        channel.profile.destination_number, channel.profile.context = old
    for name, data in actions:
        if not channel.free:
            return
        await execute(channel, name, data)


@application("socket")
async def socket(channel: Channel, argument: str) -> None:
    """host:port[|host:port…] [async] [full]: the first that takes the connection gets the call."""
    addresses, *modes = argument.split() or [""]
    for address in addresses.split("|"):
        host, _, port = address.rpartition(":")
        channel.variables["socket_host"] = host
        connection = await outbound.connect(channel, host, port, "async" in modes, "full" in modes)
        if connection is not None:
            await connection.control(_PARK, _UNPARK)
            return


@application("sched_hangup")
async def sched_hangup(channel: Channel, argument: str) -> None:
    """[+]seconds [cause]"""
    when, _, cause = argument.partition(" ")
    schedule_hangup(channel, when, cause)


def schedule_hangup(channel: Channel, when: str, cause: str) -> None:
    """Hang up in ``+seconds`` or at an epoch."""
    seconds = float(when.lstrip("+") or 0)
    if not when.startswith("+"):
        seconds = max(0.0, seconds - channel.switch.clock.microseconds() / 1_000_000)
    asyncio.get_running_loop().call_later(seconds, channel.hang_up, causes.cause_named(cause, "ALLOTTED_TIMEOUT"))


@application("sched_transfer")
async def sched_transfer(channel: Channel, argument: str) -> None:
    when, _, extension = argument.partition(" ")
    seconds = float(when.lstrip("+") or 0)
    loop = asyncio.get_running_loop()
    loop.call_later(seconds, channel.switch.transfer, channel, parse_extension(extension))


# ---------------------------------------------------------------------- the rest


@application("event")
async def event(channel: Channel, argument: str) -> None:
    """name=value,…; Event-Name and Event-Subclass choose the event."""
    pairs = [pair.partition("=")[::2] for pair in argument.split(",") if "=" in pair]
    names = dict(pairs)
    subclass = names.pop("Event-Subclass", "")
    name = names.pop("Event-Name", "CUSTOM" if subclass else "CHANNEL_APPLICATION")
    from apps.switching.lab.headers import channel_headers

    fields = [(key, value) for key, value in pairs if key in names]
    headers = [*fields, *channel_headers(channel, variables=True)]
    channel.switch.bus.fire(name, _EVENT, headers, subclass=subclass, channel_uuid=channel.uuid)


@application("log", "info", "eval")
async def log(channel: Channel, argument: str) -> None:
    logger.info("%s: %s", channel.name, expand_for(channel, argument))


@application(
    "privacy", "presence", "limit", "limit_execute", "bind_digit_action", "clear_digit_action",
    "digit_action_set_realm",
    "start_dtmf", "stop_dtmf", "start_dtmf_generate", "stop_dtmf_generate", "db", "hash", "sched_heartbeat",
    "enable_heartbeat", "bind_meta_app", "unbind_meta_app", "set_audio_level", "jitterbuffer", "verbose_events",
    "pre_echo", "displace_session", "stop_displace_session", "tone_detect", "stop_tone_detect", "acknowledge_call",
)  # fmt: skip
async def without_audible_effect(_channel: Channel, _argument: str) -> None:
    """Applications that change only sound, or state the lab does not keep."""
