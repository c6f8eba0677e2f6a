"""Telling a conference that is going on, or somebody in it, what to do. Runs inside the account's scope.

Everything is audited, announced (`conference.command.…`) and done by a task; the websocket and the participants say
what came of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.audit.actions import record
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import parse
from apps.foundation.events.publishing import publish
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.ids import is_id, new_id
from apps.pbx.conferences.documents import (
    ConferenceAction,
    DialData,
    ParticipantAction,
    PlayData,
    RecordData,
    RelateData,
    VolumeData,
)
from apps.pbx.conferences.models import Conference
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS, Asking, Member
from apps.pbx.endpoints.queries import resolve
from apps.pbx.media.outside import NoSuchSound, outside_sound
from apps.pbx.media.queries import playable
from apps.pbx.users.models import User
from apps.switching.calls import conference_commands as commands
from apps.switching.calls import tasks as calls
from apps.switching.calls.commands import NodeCommand
from apps.switching.calls.dial_string import Leg, Redial, UnsafeValue, display_text, shown_name
from apps.switching.rooms import tasks
from apps.switching.rooms.events import ConferenceCommanded
from apps.switching.rooms.homes import home_of
from apps.switching.rooms.models import LiveMember
from apps.switching.rooms.queries import room_name, rooms_of
from apps.switching.switches.models import NodeState, SwitchNode

EVERYBODY = "all"
_RELATIONS: dict[str, commands.Relation] = {"mute": "nospeak", "deaf": "nohear", "clear": "clear"}
_FLAGS = {
    "mute": "mute",
    "deaf": "deaf",
    "distribute_dtmf": "dist-dtmf",
    "is_moderator": "moderator",
    "disable_moh": "nomoh",
    "ghost": "ghost",
    "join_existing": "join-only",
    "video_mute": "vmute",
}


@transaction.atomic
def command_conference(conference: Conference, asked: ConferenceAction, principal: Principal) -> dict[str, Any]:
    """What the API answers. Raises ValidationFailed."""
    _note(conference, asked.action, asked.data, principal)
    if asked.action == "dial":
        return _dial(conference, parse(DialData, asked.data))
    if asked.action == "record":
        begins = parse(RecordData, asked.data).action == "start"
        account_id, file_id = conference.account_id, new_id()
        task = tasks.start_recording if begins else tasks.stop_recording
        arguments = (account_id, conference.id, file_id) if begins else (account_id, conference.id)
        transaction.on_commit(lambda: task.delay(*arguments))
        return {"action": "record", "recording": begins}
    _tell(conference, _command(conference, asked))
    return {"action": asked.action}


@transaction.atomic
def command_participants(
    conference: Conference, participants: Iterable[LiveMember] | None, asked: ParticipantAction, principal: Principal
) -> dict[str, Any]:
    """`participants` None: everybody in it. Raises ValidationFailed."""
    members = [str(one.member_id) for one in participants] if participants is not None else [EVERYBODY]
    _note(conference, asked.action, {"participants": members, **asked.data}, principal)
    name = room_name(conference.account_id, conference.id)
    for member in members:
        for command in _of_participant(name, member, asked):
            _tell(conference, command)
    return {"action": asked.action}


def _command(conference: Conference, asked: ConferenceAction) -> NodeCommand:
    name = room_name(conference.account_id, conference.id)
    match asked.action:
        case "lock" | "unlock":
            return commands.lock(name, asked.action == "lock")
        case "play":
            return commands.play(name, _media(parse(PlayData, asked.data).media_id))
        case "stop_play":
            return commands.stop_playing(name)
        case "mute" | "unmute":
            # Whoever mutes everybody would be heard still.
            return commands.mute(name, "non_moderator" if asked.action == "mute" else EVERYBODY, asked.action == "mute")
        case "deaf" | "undeaf":
            return commands.deaf(name, EVERYBODY, asked.action == "deaf")
        case _:
            return commands.kick(name, EVERYBODY)


def _of_participant(name: str, member: str, asked: ParticipantAction) -> list[NodeCommand]:
    match asked.action:
        case "mute" | "unmute":
            return [commands.mute(name, member, asked.action == "mute")]
        case "deaf" | "undeaf":
            return [commands.deaf(name, member, asked.action == "deaf")]
        case "kick":
            return [commands.kick(name, member)]
        case "hangup":
            return [commands.hang_up_member(name, member)]
        case "play":
            media = _media(parse(PlayData, asked.data).media_id)
            return [commands.play(name, media, "" if member == EVERYBODY else member)]
        case "volume_in" | "volume_out":
            level = parse(VolumeData, asked.data).level
            return [commands.volume(name, member, level, "in" if asked.action == "volume_in" else "out")]
        case _:
            return [_relate(name, member, asked.data)]


def _relate(name: str, member: str, data: dict[str, Any]) -> NodeCommand:
    given = parse(RelateData, data)
    who = str(given.participant_id) if given.participant_id is not None else member
    if who == EVERYBODY:
        raise ValidationFailed.of("participant_id", "required", _("Field is required but missing"))
    return commands.relate(name, who, [str(given.other_participant)], _RELATIONS[given.relationship])


def _media(named: str) -> str:
    try:
        found = playable(named) if is_id(named) else outside_sound(named)
    except NoSuchSound:
        found = ""
    if not found:
        raise ValidationFailed.of("media_id", "not_found", _("The account has no such media"), value=named)
    return found


def _dial(conference: Conference, data: DialData) -> dict[str, Any]:
    """Ring each endpoint by itself; whoever answers is in the conference."""
    nodes = _nodes(conference)
    if not nodes:
        raise ValidationFailed.of("action", "unavailable", _("No switch can be reached"))
    answers = []
    for endpoint in data.endpoints:
        legs = _legs(endpoint)
        if not legs:
            answers.append({"endpoint_id": endpoint, "status": "error", "message": _("It cannot be reached now")})
            continue
        job_id = str(uuid.uuid4())
        try:
            command = _called_in(conference, legs, data)
        except UnsafeValue:
            raise ValidationFailed.of("endpoints", "pattern", _("This cannot be dialled"), value=endpoint) from None
        _originate(job_id, nodes, command, data.timeout)
        answers.append({"endpoint_id": endpoint, "status": "success", "job_id": job_id, "message": _("It rings")})
    return {"action": "dial", "endpoint_responses": answers}


def _originate(job_id: str, nodes: list[str], command: NodeCommand, timeout: int) -> None:
    arguments = (job_id, nodes, command.arguments, timeout)
    transaction.on_commit(lambda: calls.originate.delay(*arguments, until_answered=False))


def _called_in(conference: Conference, legs: list[Leg], data: DialData) -> NodeCommand:
    name = conference.name
    account = Account.objects.get(id=current_account_id())
    variables = {
        "account_id": conference.account_id,
        "authorizing_id": conference.id,
        "authorizing_type": "conference",
        "call_kind": "internal",
        "export_vars": "account_id,authorizing_id,authorizing_type,call_kind",
        "origination_caller_id_name": shown_name(data.caller_id_name or name),
        "origination_caller_id_number": display_text(data.caller_id_number or _number_of(conference) or account.name),
        "originate_timeout": str(data.timeout),
        "ignore_early_media": "true",
    }
    flags = [_FLAGS[flag] for flag in data.participant_flags]
    room = room_name(conference.account_id, conference.id)
    return commands.call_into(room, legs, variables, profile="default", flags=flags)


def _number_of(conference: Conference) -> str:
    document = conference.document
    for numbers in (document.get("conference_numbers"), (document.get("member") or {}).get("numbers")):
        if numbers:
            return str(numbers[0])
    return ""


def _legs(endpoint: str) -> list[Leg]:
    """A device's or user's phones; anything else is dialled as the account's own phones would."""
    if is_id(endpoint):
        is_device = Device.objects.filter(id=endpoint).exists()
        if not is_device and not User.objects.filter(id=endpoint).exists():
            raise ValidationFailed.of("endpoints", "not_found", _("The account has no such endpoint"), value=endpoint)
        asking = Asking(direct=True, can_call_self=True)
        return list(resolve([Member(endpoint, "device" if is_device else "user")], asking).legs)
    number = endpoint.removeprefix("sip:").partition("@")[0] if endpoint.startswith("sip:") else endpoint
    return [Leg(Redial(number, OWN_CALLS), variables={"loopback_export": EXPORTED})]


def _nodes(conference: Conference) -> list[str]:
    """Where it is going on; before it has begun, any node that is connected."""
    room = rooms_of(conference.account_id, [conference.id]).get(conference.id)
    if room is not None:
        return [room.switch]
    up = list(SwitchNode.objects.filter(state=NodeState.UP).order_by("name").values_list("name", flat=True))
    # Who dials in meanwhile is to come to the same node.
    home = home_of(room_name(conference.account_id, conference.id), up[0]) if up else ""
    return sorted(up, key=lambda node: node != home)


def _tell(conference: Conference, command: NodeCommand) -> None:
    account_id, conference_id, arguments = conference.account_id, conference.id, command.arguments
    transaction.on_commit(lambda: tasks.tell.delay(account_id, conference_id, arguments))


def _note(conference: Conference, action: str, details: dict[str, Any], principal: Principal) -> None:
    record(principal, f"conference.{action}", "conference", conference.id, {}, {"action": action, **details})
    publish(ConferenceCommanded(conference.account_id, conference.id, action, details))
