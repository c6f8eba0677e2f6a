"""Lists as CSV (RFC 4180): nested keys flattened with dots, a header row, one row per item."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from apps.foundation.crossbar.filters import as_text

#: A cell that begins so is run as a formula by spreadsheet programs …
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: … unless it is a number, or a phone number.
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._ -]+")


def flatten(row: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`{"a": {"b": 1}}` as `{"a.b": "1"}`; lists are JSON in one cell."""
    flat: dict[str, str] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        else:
            flat[name] = "" if value is None else _harmless(as_text(value))
    return flat


def columns_of(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Every key of the flattened rows, in the order they are first met."""
    return list(dict.fromkeys(key for row in rows for key in row))


def write(rows: Iterable[Mapping[str, str]], columns: list[str], *, header: bool) -> bytes:
    """Lines of the flattened rows; keys that are no column are left out."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow([_harmless(column) for column in columns])
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return text.getvalue().encode()


def safe_file_name(wanted: str, default: str) -> str:
    """What a client may name its download."""
    name = _UNSAFE_NAME.sub("_", wanted).strip(" .")[:120] or default
    return name if name.lower().endswith(".csv") else f"{name}.csv"


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
