"""What an event's data looks like, as JSON Schema: read off its examples, described by the vocabulary."""

from __future__ import annotations

import re
from typing import Any

from apps.foundation.events.event import Event
from apps.foundation.events.vocabulary import FIELDS

_NAMED = re.compile(r"\{(\w+)\}")
_TYPES: tuple[tuple[type, dict[str, Any]], ...] = (
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (str, {"type": "string"}),
    (dict, {"type": "object"}),
    (list, {"type": "array", "items": {"type": "string"}}),
)


def data_schema(kind: type[Event]) -> dict[str, Any]:
    """The schema of `data`. A field every example has is required; others may come, and more be added."""
    examples = [example.data() for example in kind.examples()]
    names = sorted({name for example in examples for name in example})
    values = {name: next(example[name] for example in examples if name in example) for name in names}
    return {
        "type": "object",
        "properties": {name: _field(name, values[name]) for name in names},
        "required": [name for name in names if all(name in example for example in examples)],
        "additionalProperties": True,
    }


def names_in(key: str) -> list[str]:
    """`call_id` of `call.CHANNEL_CREATE.{call_id}`."""
    return _NAMED.findall(key)


def pattern_of(key: str) -> re.Pattern[str]:
    """What matches the keys of this form."""
    return re.compile(".+".join(re.escape(part) for part in _NAMED.sub("\0", key).split("\0")))


def _field(name: str, value: Any) -> dict[str, Any]:
    found = next((schema for known, schema in _TYPES if isinstance(value, known)), {})
    described = {"description": FIELDS[name]} if name in FIELDS else {}
    return {**found, **described}
