"""FreeSWITCH's events, read into facts. The only file that knows their names for things.

An event is decoded straight into a struct of the fields used (several times faster than a dictionary of all of them).
Inbound legs are announced by `kazoo::routed`, which the dialplan fires once the account is known: at CHANNEL_CREATE
nobody knows yet whose call it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from apps.switching.esl.events import Event, JsonEvent, decode_event
from apps.switching.rooms.facts import MAINTENANCE, read_maintenance
from apps.switching.switches.facts import (
    CallAnswered,
    CallBridged,
    CallEnded,
    CallFact,
    CallHeld,
    CallStarted,
    DeviceRegistered,
    DeviceUnregistered,
    Fact,
    Leg,
    NodeHeartbeat,
)

ROUTED = "kazoo::routed"
EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_DESTROY",
    "HEARTBEAT",
)
#: `sofia::register` alone says that a phone is registered: failed attempts fire the others with "Registered" in them.
CUSTOM_EVENTS = ("sofia::register", "sofia::unregister", "sofia::expire", ROUTED, MAINTENANCE)


class _Channel(
    msgspec.Struct,
    rename={
        "uuid": "Unique-ID",
        "direction": "Call-Direction",
        "channel_name": "Channel-Name",
        "presence_id": "Channel-Presence-ID",
        "other_leg": "Other-Leg-Unique-ID",
        "bridge_a": "Bridge-A-Unique-ID",
        "bridge_b": "Bridge-B-Unique-ID",
        "caller_id_name": "Caller-Caller-ID-Name",
        "caller_id_number": "Caller-Caller-ID-Number",
        "callee_id_name": "Caller-Callee-ID-Name",
        "callee_id_number": "Caller-Callee-ID-Number",
        "destination": "Caller-Destination-Number",
        "created": "Caller-Channel-Created-Time",
        "answered": "Caller-Channel-Answered-Time",
        "bridged": "Caller-Channel-Bridged-Time",
        "ended": "Caller-Channel-Hangup-Time",
        "fired": "Event-Date-Timestamp",
        "hangup_cause": "Hangup-Cause",
        "call_state": "Channel-Call-State",
        "account_id": "variable_account_id",
        "call_kind": "variable_call_kind",
        "interaction_id": "variable_interaction_id",
        "authorizing_id": "variable_authorizing_id",
        "authorizing_type": "variable_authorizing_type",
        "owner_id": "variable_owner_id",
        "callflow_id": "variable_callflow_id",
        "from_uri": "variable_sip_from_uri",
        "to_uri": "variable_sip_to_uri",
        "request_uri": "variable_sip_req_uri",
        "hangup_code": "variable_proto_specific_hangup_cause",
        "bridge_code": "variable_last_bridge_proto_specific_hangup_cause",
    },
):
    uuid: str = ""
    direction: str = ""
    channel_name: str = ""
    presence_id: str = ""
    other_leg: str = ""
    bridge_a: str = ""
    bridge_b: str = ""
    caller_id_name: str = ""
    caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    destination: str = ""
    created: int = 0
    answered: int = 0
    bridged: int = 0
    ended: int = 0
    fired: int = 0
    hangup_cause: str = ""
    call_state: str = ""
    account_id: str = ""
    call_kind: str = ""
    interaction_id: str = ""
    authorizing_id: str = ""
    authorizing_type: str = ""
    owner_id: str = ""
    callflow_id: str = ""
    from_uri: str = ""
    to_uri: str = ""
    request_uri: str = ""
    hangup_code: str = ""
    bridge_code: str = ""


def translate(event: Event, switch: str) -> Fact | None:
    """The fact an event tells, None where it tells nothing we keep. Raises ProtocolError for one that is broken."""
    name = event.subclass if event.name == "CUSTOM" else event.name
    reader = _READERS.get(name)
    return reader(event, switch) if reader else None


def read_channel_dump(text: str, switch: str) -> Iterator[CallFact]:
    """The facts that make a leg what `uuid_dump <uuid> json` says it is now; none for one of no account."""
    channel = decode_event(JsonEvent(text.encode()), _Channel)
    leg = _leg(channel, switch)
    if leg is None:
        return
    yield CallStarted(leg)
    if leg.answered:
        yield CallAnswered(leg)
    if leg.bridged and leg.other_leg:
        yield CallBridged(leg)
    if channel.call_state == "HELD":
        yield CallHeld(leg, held=True)


def read_channel_list(text: str) -> set[str]:
    """The uuids of `show channels as json`. Raises ValueError."""
    return {str(row["uuid"]) for row in json.loads(text).get("rows", ())}


def read_registration_list(text: str, switch: str) -> list[DeviceRegistered]:
    """The rows of `show registrations as json`; whose they are is not in there. Raises ValueError."""
    return [_listed(row, switch) for row in json.loads(text).get("rows", ())]


def _listed(row: dict[str, Any], switch: str) -> DeviceRegistered:
    # The url is the way to dial it: sofia/<profile>/<contact>.
    _, profile, contact = [*str(row["url"]).split("/", 2), "", ""][:3]
    return DeviceRegistered(
        switch=switch,
        realm=str(row["realm"]).lower(),
        username=str(row["reg_user"]),
        account_id="",
        device_id="",
        owner_id="",
        contact=contact,
        network_ip=str(row["network_ip"]),
        network_port=_number(str(row["network_port"])),
        user_agent="",
        profile=profile,
        call_id=str(row["token"]),
        at=datetime.now(UTC),
        expires=datetime.fromtimestamp(int(row["expires"]), UTC),
    )


def _leg(channel: _Channel, switch: str) -> Leg | None:
    if not channel.account_id or not channel.uuid:
        return None
    return Leg(
        uuid=channel.uuid,
        switch=switch,
        account_id=channel.account_id,
        direction=channel.direction,
        created=_moment(channel.created or channel.fired),
        answered=_moment(channel.answered) if channel.answered else None,
        bridged=_moment(channel.bridged) if channel.bridged else None,
        call_kind=channel.call_kind,
        caller_id_name=channel.caller_id_name,
        caller_id_number=channel.caller_id_number,
        callee_id_name=channel.callee_id_name,
        callee_id_number=channel.callee_id_number,
        destination=channel.destination,
        other_leg=channel.other_leg or (channel.bridge_b if channel.bridge_a == channel.uuid else channel.bridge_a),
        interaction_id=channel.interaction_id,
        authorizing_id=channel.authorizing_id,
        authorizing_type=channel.authorizing_type,
        owner_id=channel.owner_id,
        callflow_id=channel.callflow_id,
        presence_id=channel.presence_id,
        channel_name=channel.channel_name,
        from_uri=channel.from_uri,
        to_uri=channel.to_uri,
        request_uri=channel.request_uri,
    )


def _about_leg(make: Callable[[Leg, _Channel], CallFact | None]) -> Callable[[Event, str], Fact | None]:
    def read(event: Event, switch: str) -> Fact | None:
        channel = decode_event(event, _Channel)
        leg = _leg(channel, switch)
        return make(leg, channel) if leg else None

    return read


def _ended(leg: Leg, channel: _Channel) -> CallEnded:
    code = channel.hangup_code or channel.bridge_code
    return CallEnded(leg, _moment(channel.ended or channel.fired), channel.hangup_cause, code)


def _registered(event: Event, switch: str) -> DeviceRegistered | None:
    at = _moment(_number(event.get("Event-Date-Timestamp")))
    seconds = _number(event.get("expires"))
    contact = _uri(event.get("contact"))
    if not contact or not seconds:
        return None
    return DeviceRegistered(
        switch=switch,
        realm=(event.get("realm") or event.get("from-host")).lower(),
        username=event.get("username") or event.get("from-user"),
        account_id=event.get("account_id"),
        device_id=event.get("authorizing_id"),
        owner_id=event.get("owner_id"),
        contact=contact,
        network_ip=event.get("network-ip"),
        network_port=_number(event.get("network-port")),
        user_agent=event.get("user-agent"),
        profile=event.get("profile-name"),
        call_id=event.get("call-id"),
        at=at,
        expires=at + timedelta(seconds=min(seconds, 86_400)),
    )


def _unregistered(event: Event, switch: str) -> DeviceUnregistered:
    return DeviceUnregistered(
        switch=switch,
        realm=(event.get("realm") or event.get("from-host") or event.get("host")).lower(),
        username=event.get("username") or event.get("from-user") or event.get("user"),
        contact=_uri(event.get("contact")),
        expired=event.subclass == "sofia::expire",
    )


def _heartbeat(event: Event, switch: str) -> NodeHeartbeat:
    at = _moment(_number(event.get("Event-Date-Timestamp")))
    return NodeHeartbeat(
        switch=switch,
        at=at,
        core_uuid=event.get("Core-UUID"),
        version=event.get("FreeSWITCH-Version"),
        up_since=at - timedelta(milliseconds=_number(event.get("Uptime-msec"))),
        sessions=_number(event.get("Session-Count")),
        sessions_max=_number(event.get("Max-Sessions")),
        sessions_per_second=_number(event.get("Session-Per-Sec")),
        cpu_idle=_fraction(event.get("Idle-CPU")),
    )


_READERS: dict[str, Callable[[Event, str], Fact | None]] = {
    # An inbound leg has no account yet, or none that the dialplan has agreed to: kazoo::routed follows.
    "CHANNEL_CREATE": _about_leg(lambda leg, _: CallStarted(leg) if leg.direction == "outbound" else None),
    ROUTED: _about_leg(lambda leg, _: CallStarted(leg)),
    "CHANNEL_ANSWER": _about_leg(lambda leg, _: CallAnswered(leg)),
    "CHANNEL_BRIDGE": _about_leg(lambda leg, _: CallBridged(leg)),
    "CHANNEL_HOLD": _about_leg(lambda leg, _: CallHeld(leg, held=True)),
    "CHANNEL_UNHOLD": _about_leg(lambda leg, _: CallHeld(leg, held=False)),
    "CHANNEL_DESTROY": _about_leg(_ended),
    "sofia::register": _registered,
    "sofia::unregister": _unregistered,
    "sofia::expire": _unregistered,
    "HEARTBEAT": _heartbeat,
    MAINTENANCE: read_maintenance,
}


def _uri(contact: str) -> str:
    """The URI in `"Bob" <sip:bob@192.0.2.7:5060;transport=udp>;expires=60` (RFC 3261 §20.10)."""
    start = contact.find("<sip")
    if start >= 0:
        end = contact.find(">", start)
        return contact[start + 1 : end if end > 0 else None]
    return contact.strip() if contact.strip().startswith("sip") else ""


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
