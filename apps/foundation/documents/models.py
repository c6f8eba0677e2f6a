"""A document is what a client PUTs and GETs: one row of a tenant table.

Fields that are queried, joined or constrained have a column; everything else, typed option groups and fields we do not
know alike, is kept in the `document` column, so that what was PUT is what is read back.
"""

from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.accounts.scope import current_account_id, current_scope
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import new_id


class AccountManager(models.Manager[Any]):
    """Rows of the scope's account that are not deleted."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(account_id=current_account_id(), deleted=None)


class RowManager(models.Manager[Any]):
    """Rows of the scope's account, for rows that are no documents."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(account_id=current_account_id())


class SchemaManager(models.Manager[Any]):
    """Rows of every account in the scope's schema, deleted ones too: for moves, restores and uniqueness."""

    def get_queryset(self) -> models.QuerySet[Any]:
        current_scope()
        return super().get_queryset()


class AccountRow(models.Model):
    """Any tenant row: it says whose it is."""

    id = models.CharField(primary_key=True, max_length=39, default=new_id, editable=False)
    account_id = models.CharField(max_length=32, db_index=True, editable=False)

    class Meta:
        abstract = True


class Document(AccountRow):
    """`revision` counts the writes and makes the ETag; `deleted` is the moment of a soft delete."""

    document: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=now)
    modified = models.DateTimeField(default=now)
    deleted = models.DateTimeField(null=True, blank=True)

    #: Top-level document fields with a column of the same name.
    document_columns: ClassVar[tuple[str, ...]] = ("name",)
    #: The `{type}` of object.doc_* events and of audit entries: the singular noun.
    document_type: ClassVar[str]

    objects: ClassVar[AccountManager] = AccountManager()
    across_accounts: ClassVar[SchemaManager] = SchemaManager()

    class Meta:
        abstract = True
        base_manager_name = "across_accounts"

    def to_document(self) -> dict[str, Any]:
        """The public document. A model with secrets or derived fields extends it."""
        public = dict(self.document)
        for column in self.document_columns:
            value = getattr(self, column)
            if value is not None:
                public[column] = value
        return public | {"id": self.id}

    def apply_document(self, document: dict[str, Any]) -> Self:
        """Take over a whole validated document (a replace): absent fields are emptied."""
        rest = {key: value for key, value in document.items() if key not in self.document_columns and key != "id"}
        for column in self.document_columns:
            field = self._meta.get_field(column)
            if column in document:
                setattr(self, column, document[column])
            elif isinstance(field, models.Field):
                setattr(self, column, field.get_default())
        self.document = rest
        return self
