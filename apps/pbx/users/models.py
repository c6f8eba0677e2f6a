"""People of an account."""

from typing import ClassVar

from django.db import models

from apps.foundation.documents.models import Document


class User(Document):
    """A person who can sign in."""

    username = models.CharField(max_length=128)
    password = models.CharField(max_length=128, blank=True)

    document_columns = ("username",)
    document_type = "user"

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_authenticated = True
    is_anonymous = False

    def __str__(self) -> str:
        return self.username
