"""A person as a vCard 3.0 (RFC 2426)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

#: RFC 2425 §5.8.1: octets of a line before it is folded.
LONGEST_LINE = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def vcard(
    document: Mapping[str, Any],
    *,
    organization: str = "",
    numbers: Sequence[tuple[str, str]] = (),
    photo: tuple[bytes, str] | None = None,
) -> bytes:
    """`document` holds `firstname`, `lastname`, `displayname` and `profile`; `numbers` are `(type, number)`
    (`work`, `cell` …), `photo` its bytes and media type."""  # fmt: skip
    profile = document.get("profile") or {}
    first, last = str(document.get("firstname") or ""), str(document.get("lastname") or "")
    shown = str(document.get("displayname") or "") or f"{first} {last}".strip() or next((n for _, n in numbers), "")
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"FN:{_text(shown)}",
        f"N:{_text(last)};{_text(first)};;;",
        _line("ORG", organization),
        *(f"TEL;TYPE={kind.upper()}:{_text(number)}" for kind, number in numbers if number),
        _line("NICKNAME", ",".join(_text(name) for name in profile.get("nicknames") or []), ready=True),
        _line("BDAY", profile.get("birthday")),
        _line("TITLE", profile.get("title")),
        _line("ROLE", profile.get("role")),
        *(_address(one) for one in profile.get("addresses") or []),
        _line("NOTE", profile.get("note")),
        _line("SORT-STRING", profile.get("sort-string")),
        _line("X-ASSISTANT", profile.get("assistant")),
        _photo(photo),
        "END:VCARD",
    ]
    return b"".join(_folded(line) for line in lines if line)


def _line(name: str, value: object, *, ready: bool = False) -> str:
    return f"{name}:{value if ready else _text(str(value))}" if value else ""


def _address(given: Mapping[str, Any]) -> str:
    kinds = "".join(f";TYPE={kind.upper()}" for kind in given.get("types") or [])
    return f"ADR{kinds}:;;{_text(str(given.get('address') or ''))};;;;" if given.get("address") else ""


def _photo(photo: tuple[bytes, str] | None) -> str:
    if photo is None:
        return ""
    content, media_type = photo
    kind = media_type.rpartition("/")[2].upper()
    return f"PHOTO;ENCODING=b;TYPE={kind}:{base64.b64encode(content).decode()}"


def _text(value: str) -> str:
    """RFC 2426 §4: what would be read as structure, written as text; control characters are left out."""
    return "".join(one for one in value.translate(_ESCAPED) if one.isprintable() or one == "\t")


def _folded(line: str) -> bytes:
    """Lines of at most 75 octets, never cut inside a character."""
    parts, current = [], b""
    for character in line:
        octets = character.encode()
        if len(current) + len(octets) > LONGEST_LINE:
            parts.append(current)
            current = b" "
        current += octets
    return b"\r\n".join([*parts, current]) + b"\r\n"
