"""What is announced about voicemail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class MailboxChanged(Event):
    """How many messages a mailbox holds has changed: for message lamps (RFC 3842). `new` and `saved` are counts."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("voicemail.mailbox_changed.{voicemail_box}",)

    box: str
    mailbox: str
    owner_id: str
    new: int
    saved: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, box_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls(account_id, box_id, "3000", "c2a9e1f04b7d4d7c9d3b6e8f1a5c7e92", 2, 5)]

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

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "voicemail.new_voicemail.{voicemail_box}",
        "voicemail.voicemail_saved.{voicemail_box}",
        "voicemail.voicemail_deleted.{voicemail_box}",
    )

    event_name: str
    box: str
    message_id: str
    caller_id_name: str
    caller_id_number: str
    length: int
    timestamp: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, box_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        message_id = "202611-c2a9e1f04b7d4d7c9d3b6e8f1a5c7e92"
        return [cls(account_id, "new_voicemail", box_id, message_id, "Bob", "+13125550100", 7200, 63_931_000_000)]

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
