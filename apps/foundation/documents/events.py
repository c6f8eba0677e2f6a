"""Facts about documents, as websockets and webhooks tell them (`object.doc_created.device.<id>`)."""

from dataclasses import dataclass
from typing import Any

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class DocumentChanged(Event):
    """A document was created, edited or deleted. `action` is doc_created, doc_edited or doc_deleted."""

    action: str
    type: str
    id: str

    @property
    def key(self) -> str:
        return f"object.{self.action}.{self.type}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {"action": self.action, "type": self.type, "id": self.id, "account_id": self.account_id}
