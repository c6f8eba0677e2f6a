"""The shapes under /v2/schemas: those of resources by their noun, and what other apps put in (callflow verbs)."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from apps.foundation.crossbar import registry

Provider = Callable[[], Mapping[str, type[BaseModel]]]
_providers: list[Provider] = []


def register_schemas(provider: Provider) -> None:
    """Offer more shapes by name (`{"callflows.menu": MenuData}`). Asked with each request, so it should be quick."""
    if provider not in _providers:
        _providers.append(provider)


def shapes() -> dict[str, type[BaseModel]]:
    """Every shape by its name under /v2/schemas."""
    found: dict[str, type[BaseModel]] = {
        resource.schema_name or resource.path: resource.shape
        for resource in registry.resources()
        if resource.shape is not None
    }
    for provider in _providers:
        found |= provider()
    return dict(sorted(found.items()))


def json_schema(name: str, shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a shape, complete in itself, named as crossbar names it."""
    schema = shape.model_json_schema(by_alias=True)
    if "$ref" in schema:
        # A shape that contains itself is only pointed at; clients look for its properties at the top.
        schema |= schema["$defs"][schema.pop("$ref").rpartition("/")[2]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "id": name, **schema}
