"""Facts about accounts beyond `object.doc_*.account`."""

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class AccountEvent(Event):
    """`name` is the account's name, for people who read the event."""

    name: str

    def data(self) -> dict[str, Any]:
        return {"account_id": self.account_id, "name": self.name}


@dataclass(frozen=True, slots=True)
class AccountDisabled(AccountEvent):
    """Nobody signs in, registers or calls for this account, or for one below it, any more."""

    @property
    def key(self) -> str:
        return f"account.disabled.{self.account_id}"


@dataclass(frozen=True, slots=True)
class AccountEnabled(AccountEvent):
    """The account works again."""

    @property
    def key(self) -> str:
        return f"account.enabled.{self.account_id}"


@dataclass(frozen=True, slots=True)
class AccountMoved(AccountEvent):
    """The account has another parent or lives in another schema: it was moved, promoted or demoted."""

    parent_id: str
    reseller_id: str

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
