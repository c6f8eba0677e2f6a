"""JSON schemas of shapes, as OpenAPI components: a shape, and everything it refers to under its own name."""

from typing import Any

from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from apps.foundation.documents.shape import Shape

_PREFIX = "#/components/schemas/"


def shape_reference(shape: type[Shape], registry: ComponentRegistry) -> dict[str, Any]:
    """A `$ref` to the shape, registered on first use."""
    name = component_name(shape)
    if _component(name, shape) not in registry:
        schema = shape.model_json_schema(ref_template=f"{_PREFIX}{name}.{{model}}")
        for inner, definition in schema.pop("$defs", {}).items():
            _register(registry, f"{name}.{inner}", definition, (shape, inner))
        _register(registry, name, schema, shape)
    return {"$ref": f"{_PREFIX}{name}"}


def component_name(shape: type[Shape]) -> str:
    return shape.__name__


def _register(registry: ComponentRegistry, name: str, schema: dict[str, Any], owner: Any) -> None:
    component = _component(name, owner)
    component.schema = schema
    registry.register_on_missing(component)


def _component(name: str, owner: Any) -> ResolvedComponent:
    return ResolvedComponent(  # type: ignore[no-untyped-call]
        name=name, type=ResolvedComponent.SCHEMA, object=str(owner)
    )


ENVELOPE: dict[str, Any] = {
    "request_id": {"type": "string", "description": "Names the request in the logs."},
    "revision": {"type": "string", "description": "Changes when the data does; the ETag."},
    "timestamp": {"type": "string", "format": "date-time"},
    "version": {"type": "string"},
    "node": {"type": "string", "description": "Which machine answered; opaque."},
    "tokens": {
        "type": "object",
        "description": "The rate bucket: what this request cost and what is left.",
        "properties": {"consumed": {"type": "integer"}, "remaining": {"type": "integer"}},
    },
    "auth_token": {"type": "string"},
}
PAGING: dict[str, Any] = {
    "page_size": {"type": "integer", "description": "Rows in this page."},
    "start_key": {"type": "string"},
    "next_start_key": {"type": "string", "description": "The `start_key` of the next page; absent on the last."},
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["data", "status", "error", "message", "request_id"],
    "properties": {
        "data": {"type": ["object", "array"], "description": "Details; of a validation error: path → rule → message."},
        "status": {"enum": ["error", "fatal"]},
        "error": {"type": "string", "pattern": "^[45][0-9][0-9]$", "description": "The status code, as a string."},
        "message": {"type": "string"},
        **ENVELOPE,
    },
}


def register_error(registry: ComponentRegistry) -> dict[str, Any]:
    _register(registry, "Error", ERROR, "error envelope")
    return {"$ref": f"{_PREFIX}Error"}


def success_envelope(data: dict[str, Any], *, paged: bool) -> dict[str, Any]:
    fields = {"data": data, "status": {"const": "success"}, **(PAGING if paged else {}), **ENVELOPE}
    return {"type": "object", "required": ["data", "status", "request_id"], "properties": fields}


def request_envelope(data: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "data": data,
        "auth_token": {"type": "string", "description": "Where no header can be set."},
        "accept_charges": {"type": "boolean", "description": "Repeat a request that was answered 402 with this."},
        "ui_metadata": {"type": "object", "description": "What a user interface says about itself; kept, not used."},
    }
    return {"type": "object", "required": ["data"], "properties": fields}
