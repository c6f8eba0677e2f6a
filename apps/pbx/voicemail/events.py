"""What is announced about voicemail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class MailboxChanged(Event):
    """How many messages a mailbox holds has changed: for message lamps (RFC 3842). `new` and `saved` are counts."""

    box: str
    mailbox: str
    owner_id: str
    new: int
    saved: int

    @property
    def key(self) -> str:
        return f"voicemail.mailbox_changed.{self.box}"

    def data(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "voicemail_box": self.box,
            "mailbox": self.mailbox,
            "owner_id": self.owner_id,
            "messages_new": self.new,
            "messages_saved": self.saved,
        }


@dataclass(frozen=True, slots=True)
class MessageFact(Event):
    """A message came or left. `event_name` is KAZOO's: `new_voicemail` once it is kept, `voicemail_saved` once its
    sound is stored, `voicemail_deleted`."""

    event_name: str
    box: str
    message_id: str
    caller_id_name: str
    caller_id_number: str
    length: int
    timestamp: int

    @property
    def key(self) -> str:
        return f"voicemail.{self.event_name}.{self.box}"

    def data(self) -> dict[str, Any]:
        return {
            "event_name": self.event_name,
            "account_id": self.account_id,
            "voicemail_box": self.box,
            "voicemail_id": self.message_id,
            "caller_id_name": self.caller_id_name,
            "caller_id_number": self.caller_id_number,
            "voicemail_length": self.length,
            "voicemail_timestamp": self.timestamp,
        }
