"""Routing and execution: the XML a channel is answered with becomes applications, run one after the other."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from apps.switching.lab.events import Origin
from apps.switching.lab.expansion import expand
from apps.switching.lab.states import STATE_NUMBERS

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.profile import Message, Redirect

logger = logging.getLogger(__name__)

_EXECUTE = Origin("switch_core_session.c", "switch_core_session_exec", 2944)
_EXECUTE_COMPLETE = Origin("switch_core_session.c", "switch_core_session_exec", 2967)

Action = tuple[str, str]


def expand_for(channel: Channel, text: str) -> str:
    """Expand ``${…}`` in a text for a channel."""
    switch = channel.switch

    def contact(argument: str) -> str:
        switch.fire_api("sofia_contact", argument)
        user, _, realm = argument.rpartition("/")[2].partition("@")
        return switch.registrar.contact_string(user, realm)

    return expand(text, channel.get, switch.global_value, {"sofia_contact": contact})


async def run(channel: Channel) -> None:
    """A channel's whole life in the dialplan; it is hung up and reported at the end."""
    try:
        await _run(channel)
    except Exception:
        logger.exception("lab switch: %s failed", channel.name)
        channel.hang_up("DESTINATION_OUT_OF_ORDER")
    finally:
        channel.task = None
        if not channel.up:
            channel.finish()


async def _run(channel: Channel) -> None:
    from apps.switching.lab import bridging  # the bridge runs dialplans of its own: a cycle

    first = channel.direction == "inbound"
    while channel.up:
        redirect, channel.redirect = channel.redirect, None
        if redirect is None and not first:
            return
        first = False
        if redirect is not None and redirect.passive:
            channel.set_state("CS_EXCHANGE_MEDIA")
            return
        if redirect is not None and redirect.bridge_with is not None:
            channel.set_state("CS_EXECUTE")
            await bridging.bridge(channel, redirect.bridge_with)
            await _after(channel)
            continue
        if redirect is not None and redirect.park:
            await execute(channel, "park", "")
            continue
        actions = redirect.applications if redirect is not None and redirect.applications else None
        if actions is None:
            actions = await _route(channel, redirect)
            if not channel.up:
                return
            if not actions:
                channel.hang_up("NO_ROUTE_DESTINATION")
                return
        channel.set_state("CS_EXECUTE")
        for application, argument in actions:
            if not channel.free:
                break
            await execute(channel, application, argument)
        await _after(channel)


async def _after(channel: Channel) -> None:
    if not channel.free:
        return
    if channel.get("transfer_after_bridge"):
        channel.redirect = parse_extension(channel.variables.pop("transfer_after_bridge").replace(":", " "))
        return
    channel.hang_up("NORMAL_CLEARING")


def parse_extension(text: str) -> Redirect:
    """``<extension> [<dialplan>] [<context>]``; ``'app:arg,app:arg' inline`` runs applications."""
    from apps.switching.lab.profile import Redirect

    parts = text.split(" ")
    if (len(parts) > 1 and parts[1].lower() == "inline") or (":" in text and text.rstrip().endswith(" inline")):
        inner = text.rsplit(" inline", 1)[0].strip().strip("'")
        delimiter = ","
        if inner.startswith("m:") and len(inner) > 3:
            delimiter, inner = inner[2], inner[4:]
        applications = [tuple(one.partition(":")[::2]) for one in inner.split(delimiter)]
        return Redirect(applications=[(name.strip(), data) for name, data in applications])
    return Redirect(
        destination=parts[0],
        dialplan=parts[1] if len(parts) > 1 and parts[1] else "XML",
        context=parts[2] if len(parts) > 2 else "",
    )


async def _route(channel: Channel, redirect: Redirect | None) -> list[Action]:
    if redirect is not None:
        origin = f"{int(time.time())}:{uuid.uuid4()}:bl_xfer:{redirect.destination}/" + (
            f"{redirect.context or channel.profile.context}/{redirect.dialplan}"
        )
        channel.new_profile(redirect.destination, redirect.dialplan, redirect.context, origin)
        channel.variables["max_forwards"] = str(int(channel.get("max_forwards") or 70) - 1)
        channel.push("transfer_history", origin)
        channel.variables["transfer_source"] = origin
        if channel.answer_state == "answered":
            channel.profile.transfer = channel.switch.clock.microseconds()
    channel.state, channel.state_number = "CS_ROUTING", 2
    channel.set_call_state("RINGING")
    channel.set_state("CS_ROUTING")
    channel.fire_presence("CS_ROUTING")
    context = await channel.switch.xml.dialplan(channel)
    if context is None:
        return []
    return await hunt(channel, context)


async def hunt(channel: Channel, context: ElementTree.Element) -> list[Action]:
    """Evaluate a context's extensions; inline actions run at once, the rest is returned."""
    actions: list[Action] = []
    for extension in context.iterfind("./extension"):
        found, proceed = await _extension(channel, extension)
        actions += found
        if not proceed:
            continue
        raw = [(one.get("application", ""), one.get("data", "")) for one in extension.iter("action")]
        channel.extensions.append((extension.get("name", ""), channel.profile.destination_number, raw))
        if extension.get("continue") != "true":
            break
    return actions


async def _extension(channel: Channel, extension: ElementTree.Element) -> tuple[list[Action], bool]:
    """Its actions, and whether the hunt ends here (mod_dialplan_xml.c parse_exten).

    ``break``: on-false (the default) stops at a condition that fails, on-true at one that holds, always, never."""
    actions: list[Action] = []
    conditions = extension.findall("./condition")
    proceed = not conditions
    for condition in conditions:
        match = _matches(channel, condition)
        proceed = match is not None
        for element in condition.iterfind("./action" if match is not None else "./anti-action"):
            proceed = True
            data = _backreferences(element.get("data") or (element.text or "").strip(), match)
            if element.get("inline") == "true":
                await execute(channel, element.get("application", ""), data)
            else:
                actions.append((element.get("application", ""), data))
        stop_on = condition.get("break", "on-false")
        if stop_on == "always" or stop_on == ("on-true" if match is not None else "on-false"):
            break
    actions += [(one.get("application", ""), one.get("data", "")) for one in extension.iterfind("./action")]
    return actions, proceed


def _matches(channel: Channel, condition: ElementTree.Element) -> re.Match[str] | None:
    field, expression = condition.get("field"), condition.get("expression", "")
    if field is None:
        return re.match("", "")
    value = expand_for(channel, field) if "${" in field else channel.get(field)
    expression = expand_for(channel, expression)
    flags = 0
    if re.fullmatch(r"/.*/i?", expression, re.DOTALL):
        flags = re.IGNORECASE if expression.endswith("i") else 0
        expression = expression[1:].rstrip("i").removesuffix("/")
    try:
        match = re.search(expression, value, flags)
    except re.error:
        logger.warning("lab switch: bad expression %r in the dialplan", expression)
        return None
    if match is not None and match.re.groups and field == "destination_number":
        channel.variables["DP_MATCH"] = "ARRAY::" + "|:".join([match.group(0), *(one or "" for one in match.groups())])
    return match


def _backreferences(text: str, match: re.Match[str] | None) -> str:
    if match is None:
        return text

    def replacement(found: re.Match[str]) -> str:
        number = int(found.group(1))
        return (match.group(number) or "") if number <= match.re.groups else ""

    return re.sub(r"\$(\d)(?!\d)", replacement, text)


async def execute(
    channel: Channel, application: str, argument: str, *, event_uuid: str = "", loops: int | None = None
) -> str:
    """Run one application with its two events. An unknown one hangs the channel up, as the real switch does."""
    from apps.switching.lab import conference, listening, media_applications  # noqa: F401 - register applications
    from apps.switching.lab.applications import APPLICATIONS

    function = APPLICATIONS.get(application)
    if function is None:
        logger.error("Invalid Application %s", application)
        channel.hang_up("DESTINATION_OUT_OF_ORDER")
        return "-ERR invalid application"
    expanded = expand_for(channel, argument)
    channel.set("current_application_data", expanded)
    channel.variables["current_application"] = application
    channel.application_log.append((application, expanded, channel.switch.clock.microseconds()))
    application_uuid = event_uuid or str(uuid.uuid4())
    about = [("Application", application)]
    if expanded:
        about.append(("Application-Data", expanded))
    channel.fire("CHANNEL_EXECUTE", _EXECUTE, after=[*about, ("Application-UUID", application_uuid)])
    channel.broken = channel.broken_all = False
    response = await function(channel, expanded) or "_none_"
    if channel.up and channel.redirect is not None:
        # It was taken away: whoever hears of the application's end sees that it no longer executes.
        channel.state_number = STATE_NUMBERS[_state_ahead(channel.redirect)]
    complete = [*about, ("Application-Response", response), ("Application-UUID", application_uuid)]
    channel.fire("CHANNEL_EXECUTE_COMPLETE", _EXECUTE_COMPLETE, after=complete)
    return response


def _state_ahead(redirect: Redirect) -> str:
    if redirect.bridge_with is not None or redirect.passive:
        return "CS_HIBERNATE"
    return "CS_PARK" if redirect.park else "CS_ROUTING"


async def run_message(channel: Channel, message: Message) -> None:
    """One sendmsg on its channel."""
    try:
        if message.command == "hangup":
            channel.hang_up(message.cause)
            return
        locked, channel.event_locked = channel.event_locked, message.event_lock
        loops = max(1, message.loops) if message.loops >= 0 else 1_000_000
        for count in range(loops):
            if not channel.free:
                break
            channel.variables["current_loop"] = str(count + 1)
            channel.variables["total_loops"] = str(message.loops)
            await execute(channel, message.application, message.argument, event_uuid=message.event_uuid)
        channel.event_locked = locked
    finally:
        if message.done is not None and not message.done.done():
            message.done.set_result("+OK")
