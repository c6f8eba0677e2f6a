"""The whole OpenAPI document, made once in a process."""

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator

from apps.foundation.crossbar import registry
from apps.foundation.crossbar.openapi.wording import about

_SCHEMES = {
    "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The account's id as the user name; as the password `md5(username:password)`.",
    },
}


class DocumentGenerator(SchemaGenerator):
    def get_schema(self, request: Any = None, public: bool = True) -> dict[str, Any]:
        document: dict[str, Any] = super().get_schema(None, True)  # type: ignore[no-untyped-call]
        document.setdefault("components", {})["securitySchemes"] = _SCHEMES
        nouns = {resource.path: about(resource) for resource in registry.resources()}
        document["tags"] = [{"name": noun, "description": text} for noun, text in sorted(nouns.items())]
        return document


def document() -> dict[str, Any]:
    return DocumentGenerator().get_schema()  # type: ignore[no-untyped-call]


@cache
def document_bytes() -> bytes:
    return msgspec.json.encode(document())
