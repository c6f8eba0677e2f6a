"""What is announced about lamps, with KAZOO's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event
from apps.foundation.kit.clock import now, to_gregorian


@dataclass(frozen=True, slots=True)
class LampSet(Event):
    """A lamp was set without a call. `state` is terminated, early or confirmed."""

    keys: ClassVar[tuple[str, ...]] = ("presence.update.{presence_id}",)

    presence_id: str
    state: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "101", "confirmed")]

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

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("presence.dialog.{presence_id}",)

    presence_id: str
    realm: str
    state: str
    call_id: str = ""

    @classmethod
    def examples(cls) -> Sequence[Event]:
        call_id = "c0ffee00-1111-2222-3333-444455556666"
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "101", "bakery.example.com", "confirmed", call_id)]

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

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("presence.mwi_updates.{mailbox}",)

    mailbox: str
    owner_id: str
    new: int
    saved: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        owner_id = "c2a9e1f04b7d4d7c9d3b6e8f1a5c7e92"
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "3000", owner_id, 2, 5)]

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

    keys: ClassVar[tuple[str, ...]] = ("presence.repeat",)

    presence_ids: tuple[str, ...]

    @classmethod
    def examples(cls) -> Sequence[Event]:
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", ("101", "102"))]

    @property
    def key(self) -> str:
        return "presence.repeat"

    def data(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "presence_ids": list(self.presence_ids)}
