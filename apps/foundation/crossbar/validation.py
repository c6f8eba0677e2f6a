"""From pydantic's errors to crossbar's: dotted path → rule → message, with KAZOO's rules and words.

Source: KAZOO's `kz_json_schema` and `cb_context`; the texts are what its clients show to people.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.documents.shape import Shape

S = TypeVar("S", bound=BaseModel)
Violation = tuple[str, dict[str, Any]]

_TYPES = {
    "string": "string",
    "int": "integer",
    "float": "number",
    "decimal": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "frozen_set": "array",
    "dict": "object",
    "mapping": "object",
    "model": "object",
    "model_attributes": "object",
    "dataclass": "object",
    "none_required": "null",
    "url": "uri",
}


def validated(shape: type[Shape], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with defaults filled in and values converted. Raises ValidationFailed."""
    return parse(shape, document).as_document()


def parse(shape: type[S], document: Any) -> S:
    """The typed shape of a document; a null counts as an absent field. Raises ValidationFailed."""
    pruned = without_nulls(document)
    try:
        return shape.model_validate(pruned)
    except ValidationError as error:
        raise ValidationFailed(violations(error, pruned)) from None


def parse_value(type_: Any, name: str, value: Any) -> Any:
    """One typed value that is no document (a query argument, a list). Raises ValidationFailed at `name`."""
    try:
        return _adapter(type_).validate_python(value)
    except ValidationError as error:
        raise ValidationFailed(violations(error, value, (name,))) from None


@lru_cache(maxsize=256)
def _adapter(type_: Any) -> "TypeAdapter[Any]":
    return TypeAdapter(type_)


def without_nulls(value: Any) -> Any:
    """Objects without their null members, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(member) for member in value]
    return value


def violations(
    error: ValidationError, document: Any, prefix: Sequence[str | int] = ()
) -> dict[str, dict[str, dict[str, Any]]]:
    """Every error by dotted path. Of a field that may be several things, the first complaint of each rule is kept."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for complaint in error.errors(include_url=False):
        path = dotted((*prefix, *_location(complaint["loc"], document, str(complaint["type"]))))
        rule, details = _violation(complaint)
        found.setdefault(path, {}).setdefault(rule, details)
    return found


def dotted(location: Sequence[str | int]) -> str:
    """`sip.method`, `numbers.0`; a dot inside a key is written `%2E`."""
    return ".".join(str(part).replace(".", "%2E") for part in location)


def _location(location: Sequence[str | int], document: Any, kind: str) -> list[str | int]:
    """Without the names pydantic gives the members of a union, which are nowhere in the document."""
    kept: list[str | int] = []
    current = document
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if _holds(current, part):
            current = current[part]
        elif not (last and (kind == "missing" or (isinstance(current, dict) and not kept))):
            continue
        kept.append(part)
    return kept or list(location[:1])


def _holds(container: Any, part: str | int) -> bool:
    if isinstance(container, dict):
        return part in container
    return isinstance(container, list) and isinstance(part, int) and part < len(container)


def _plain(value: Any) -> Any:
    """What the client sent, as far as JSON can say it."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(member) for member in value]
    return str(value)


def _violation(complaint: Mapping[str, Any]) -> Violation:
    kind, context = str(complaint["type"]), complaint.get("ctx") or {}
    value = _plain(complaint.get("input"))
    if (rule := _RULES.get(kind)) is not None:
        name, details = rule(context)
        return name, details if name == "required" else {**details, "value": value}
    for stem in (kind.removesuffix("_type"), kind.removesuffix("_parsing"), kind.split("_", 1)[0]):
        if stem in _TYPES:
            wanted = _TYPES[stem]
            return "type", {"message": f"Value did not match type(s): {wanted}", "target": wanted, "value": value}
    if kind in ("value_error", "assertion_error"):
        message = str(complaint["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return "invalid", {"message": message, "value": value}
    # A rule of the shape's own: PydanticCustomError("unique", "…", {"cause": …}).
    extra = {key: _plain(member) for key, member in context.items() if key in ("target", "cause")}
    return kind, {"message": str(complaint["msg"]), "value": value, **extra}


Rule = Callable[[Mapping[str, Any]], Violation]


def _required(context: Mapping[str, Any]) -> Violation:
    return "required", {"message": "Field is required but missing"}


def _shortest(context: Mapping[str, Any]) -> Violation:
    least = context["min_length"]
    return "minLength", {"message": f"String must be at least {least} characters", "target": least}


def _longest(context: Mapping[str, Any]) -> Violation:
    most = context["max_length"]
    return "maxLength", {"message": f"String must not be more than {most} characters", "target": most}


def _enumerated(context: Mapping[str, Any]) -> Violation:
    listed = [name.strip().strip("'") for name in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]
    return "enum", {"message": "Value not found in enumerated list of values", "target": listed}


def _least(context: Mapping[str, Any]) -> Violation:
    least = _plain(context.get("ge", context.get("gt")))
    return "minimum", {"message": f"Value must be at least {least}", "target": least}


def _most(context: Mapping[str, Any]) -> Violation:
    most = _plain(context.get("le", context.get("lt")))
    return "maximum", {"message": f"Value must be at most {most}", "target": most}


def _fewest(context: Mapping[str, Any]) -> Violation:
    least = context["min_length"]
    if context.get("field_type") == "Dictionary":
        return "minProperties", {"message": f"The object must have at least {least} keys", "target": least}
    return "minItems", {"message": f"The list must have at least {least} items", "target": least}


def _too_many(context: Mapping[str, Any]) -> Violation:
    most = context["max_length"]
    if context.get("field_type") == "Dictionary":
        return "maxProperties", {"message": f"The object must have at most {most} keys", "target": most}
    return "maxItems", {"message": f"The list is more than {most} items", "target": most}


def _pattern(context: Mapping[str, Any]) -> Violation:
    return "pattern", {"message": f"Failed to match pattern '{context['pattern']}'", "target": context["pattern"]}


def _superfluous(context: Mapping[str, Any]) -> Violation:
    text = "Strict checking of data is enabled; only include schema-defined properties"
    return "additionalProperties", {"message": text}


def _multiple(context: Mapping[str, Any]) -> Violation:
    step = _plain(context["multiple_of"])
    return "divisibleBy", {"message": f"Value not divisible by {step}", "target": step}


def _type(wanted: str) -> Rule:
    return lambda context: ("type", {"message": f"Value did not match type(s): {wanted}", "target": wanted})


_RULES: dict[str, Rule] = {
    "missing": _required,
    "string_too_short": _shortest,
    "string_too_long": _longest,
    "literal_error": _enumerated,
    "enum": _enumerated,
    "union_tag_invalid": _enumerated,
    "greater_than_equal": _least,
    "greater_than": _least,
    "less_than_equal": _most,
    "less_than": _most,
    "too_short": _fewest,
    "too_long": _too_many,
    "string_pattern_mismatch": _pattern,
    "extra_forbidden": _superfluous,
    "multiple_of": _multiple,
    "int_from_float": _type("integer"),
    "finite_number": _type("number"),
}
