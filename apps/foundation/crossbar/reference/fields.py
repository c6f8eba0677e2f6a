"""A table of a shape's fields, nested ones by their dotted path."""

from collections.abc import Iterator
from typing import Any

import msgspec
from pydantic import BaseModel

_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "like `{}`",
}
_DEEPEST = 4


def field_table(shape: type[BaseModel]) -> list[str]:
    schema = shape.model_json_schema(by_alias=True)
    rows = list(_rows(schema, schema.get("$defs", {}), "", 1))
    if not rows:
        return []
    head = ["| field | type | required | default | description |", "|---|---|---|---|---|"]
    return head + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _rows(schema: dict[str, Any], definitions: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, ...]]:
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        field = _resolved(given, definitions)
        path = f"{prefix}{name}"
        default = f"`{msgspec.json.encode(field['default']).decode()}`" if field.get("default") is not None else ""
        text = " ".join(part for part in (_description(given, field), _limits(field)) if part)
        yield f"`{path}`", _type(field, definitions), "yes" if name in required else "", default, text
        if depth < _DEEPEST:
            yield from _rows(field, definitions, f"{path}.", depth + 1)


def _resolved(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The field with what it refers to, without the null an optional field may be."""
    options = [option for option in field.get("anyOf", ()) if option.get("type") != "null"]
    merged = {**(_resolved(options[0], definitions) if len(options) == 1 else {}), **field}
    if "$ref" in field:
        merged = {**definitions.get(field["$ref"].rpartition("/")[2], {}), **field}
    return merged


def _type(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    if kind == "array":
        return f"list of {_type(_resolved(field.get('items', {}), definitions), definitions)}"
    if kind is None and "anyOf" in field:
        names = [_type(_resolved(option, definitions), definitions) for option in field["anyOf"]]
        return " or ".join(dict.fromkeys(name for name in names if name != "null"))
    return str(kind or "anything")


def _description(given: dict[str, Any], field: dict[str, Any]) -> str:
    text = given.get("description") or field.get("description") or ""
    return " ".join(str(text).split())


def _limits(field: dict[str, Any]) -> str:
    found = [text.format(field[key]) for key, text in _LIMITS.items() if key in field]
    return f"({', '.join(found)})" if found else ""
