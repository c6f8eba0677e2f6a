"""Facts about documents, as websockets and webhooks tell them (`object.doc_created.device.<id>`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class DocumentChanged(Event):
    """A document was created, edited or deleted. `action` is doc_created, doc_edited or doc_deleted."""

    durable: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = (
        "object.doc_created.{type}.{id}",
        "object.doc_edited.{type}.{id}",
        "object.doc_deleted.{type}.{id}",
    )

    action: str
    type: str
    id: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        account_id, device_id = "4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", "0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls(account_id, "doc_edited", "device", device_id)]

    @property
    def key(self) -> str:
        return f"object.{self.action}.{self.type}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {"action": self.action, "type": self.type, "id": self.id, "account_id": self.account_id}
