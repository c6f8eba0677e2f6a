"""What a switch can tell, in our words. A *leg* here is a live channel as one event showed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.switching.rooms.facts import RoomChanged


@dataclass(frozen=True, slots=True)
class Leg:
    """Empty texts stand for what the switch did not say."""

    uuid: str
    switch: str
    account_id: str
    direction: str
    created: datetime
    answered: datetime | None = None
    bridged: datetime | None = None
    call_kind: str = ""
    caller_id_name: str = ""
    caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    destination: str = ""
    other_leg: str = ""
    interaction_id: str = ""
    authorizing_id: str = ""
    authorizing_type: str = ""
    owner_id: str = ""
    callflow_id: str = ""
    presence_id: str = ""
    channel_name: str = ""
    from_uri: str = ""
    to_uri: str = ""
    request_uri: str = ""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A leg is there and known to belong to an account."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class CallAnswered:
    leg: Leg


@dataclass(frozen=True, slots=True)
class CallBridged:
    """`leg` talks to `leg.other_leg`."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class CallHeld:
    """`held` is False where the leg was taken off hold."""

    leg: Leg
    held: bool


@dataclass(frozen=True, slots=True)
class CallEnded:
    leg: Leg
    ended: datetime
    hangup_cause: str = ""
    hangup_code: str = ""


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """`contact` is the URI to dial."""

    switch: str
    realm: str
    username: str
    account_id: str
    device_id: str
    owner_id: str
    contact: str
    network_ip: str
    network_port: int
    user_agent: str
    profile: str
    call_id: str
    at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class DeviceUnregistered:
    """`expired` is True where the phone went silent instead of saying goodbye."""

    switch: str
    realm: str
    username: str
    contact: str
    expired: bool


@dataclass(frozen=True, slots=True)
class NodeHeartbeat:
    switch: str
    at: datetime
    core_uuid: str
    version: str
    up_since: datetime
    sessions: int
    sessions_max: int
    sessions_per_second: int
    cpu_idle: float


CallFact = CallStarted | CallAnswered | CallBridged | CallHeld | CallEnded
Fact = CallFact | DeviceRegistered | DeviceUnregistered | NodeHeartbeat | RoomChanged
