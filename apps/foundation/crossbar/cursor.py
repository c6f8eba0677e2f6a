"""Keys of pages. A key names the last row of the page before, by the value it is ordered by and its id, so that a page
neither repeats nor skips a row when others come and go. Clients treat it as opaque."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from apps.foundation.crossbar.errors import ValidationFailed


@dataclass(frozen=True, slots=True)
class Order:
    """By a column and the primary key."""

    column: str
    descending: bool

    @property
    def name(self) -> str:
        return f"-{self.column}" if self.descending else self.column

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(f"-{term}" if self.descending else term for term in dict.fromkeys((self.column, "pk")))

    def after(self, value: Any, key: Any) -> Q:
        """Rows that come after one with this value and primary key."""
        word = "lt" if self.descending else "gt"
        beyond = Q(**{f"{self.column}__{word}": value})
        return beyond | Q(**{self.column: value, f"pk__{word}": key})


def encode(order: Order, instance: models.Model) -> str:
    """The key of the page that begins after this row."""
    value = getattr(instance, order.column)
    return _pack([order.name, value, instance.pk])


def encode_offset(offset: int) -> str:
    return _pack(["#", offset])


def decode(order: Order, model: type[models.Model], text: str) -> Q:
    """The rows after the key. Raises ValidationFailed for a key that is not of a list ordered so."""
    parts = _unpack(text)
    if len(parts) != 3 or parts[0] != order.name or not _plain(parts[1]) or not _plain(parts[2]):
        raise _invalid(text)
    try:
        field = model._meta.get_field(order.column)
        value = field.to_python(parts[1]) if isinstance(field, models.Field) else None
        key = model._meta.pk.to_python(parts[2])
    except (ValidationError, ValueError, TypeError, OverflowError):
        raise _invalid(text) from None
    if value is None or key is None:
        raise _invalid(text)
    return order.after(value, key)


def decode_offset(text: str) -> int:
    parts = _unpack(text)
    if len(parts) != 2 or parts[0] != "#" or not isinstance(parts[1], int) or parts[1] < 0:
        raise _invalid(text)
    return parts[1]


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and len(value) < 1024
    return isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**63)


def _pack(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def _unpack(text: str) -> list[Any]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=list)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise _invalid(text) from None


def _invalid(text: str) -> ValidationFailed:
    return ValidationFailed.of("start_key", "invalid", "Not a key that this list gave out", value=text[:200])
