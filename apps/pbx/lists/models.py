"""Lists of numbers: phone books and match lists with their entries, and blacklists of callers."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.documents.models import AccountRow, Document, RowManager, SchemaManager
from apps.pbx.lists.numbers import in_one_form


class List(Document):
    """A phone book, or numbers a flow asks about. Its entries are rows of their own."""

    name = models.CharField(max_length=128)

    document_type = "list"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="lists_name")]

    def __str__(self) -> str:
        return self.name


class ListEntry(Document):
    """`normal_number` is the entry's number in the one form callers are looked up by (see `numbers`), empty where the
    entry has a pattern or a key only. `pattern` is a regular expression over that form."""

    list_id = models.CharField(max_length=32, db_index=True)
    number = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    pattern = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    normal_number = models.CharField(max_length=64, blank=True, editable=False)

    document_columns: ClassVar[tuple[str, ...]] = ("list_id", "number", "pattern")
    document_type = "list_entry"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "normal_number"], name="list_entries_number")]

    def __str__(self) -> str:
        return self.shown_name or self.number or self.pattern or self.id

    @property
    def shown_name(self) -> str:
        """What to call whoever the entry is about."""
        given = self.document
        names = (str(given.get("firstname") or ""), str(given.get("lastname") or ""))
        return str(given.get("displayname") or "") or " ".join(filter(None, names))

    def apply_document(self, document: dict[str, Any]) -> Self:
        super().apply_document(document)
        self.normal_number = in_one_form(self.number) if self.number else ""
        return self


class ListEntryPhoto(AccountRow):
    """The picture of an entry, at most a megabyte. `content_type` is image/png or the like."""

    entry_id = models.CharField(max_length=32, unique=True)
    content = models.BinaryField()
    content_type = models.CharField(max_length=64)

    objects: ClassVar[RowManager] = RowManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        base_manager_name = "across_accounts"

    def __str__(self) -> str:
        return self.entry_id


class Blacklist(Document):
    """Callers who are turned away. `document["numbers"]` maps each number to notes about it."""

    name = models.CharField(max_length=128)

    document_type = "blacklist"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="blacklists_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def numbers(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document.get("numbers") or {}
        return found


class MatchList(Document):
    """Rules over who calls and when, for forwarding some calls and not others."""

    name = models.CharField(max_length=128)

    document_type = "match_list"

    class Meta(Document.Meta):
        indexes = [models.Index(fields=["account_id", "name"], name="match_lists_name")]

    def __str__(self) -> str:
        return self.name
