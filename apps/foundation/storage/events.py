"""What this app announces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.foundation.events.event import Event


@dataclass(frozen=True, slots=True)
class FileStored(Event):
    """A file that was awaited is here now."""

    keys: ClassVar[tuple[str, ...]] = ("file.stored.{kind}.{id}",)

    id: str
    kind: str
    name: str
    size: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        file_id = "202611-0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", file_id, "voicemail", "message.wav", 160_044)]

    @property
    def key(self) -> str:
        return f"file.stored.{self.kind}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "kind": self.kind, "name": self.name, "size": self.size, "account_id": self.account_id}


@dataclass(frozen=True, slots=True)
class FileKept(Event):
    """A file was brought to the storage its account's plan names, or back, and nothing of it is lost."""

    keys: ClassVar[tuple[str, ...]] = ("file.kept.{kind}.{id}",)

    id: str
    kind: str
    name: str
    size: int

    @classmethod
    def examples(cls) -> Sequence[Event]:
        file_id = "202611-0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", file_id, "voicemail", "message.wav", 160_044)]

    @property
    def key(self) -> str:
        return f"file.kept.{self.kind}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {"id": self.id, "kind": self.kind, "name": self.name, "size": self.size, "account_id": self.account_id}


@dataclass(frozen=True, slots=True)
class FileNotKept(Event):
    """A storage would not take a file, for the first time. It stays where it is and is tried again."""

    keys: ClassVar[tuple[str, ...]] = ("file.not_kept.{kind}.{id}",)

    id: str
    kind: str
    name: str
    reason: str

    @classmethod
    def examples(cls) -> Sequence[Event]:
        file_id = "202611-0f7d1c52b8e94f6b8a21c6f3d5e4b790"
        return [cls("4d0b6b2f5c1e4a7f9a3c8e5d7b1f2a60", file_id, "voicemail", "message.wav", "the bucket is not there")]

    @property
    def key(self) -> str:
        return f"file.not_kept.{self.kind}.{self.id}"

    def data(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "reason": self.reason,
            "account_id": self.account_id,
        }
