"""An event is a fact in the past tense, announced after the transaction that made it true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """`key` is the dotted name subscribers match (`call.CHANNEL_ANSWER.<call id>`); `data()` the JSON they receive.

    A subclass lives in its app's `events.py`, where the catalogue finds it, and says in `keys` every form its key can
    have, with `{names}` for what differs from event to event. `version` is raised when a field is removed or changes
    its meaning; a new field is no new version. A `durable` event is written to the outbox in the transaction that made
    it true and told to everybody who registered for it (`apps.foundation.events.reactions`), whatever is killed on the
    way; any other reaches only who listens at that moment.
    """

    version: ClassVar[int] = 1
    durable: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ()

    account_id: str

    @property
    def key(self) -> str:
        raise NotImplementedError

    def data(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def examples(cls) -> Sequence[Event]:
        """Events that have, taken together, every field there is; a field that all of them have is always there."""
        raise NotImplementedError
