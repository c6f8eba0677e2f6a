"""What this app announces."""

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class FileStored(Event):
    """A file that was awaited is here now."""

    id: str
    kind: str
    name: str
    size: int

    @property
    def key(self) -> str:
        return f"file.stored.{self.kind}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "kind": self.kind, "name": self.name, "size": self.size, "account_id": self.account_id}
