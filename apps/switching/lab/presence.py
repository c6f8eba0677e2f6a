"""Lamps and message lamps of the lab's phones (sofia_presence.c): who watches what, and what was shown last.

The node derives nothing itself: a phone shows what PRESENCE_IN and MESSAGE_WAITING said that were sent over the event
socket, and a subscription asks for it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from apps.switching.lab.events import Headers, Origin

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch
    from apps.switching.lab.wire import Command
    from apps.switching.lab.world import LabPhone

_PROBE = Origin("sofia_presence.c", "sofia_presence_handle_sip_i_subscribe", 4413)
_QUERY = Origin("sofia_presence.c", "sofia_presence_sub_reg_callback", 1736)


class LabPresence:
    """`shown` is by phone (`user@realm`) what its lamp of an extension shows; `waiting` its message lamp."""

    def __init__(self, switch: LabSwitch) -> None:
        self._switch = switch
        self.shown: dict[str, dict[str, str]] = {}
        self.waiting: dict[str, str] = {}

    def subscribe(self, phone: LabPhone, extension: str, expires: int = 300) -> None:
        """A SUBSCRIBE to an extension's dialogs: dark at first, as mod_sofia answers it."""
        subscriber, call_id = f"{phone.username}@{phone.realm}", uuid.uuid4().hex
        self.shown.setdefault(subscriber, {})[extension] = "terminated"
        headers: Headers = [
            ("probe-type", "dialog"),
            ("proto", "sip"),
            ("login", "internal"),
            ("sip_profile", "internal"),
            ("from", subscriber),
            ("to", f"{extension}@{phone.realm}"),
            ("proto-specific-event-name", "dialog"),
            ("expires", str(expires)),
            ("event_type", "presence"),
            ("alt_event_type", "dialog"),
            ("sub-call-id", call_id),
        ]
        self._switch.bus.fire("PRESENCE_PROBE", _PROBE, headers)

    def registered(self, phone: LabPhone, call_id: str) -> None:
        """The first REGISTER of a contact asks for its messages."""
        headers: Headers = [
            ("Message-Account", f"sip:{phone.username}@{phone.realm}"),
            ("VM-Sofia-Profile", "internal"),
            ("VM-Call-ID", call_id),
        ]
        self._switch.bus.fire("MESSAGE_QUERY", _QUERY, headers)

    def told(self, event: str, command: Command) -> None:
        """An event was sent over the event socket."""
        if event == "PRESENCE_IN":
            extension, _, realm = command.header("from").partition("@")
            state = command.header("answer-state") if command.header("unique-id") else "terminated"
            for subscriber, lamps in self.shown.items():
                if extension in lamps and subscriber.endswith(f"@{realm}"):
                    lamps[extension] = state
        elif event == "MESSAGE_WAITING":
            self.waiting[command.header("MWI-Message-Account")] = command.header("MWI-Voice-Message")
