"""Why a document was refused, in a reader's words: from a shape's checks and from what actions raise."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop
from pydantic import ValidationError

from apps.foundation.accounts.errors import AccountError
from apps.foundation.crossbar.errors import ApiError

#: (dotted path or "", text) each.
Refusals = list[tuple[str, str]]

#: Pydantic's names of what can be wrong, in our words. `%(...)s` are of the error's own context.
_WORDS: dict[str, str] = {
    "missing": gettext_noop("This field is required."),
    "string_too_short": gettext_noop("At least %(min_length)s characters."),
    "string_too_long": gettext_noop("At most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_noop("This does not have the right form."),
    "greater_than": gettext_noop("This must be more than %(gt)s."),
    "greater_than_equal": gettext_noop("This must be at least %(ge)s."),
    "less_than": gettext_noop("This must be less than %(lt)s."),
    "less_than_equal": gettext_noop("This must be at most %(le)s."),
    "too_short": gettext_noop("At least %(min_length)s entries."),
    "too_long": gettext_noop("At most %(max_length)s entries."),
    "int_parsing": gettext_noop("This must be a whole number."),
    "int_type": gettext_noop("This must be a whole number."),
    "float_parsing": gettext_noop("This must be a number."),
    "bool_parsing": gettext_noop("This must be yes or no."),
    "literal_error": gettext_noop("This is not one of the choices."),
    "enum": gettext_noop("This is not one of the choices."),
}


def shape_refusals(error: ValidationError) -> Refusals:
    """What a shape did not accept. Positions in lists are part of the path."""
    return [
        (".".join(map(str, item["loc"])), _text(item["type"], item.get("ctx", {}), item["msg"]))
        for item in error.errors()
    ]


def refusals_of(error: Exception) -> Refusals | None:
    """What an action refused, None where the error is none of those a person can do something about.

    Errors about fields carry `violations` or `errors`, crossbar's `{path: {rule: {"message": …}}}`; errors of one
    field `field` and `message`; the others are about the whole and explain themselves.
    """
    if isinstance(error, ValidationError):
        return shape_refusals(error)
    broken = getattr(error, "violations", None) or getattr(error, "errors", None)
    if isinstance(broken, Mapping):
        return [(str(path), gettext(_message(rule))) for path, rules in broken.items() for rule in rules.values()]
    field, message = getattr(error, "field", None), getattr(error, "message", None)
    if isinstance(field, str) and isinstance(message, str):
        return [(field, gettext(message))]
    if isinstance(error, AccountError):
        return [("", str(error))]
    if isinstance(error, ApiError) and error.status < 500:
        return [("", _explanation(error))]
    return None


def _explanation(error: ApiError) -> str:
    details = error.data if isinstance(error.data, Mapping) else {}
    said = details.get("message") if "error" in details else details.get("cause")
    return str(said or error.message.replace("_", " "))


def _text(kind: str, context: Mapping[str, Any], fallback: str) -> str:
    words = _WORDS.get(kind)
    if words is None:
        return gettext(fallback.removeprefix("Value error, ")) if fallback else gettext("This is not valid.")
    return gettext(words) % dict(context)


def _message(rule: Any) -> str:
    return str(rule.get("message", "")) if isinstance(rule, Mapping) else str(rule)
