"""Facts about accounts beyond `object.doc_*.account`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class AccountEvent(Event):
    """`name` is the account's name, for people who read the event."""

    durable: ClassVar[bool] = True

    name: str

    def data(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "name": self.name}


@dataclass(frozen=True, slots=True)
class AccountDisabled(AccountEvent):
    """Nobody signs in, registers or calls for this account, or for one below it, any more."""

    keys: ClassVar[tuple[str, ...]] = ("account.disabled.{account_id}",)

    @classmethod
    def examples(cls) -> Sequence[Event]:
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "Corner Bakery")]

    @property
    def key(self) -> str:
        return f"account.disabled.{self.account_id}"


@dataclass(frozen=True, slots=True)
class AccountEnabled(AccountEvent):
    """The account works again."""

    keys: ClassVar[tuple[str, ...]] = ("account.enabled.{account_id}",)

    @classmethod
    def examples(cls) -> Sequence[Event]:
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "Corner Bakery")]

    @property
    def key(self) -> str:
        return f"account.enabled.{self.account_id}"


@dataclass(frozen=True, slots=True)
class AccountMoved(AccountEvent):
    """The account has another parent or lives in another schema: it was moved, promoted or demoted."""

    keys: ClassVar[tuple[str, ...]] = ("account.moved.{account_id}",)

    parent_id: str
    reseller_id: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        of = ("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "Corner Bakery")
        return [cls(*of, "a5c1e4a7f9a3c8e5d7b1f2a604d0b6b2", "a5c1e4a7f9a3c8e5d7b1f2a604d0b6b2")]

    @property
    def key(self) -> str:
        return f"account.moved.{self.account_id}"

    def data(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "name": self.name,
            "parent_id": self.parent_id,
            "reseller_id": self.reseller_id,
        }
