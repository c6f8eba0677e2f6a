"""What a channel carries with it: who calls whom, its far end, where it is sent, and what waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel


class Endpoint(Protocol):
    """The far end of a channel's dialog (a lab phone, a carrier, the other half of a loopback)."""

    def channel_ringing(self, channel: Channel) -> None: ...

    def channel_early(self, channel: Channel) -> None: ...

    def channel_answered(self, channel: Channel) -> None: ...

    def channel_digit(self, channel: Channel, digit: str) -> None: ...

    def channel_ended(self, channel: Channel, cause: str, sip_status: int) -> None: ...


@dataclass
class CallerProfile:
    """Who calls whom on this channel (switch_caller_profile_t); times are µs since the epoch, 0 for never."""

    username: str = ""
    dialplan: str = "XML"
    caller_id_name: str = ""
    caller_id_number: str = ""
    orig_caller_id_name: str = ""
    orig_caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    network_addr: str = ""
    ani: str = ""
    rdnis: str = ""
    destination_number: str = ""
    source: str = "mod_sofia"
    context: str = "default"
    transfer_source: str = ""
    profile_index: int = 1
    profile_created: int = 0
    created: int = 0
    answered: int = 0
    progress: int = 0
    progress_media: int = 0
    hangup: int = 0
    transfer: int = 0
    bridged: int = 0
    last_hold: int = 0
    hold_accum: int = 0


@dataclass
class Redirect:
    """Where a channel goes next: an extension, a list of applications, or a passive state."""

    destination: str = ""
    dialplan: str = "XML"
    context: str = ""
    applications: list[tuple[str, str]] = field(default_factory=list)
    park: bool = False
    bridge_with: Channel | None = None
    passive: bool = False


@dataclass
class Message:
    """A sendmsg waiting for its channel: ``execute`` or ``hangup``."""

    command: str
    application: str = ""
    argument: str = ""
    event_uuid: str = ""
    event_lock: bool = False
    loops: int = 1
    cause: str = "NORMAL_CLEARING"
    done: asyncio.Future[str] | None = None
