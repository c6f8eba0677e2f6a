"""What one socket listens to in one account, and what of the account's events it is sent.

A watch that began with a snapshot (`snapshots`) numbers its frames from there, so that its client sees that nothing is
missing between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.identity.principal import Principal
from apps.interfaces.websockets.access import visible
from apps.interfaces.websockets.bindings import Binding
from apps.interfaces.websockets.snapshots import Horizon

Frame = dict[str, Any]


@dataclass(eq=False, slots=True)
class Watch:
    """`send` takes a frame and does not wait; `lose` ends the socket, because events may have been missed.

    `horizons` say for the bindings that were subscribed with a snapshot which events it held already.
    """

    token: str
    principal: Principal
    send: Callable[[Frame], None]
    lose: Callable[[], None]
    bindings: dict[str, Binding] = field(default_factory=dict)
    horizons: dict[str, Horizon] = field(default_factory=dict)
    #: The number of the last frame, None for a watch without a snapshot.
    sequence: int | None = None
    _held: list[dict[str, Any]] | None = None

    def heard(self, event: dict[str, Any]) -> None:
        """An event of the account."""
        if self._held is not None:
            self._held.append(event)
        else:
            self._tell(event)

    def missed(self) -> None:
        """Events were lost on the way. Who counts on having all of them must begin anew."""
        if self.sequence is not None:
            self.lose()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep what arrives meanwhile, and tell it afterwards."""
        self._held = []
        try:
            yield
        finally:
            events, self._held = self._held, None
            for event in events:
                self._tell(event)

    def forget(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.bindings.pop(text, None)
            self.horizons.pop(text, None)

    def _tell(self, event: dict[str, Any]) -> None:
        if not visible(self.principal, event["data"]):
            return
        for binding in self.bindings.values():
            if binding.matches(event["key"]) and not self._was_shown(binding, event):
                self.send(self._frame(binding, event))

    def _was_shown(self, binding: Binding, event: dict[str, Any]) -> bool:
        horizon = self.horizons.get(binding.text)
        return horizon is not None and horizon.includes(event["transaction"])

    def _frame(self, binding: Binding, event: dict[str, Any]) -> Frame:
        frame: Frame = {"action": "event", "subscribed_key": binding.text, "subscription_key": binding.text}
        frame |= {"name": event["key"].split(".")[1], "routing_key": event["key"], "id": event["id"]}
        if self.sequence is not None:
            self.sequence += 1
            frame["sequence"] = self.sequence
        return frame | {"data": event["data"]}
