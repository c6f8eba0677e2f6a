"""Parameters of operations: what stands in the path, and what every list understands in the query."""

import re
from typing import Any

from apps.foundation.crossbar.endpoints import Endpoint
from apps.foundation.crossbar.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

_PLACEHOLDER = re.compile(r"{(\w+)}")


def path_parameters(path: str, endpoint: Endpoint) -> list[dict[str, Any]]:
    return [_path_parameter(name, endpoint) for name in _PLACEHOLDER.findall(path)]


def _path_parameter(name: str, endpoint: Endpoint) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if name == "account_id" or (name == "id" and endpoint.resource.hex_ids):
        schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    text = "The account." if name == "account_id" else f"Which of the {endpoint.resource.path}."
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": text}


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


_INTEGER = {"type": "integer", "minimum": 1}
_GREGORIAN = {"type": "integer", "minimum": 1, "maximum": 315_569_519_999}

LIST_PARAMETERS: list[dict[str, Any]] = [
    _query(
        "page_size",
        {**_INTEGER, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE},
        "Rows in a page.",
    ),
    _query("start_key", {"type": "string"}, "The `next_start_key` of the page before."),
    _query("paginate", {"type": "boolean", "default": True}, "`false` for everything at once."),
    _query("ascending", {"type": "boolean"}, "Oldest or smallest first."),
    _query("descending", {"type": "boolean"}, "Newest or largest first."),
    _query("created_from", _GREGORIAN, "Gregorian seconds."),
    _query("created_to", _GREGORIAN, "Gregorian seconds."),
    _query("modified_from", _GREGORIAN, "Gregorian seconds."),
    _query("modified_to", _GREGORIAN, "Gregorian seconds."),
    _query("has_key", {"type": "string", "pattern": "^[a-z][a-z.]*$"}, "Only documents that have this field."),
    _query("key_missing", {"type": "string", "pattern": "^[a-z][a-z.]*$"}, "Only documents without this field."),
    _query("is_chunked", {"type": "boolean"}, "Stream the list; the keys of the envelope come after `data`."),
    _query("chunk_size", {**_INTEGER, "maximum": MAX_PAGE_SIZE}, "Rows in one piece of a streamed list."),
    _query("accept", {"enum": ["json", "csv"]}, "Instead of the Accept header."),
]
SOFT_DELETE = _query("should_soft_delete", {"type": "boolean", "default": True}, "`false` removes it for good.")
