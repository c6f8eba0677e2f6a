"""Header blocks as FreeSWITCH writes them: `Name: value` lines, values percent-encoded in events.

The order matters for safety: a block is split at newlines *first* and a value is decoded *afterwards*, so that an
encoded newline in a caller's name stays inside the value and can never become a header of its own. A repeated header:
the first wins (as FreeSWITCH's own lookup does). `_undef_` stands for an empty value. Names are matched as written.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes


@lru_cache(maxsize=1024)
def _needle(name: str) -> bytes:
    return b"\n" + name.encode("utf-8", "surrogateescape") + b": "


def decode_value(raw: bytes) -> str:
    """A percent-encoded value as text; invalid UTF-8 is replaced, never an error."""
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    return "" if raw == b"_undef_" else raw.decode("utf-8", "replace")


class HeaderBlock:
    """Finds single headers in a block without decoding the others.

    `encoded` says whether values are percent-encoded (events are; the heads of replies are not).
    """

    __slots__ = ("_encoded", "_raw")

    def __init__(self, raw: bytes, *, encoded: bool = True) -> None:
        self._raw = raw
        self._encoded = encoded

    def get(self, name: str) -> str | None:
        """The first header of this name, or None."""
        raw = self._raw
        needle = _needle(name)
        if raw.startswith(needle[1:]):
            start = len(needle) - 1
        else:
            found = raw.find(needle)
            if found < 0:
                return None
            start = found + len(needle)
        end = raw.find(b"\n", start)
        return self._text(raw[start:end] if end >= 0 else raw[start:])

    def items(self) -> Iterator[tuple[str, str]]:
        """Every header in order, repeated ones too. A line without `: ` is no header and is left out."""
        for line in self._raw.split(b"\n"):
            name, colon, value = line.partition(b": ")
            if colon:
                yield name.decode("utf-8", "replace"), self._text(value)

    def first_values(self) -> dict[str, str]:
        """Every header once, a repeated one with its first value."""
        raw = self._raw
        found: dict[str, str] = {}
        if not raw.isascii() or b"%00" in raw or b"\0" in raw:
            for name, value in self.items():
                found.setdefault(name, value)
            return found
        # The ordinary block: one decoding of all encoded values, parted by NUL, costs a fraction of one each.
        encoded: list[str] = []
        for line in raw.decode("ascii").split("\n"):
            name, colon, value = line.partition(": ")
            if colon and name not in found:
                found[name] = value
                if "%" in value:
                    encoded.append(name)
        if self._encoded:
            joined = "\0".join([found[name] for name in encoded]).encode()
            decoded = unquote_to_bytes(joined).decode("utf-8", "replace").split("\0")
            found.update(zip(encoded, decoded, strict=False))
            for name in [name for name, value in found.items() if value == "_undef_"]:
                found[name] = ""
        return found

    def _text(self, raw: bytes) -> str:
        return decode_value(raw) if self._encoded else raw.decode("utf-8", "replace")
