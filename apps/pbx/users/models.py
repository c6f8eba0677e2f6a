"""The people of an account. A user signs in (see `apps.foundation.identity`), owns devices and is rung by callflows."""

from typing import Any, ClassVar, Self

from django.db import models

from apps.foundation.documents.models import Document
from apps.foundation.identity.models import Login


class User(Document, Login):
    """`presence_id` is the extension whose lamp shows this person, where it differs from what is dialled."""

    first_name = models.CharField(max_length=128)
    last_name = models.CharField(max_length=128)
    timezone = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - absent is not ""
    presence_id = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - absent is not ""

    document_columns = ("first_name", "last_name", "timezone", "presence_id", *Login.login_columns)
    document_type = "user"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(Document.Meta):
        constraints = [Login.unique_username("users_username")]
        indexes = [models.Index(fields=["account_id", "last_name", "first_name"], name="users_names")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def apply_document(self, document: dict[str, Any]) -> Self:
        """`password` is taken over as hashes and kept nowhere else; without one the old password stays.

        Raises CredentialsRefused.
        """
        document = dict(document)
        password = document.pop("password", None)
        require_update = document.get("require_password_update", False)
        self.apply_credentials(document.get("username"), password)
        super().apply_document(document | {"username": self.username})
        self.require_password_update = require_update
        return self
