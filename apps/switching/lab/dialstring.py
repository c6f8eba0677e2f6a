"""Dial strings: ``<>`` enterprise, ``{}`` and ``[]`` variables, ``,`` at once, ``|`` in turn, ``:_:`` separate threads.

The rules and the limit are those of switch_ivr_originate.c: at most `MAX_PEERS` elements in a list; the last one gets
the rest unsplit, so 127 ring and the others are silently never dialled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_PEERS = 128
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "'": "'", '"': '"', "\\": "\\"}
_BRACKETS = {"{": "}", "[": "]", "<": ">"}


class BadDialStringError(ValueError):
    """A bracket without its end."""


@dataclass
class Leg:
    """One thing to dial: its own variables, the endpoint type and what follows the slash."""

    endpoint: str
    data: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return f"{self.endpoint}/{self.data}" if self.data else self.endpoint


@dataclass
class Group:
    """One originate: shared variables, and lists of legs tried in turn; a list rings at once."""

    variables: dict[str, str] = field(default_factory=dict)
    rounds: list[list[Leg]] = field(default_factory=list)


@dataclass
class DialString:
    """The whole: variables of every group (``<>``), and the groups that run in threads of their own."""

    variables: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    @property
    def legs(self) -> list[Leg]:
        return [leg for group in self.groups for legs in group.rounds for leg in legs]


def separate(text: str, delimiter: str, limit: int = 0) -> list[str]:
    """switch_separate_string: split outside quotes, then drop quotes and resolve backslashes in each part.

    ``^^:`` in front changes the delimiter. With `limit` the last part is the unsplit rest."""
    if text.startswith("^^") and len(text) > 2:
        delimiter, text = text[2], text[3:]
    return [clean(part) for part in _split_raw(text, delimiter, limit)]


def _split_raw(text: str, delimiter: str, limit: int) -> list[str]:
    parts: list[str] = []
    start = index = 0
    quoted = False
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            index += 2
            continue
        if char == "'" and (quoted or "'" in text[index + 1 :] or delimiter == " "):
            quoted = not quoted
        elif char == delimiter and not quoted:
            if limit and len(parts) + 1 >= limit:
                break
            parts.append(text[start:index])
            start = index + 1
            if delimiter == " ":
                while start < len(text) and text[start] == " ":
                    start += 1
                index = start
                continue
        index += 1
    parts.append(text[start:])
    return parts if delimiter != " " else [part for part in parts if part]


def clean(text: str) -> str:
    """Drop unescaped single quotes and outer blanks, resolve ``\\s``, ``\\n``, ``\\'`` and their like."""
    out: list[str] = []
    index = 0
    text = text.strip(" ")
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text) and text[index + 1] in _ESCAPES:
            out.append(_ESCAPES[text[index + 1]])
            index += 2
            continue
        if char != "'":
            out.append(char)
        index += 1
    return "".join(out)


def parse_variables(text: str) -> dict[str, str]:
    """The inside of a pair of brackets: ``a=1,b=2`` or ``^^:a=1:b=2``. A pair without ``=`` is dropped."""
    variables: dict[str, str] = {}
    for pair in separate(text, ","):
        name, equals, value = pair.partition("=")
        if equals and name:
            variables[name] = value
    return variables


def _take_variables(text: str, opening: str) -> tuple[dict[str, str], str]:
    variables: dict[str, str] = {}
    text = text.strip()
    while text.startswith(opening):
        end = _closing(text, opening)
        variables |= parse_variables(text[1:end])
        text = text[end + 1 :].lstrip()
    return variables, text


def _closing(text: str, opening: str) -> int:
    """The index of the bracket that ends the one at 0; nested pairs of the same kind are skipped, ``\\`` escapes."""
    closing, depth, index = _BRACKETS[opening], 0, 0
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 2
            continue
        if char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return index
        index += 1
    raise BadDialStringError(f"no {closing!r} for {opening!r} in dial string")


_SPECIAL = re.compile(r"[\\{}\[\]<>',|]")


def split_legs(text: str, delimiter: str, limit: int = MAX_PEERS) -> list[str]:
    """Split at a delimiter outside brackets and quotes; beyond the limit the last part is the unsplit rest."""
    parts: list[str] = []
    depth, start, quoted = 0, 0, False
    skip = -1
    for match in _SPECIAL.finditer(text):
        index, char = match.start(), match.group()
        if index == skip:
            continue
        if char == "\\":
            skip = index + 1
        elif char == "'" and depth:
            quoted = not quoted
        elif quoted:
            continue
        elif char in "{[<":
            depth += 1
        elif char in "}]>":
            depth = max(0, depth - 1)
        elif char == delimiter and depth == 0:
            if len(parts) + 1 >= limit:
                break
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return parts


def parse_leg(text: str) -> Leg:
    """One leg with its ``[]`` variables."""
    variables, rest = _take_variables(text, "[")
    endpoint, _slash, data = rest.strip().partition("/")
    return Leg(endpoint, data, variables)


def parse_group(text: str) -> Group:
    """One originate (everything but ``<>`` and ``:_:``)."""
    variables, rest = _take_variables(text, "{")
    group = Group(variables)
    for part in split_legs(rest, "|"):
        legs = [parse_leg(leg) for leg in split_legs(part, ",") if leg.strip()]
        if legs:
            group.rounds.append(legs)
    return group


def parse(text: str) -> DialString:
    """Parse a dial string. Raises `BadDialStringError`."""
    variables, rest = _take_variables(text, "<")
    result = DialString(variables)
    for part in rest.split(":_:")[:MAX_PEERS]:
        if part.strip():
            result.groups.append(parse_group(part))
    return result
