"""A call that is only asked about: who would call what, and when, for `explain`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from apps.foundation.kit.clock import now
from apps.switching.calls.port import CallKind


@dataclass
class Asking:
    """`digits` are what the caller presses, each entry what is pressed when asked once; they are used up in turn."""

    destination: str
    caller_number: str = ""
    at: datetime = field(default_factory=now)
    call_kind: CallKind = "inbound"
    authorizing_id: str = ""
    owner_id: str = ""
    capture_group: str = ""
    digits: Iterable[str] = ()

    def __post_init__(self) -> None:
        self._pressed = list(self.digits)

    def press(self, maximum: int = 20) -> str | None:
        """What the caller presses now; None where the asker did not say any more."""
        return self._pressed.pop(0)[:maximum] if self._pressed else None
