"""Who is in a directory, and who of them a caller spells. Runs inside `account_scope`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from apps.pbx.directories.documents import DirectorySettings
from apps.pbx.directories.models import Directory
from apps.pbx.directories.spelling import on_keys
from apps.pbx.users.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody in a directory. `callflow_id` is where his call goes, empty for ringing him; `name_media_id` his own
    pronunciation of his name."""

    user_id: str
    first_name: str
    last_name: str
    callflow_id: str = ""
    name_media_id: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Opened:
    """A directory and its people."""

    settings: DirectorySettings
    entries: tuple[Entry, ...]

    def spelled(self, keys: str) -> list[Entry]:
        """Those whose name begins with these keys, in the directory's order."""
        found = [entry for entry in self.entries if keys and self._fits(entry, keys)]
        first, second = ("last_name", "first_name")
        if self.settings.sort_by == "first_name":
            first, second = second, first
        return sorted(found, key=lambda entry: (getattr(entry, first).casefold(), getattr(entry, second).casefold()))

    def _fits(self, entry: Entry, keys: str) -> bool:
        fields = self.settings.search_fields
        names = {"first_name": (entry.first_name,), "last_name": (entry.last_name,)}
        wanted = names.get(fields, (entry.first_name, entry.last_name, entry.name))
        return any(on_keys(name).startswith(keys) for name in wanted)


def open_directory(directory_id: str) -> Opened | None:
    """None where there is none. Two queries."""
    directory = Directory.objects.filter(id=directory_id).first()
    if directory is None:
        return None
    settings = DirectorySettings.model_validate(directory.document)
    return Opened(settings, tuple(entries_of(directory)))


def entries_of(directory: Directory) -> list[Entry]:
    """Its people, by last name."""
    return [_entry(user, directory.id) for user in _users(directory)]


def named_by(directory_id: str, user_ids: Iterable[str]) -> set[str]:
    """Those of the users whose own document names the directory."""
    rows = User.objects.filter(id__in=list(user_ids), document__directories__has_key=directory_id)
    return set(rows.values_list("id", flat=True))


def _users(directory: Directory) -> Iterable[User]:
    members = Q(id__in=directory.user_ids) | Q(document__directories__has_key=directory.id)
    users: Iterable[User] = User.objects.filter(members).order_by("last_name", "first_name", "id")
    return [user for user in users if getattr(user, "enabled", True)]


def _entry(user: User, directory_id: str) -> Entry:
    directories, pronounced = user.document.get("directories"), user.document.get("pronounced_name")
    return Entry(
        user_id=user.id,
        first_name=user.first_name,
        last_name=user.last_name,
        callflow_id=str((directories if isinstance(directories, dict) else {}).get(directory_id) or ""),
        name_media_id=str((pronounced if isinstance(pronounced, dict) else {}).get("media_id") or ""),
    )
