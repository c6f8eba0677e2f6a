"""The filters every list understands. All of them must hold; unknown query keys are ignored.

`filter_{path}=value`, `filter_not_{path}=value`, `has_key=path`, `key_missing=path`, `has_value=path`,
`value_missing=path` (also `missing_value`). A path is dotted and looks into the public document, so that nothing
private can be guessed by filtering; a path that names something private is refused. A value may be a JSON list, or the
key be repeated: any of them. Values compare as text; against a list in the document, one of its members must be equal.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import models
from django.db.models import Q
from django.http import QueryDict

from apps.foundation.crossbar.documents import has_column
from apps.foundation.crossbar.errors import ValidationFailed

#: Never in a public document; asking for them is a mistake or an attempt to guess.
_SECRET = re.compile(r"^(_|pvt_)|password|secret|credential|token_salt|_encrypted$|^api_key$|_sieve$")
_ABSENT = object()

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """`test` decides on a document; `narrow` may tell the database beforehand (it lets through at least as much)."""

    test: Callable[[Document], bool]
    path: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def narrow(self, model: type[models.Model]) -> Q | None:
        """For an equality on a column of the same name; None where the database cannot help."""
        if len(self.path) != 1 or not self.values or self.path[0] not in getattr(model, "document_columns", ()):
            return None
        return _column_condition(model, self.path[0], self.values)


def _column_condition(model: type[models.Model], name: str, values: tuple[str, ...]) -> Q | None:
    if not has_column(model, name):
        return None
    field = model._meta.get_field(name)
    if isinstance(field, models.BooleanField):
        return Q(**{f"{name}__in": [value == "true" for value in values if value in ("true", "false")]})
    if isinstance(field, (models.CharField, models.TextField)):
        return Q(**{f"{name}__in": list(values)})
    return None


def parse_filters(query: QueryDict) -> list[Filter]:
    """The filters of a query string. Raises ValidationFailed for a private path or a list that is not one."""
    found: list[Filter] = []
    for key, texts in query.lists():
        if key.startswith("filter_not_") and len(key) > 11:
            found.append(_equality(key, key[11:], _texts(texts), negated=True))
        elif key.startswith("filter_") and len(key) > 7 and not key.startswith("filter_not_"):
            found.append(_equality(key, key[7:], _texts(texts), negated=False))
        elif key in _PRESENCE:
            found += [Filter(_presence(key, _path(key, path))) for path in _texts(texts)]
    return found


def look_up(document: Document, path: tuple[str, ...]) -> Any:
    """The value at a dotted path, or a marker that compares to nothing."""
    current: Any = document
    for part in path:
        if isinstance(current, Mapping):
            current = current.get(part, _ABSENT)
        elif isinstance(current, list) and part.isdigit() and len(part) < 9 and int(part) < len(current):
            current = current[int(part)]
        else:
            return _ABSENT
    return current


def as_text(value: Any) -> str:
    """How a value is written in a query: JSON, but strings without their quotes."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _texts(texts: list[str]) -> tuple[str, ...]:
    """Several values from repeated keys and JSON lists alike."""
    found: list[str] = []
    for text in texts:
        members: Any = text
        if text.startswith("["):
            try:
                members = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError):
                members = text
        found += [as_text(member) for member in members] if isinstance(members, list) else [text]
    return tuple(found)


def _path(key: str, path: str) -> tuple[str, ...]:
    parts = tuple(path.split("."))
    if any(_SECRET.search(part.lower()) for part in parts):
        raise ValidationFailed.of(key, "forbidden", "Private fields cannot be filtered on", value=path)
    return parts


def _equality(key: str, path: str, values: tuple[str, ...], *, negated: bool) -> Filter:
    parts, wanted = _path(key, path), frozenset(values)

    def holds(document: Document) -> bool:
        found = look_up(document, parts)
        if found is _ABSENT:
            return False
        if isinstance(found, list) and any(as_text(member) in wanted for member in found):
            return True
        return as_text(found) in wanted

    if negated:
        return Filter(lambda document: not holds(document))
    return Filter(holds, parts, values)


def _is_empty(value: Any) -> bool:
    return value is _ABSENT or value is None or value in ("", [], {})


def _presence(key: str, path: tuple[str, ...]) -> Callable[[Document], bool]:
    test = _PRESENCE[key]
    return lambda document: test(look_up(document, path))


_PRESENCE: dict[str, Callable[[Any], bool]] = {
    "has_key": lambda value: value is not _ABSENT,
    "key_missing": lambda value: value is _ABSENT,
    "has_value": lambda value: not _is_empty(value),
    "value_missing": _is_empty,
    "missing_value": _is_empty,
}
