"""What is announced about lamps, with KAZOO's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian


@dataclass(frozen=True, slots=True)
class LampSet(Event):
    """A lamp was set without a call. `state` is terminated, early or confirmed."""

    presence_id: str
    state: str

    @property
    def key(self) -> str:
        return f"presence.update.{self.presence_id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "presence",
            "event_name": "update",
            "account_id": self.account_id,
            "presence_id": self.presence_id,
            "state": self.state,
            "timestamp": to_gregorian(now()),
        }


@dataclass(frozen=True, slots=True)
class LampChanged(Event):
    """What a lamp shows, all its sources taken together. `call_id` is the leg that makes it so, empty for none."""

    presence_id: str
    realm: str
    state: str
    call_id: str = ""

    @property
    def key(self) -> str:
        return f"presence.dialog.{self.presence_id}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "presence",
            "event_name": "dialog",
            "account_id": self.account_id,
            "presence_id": f"{self.presence_id}@{self.realm}",
            "state": self.state,
            "call_id": self.call_id,
            "timestamp": to_gregorian(now()),
        }


@dataclass(frozen=True, slots=True)
class MessagesWaiting(Event):
    """A mailbox holds so many messages (RFC 3842)."""

    mailbox: str
    owner_id: str
    new: int
    saved: int

    @property
    def key(self) -> str:
        return f"presence.mwi_updates.{self.mailbox}"

    def data(self) -> dict[str, Any]:
        return {
            "event_category": "presence",
            "event_name": "mwi_updates",
            "account_id": self.account_id,
            "mailbox": self.mailbox,
            "owner_id": self.owner_id,
            "messages_new": self.new,
            "messages_saved": self.saved,
            "timestamp": to_gregorian(now()),
        }


@dataclass(frozen=True, slots=True)
class LampsToRepeat(Event):
    """The state of some lamps is to be sent to every phone that watches them, changed or not."""

    presence_ids: tuple[str, ...]

    @property
    def key(self) -> str:
        return "presence.repeat"

    def data(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "presence_ids": list(self.presence_ids)}
