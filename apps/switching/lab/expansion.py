"""``${variable}``, ``$${global}`` and ``${api(arguments)}`` in texts (switch_channel_expand_variables)."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import quote

Lookup = Callable[[str], str]
Function = Callable[[str], str]

_SLICE = re.compile(r"^(?P<name>.+?):(?P<offset>-?\d+)(?::(?P<length>-?\d+))?$")
_CALL = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\)$", re.DOTALL)


def _condition(text: str) -> str:
    test, _, outcome = text.partition("?")
    if_true, _, if_false = outcome.partition(":")
    for operator in ("==", "!="):
        if operator in test:
            left, right = (side.strip().strip("'") for side in test.split(operator, 1))
            holds = (left == right) == (operator == "==")
            return (if_true if holds else if_false).strip()
    return "-ERR"


FUNCTIONS: dict[str, Function] = {
    "create_uuid": lambda _text: str(uuid.uuid4()),
    "strepoch": lambda _text: str(int(time.time())),
    "strftime": lambda text: time.strftime(text or "%Y-%m-%d %T", time.gmtime()),
    "url_encode": lambda text: quote(text, safe=""),
    "cond": _condition,
    "toupper": lambda text: text.upper(),
    "tolower": lambda text: text.lower(),
}


def expand(text: str, lookup: Lookup, global_lookup: Lookup, functions: dict[str, Function] | None = None) -> str:
    """Replace every ``${…}``; what is not set becomes empty. Innermost first, so names may be built from values."""
    if "${" not in text:
        return text
    known = FUNCTIONS | (functions or {})
    position = 0
    while (end := text.find("}", position)) >= 0:
        start = text.rfind("${", 0, end)
        if start < 0:
            position = end + 1
            continue
        is_global = start > 0 and text[start - 1] == "$"
        inner = text[start + 2 : end]
        value = global_lookup(inner) if is_global else _value(inner, lookup, global_lookup, known)
        begin = start - 1 if is_global else start
        text = text[:begin] + value + text[end + 1 :]
        # A value is not expanded again: go on after it, except that an enclosing ${ still has to find its end.
        position = begin + len(value)
    return text


def _value(inner: str, lookup: Lookup, global_lookup: Lookup, functions: dict[str, Function]) -> str:
    call = _CALL.match(inner)
    if call and call["name"] in functions:
        return functions[call["name"]](call["arguments"])
    value = lookup(inner) or global_lookup(inner)
    if value:
        return value
    piece = _SLICE.match(inner)
    if piece:
        whole = lookup(piece["name"]) or global_lookup(piece["name"])
        offset = int(piece["offset"])
        part = whole[offset:]
        length = int(piece["length"]) if piece["length"] else 0
        return part[:length] if length > 0 else part
    return ""
