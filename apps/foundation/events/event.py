"""An event is a fact in the past tense, announced after the transaction that made it true."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """`key` is the dotted name subscribers match (`call.CHANNEL_ANSWER.<call id>`); `data()` the JSON they receive."""

    account_id: str

    @property
    def key(self) -> str:
        raise NotImplementedError

    def data(self) -> dict[str, Any]:
        raise NotImplementedError
