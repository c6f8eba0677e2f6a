"""Why a document was refused, in a reader's words: from a shape's checks and from what actions raise."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext, gettext_noop
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
    "regex": gettext_noop("This regular expression is not accepted."),
}


#: Rules of crossbar's violations, for messages that are in English only.
_RULES: dict[str, str] = {
    "unique": gettext_noop("This is taken already."),
    "not_found": gettext_noop("This does not exist."),
    "required": gettext_noop("This field is required."),
    "forbidden": gettext_noop("This is not allowed."),
    "invalid": gettext_noop("This is not right."),
    "pattern": gettext_noop("This does not have the right form."),
}
#: Messages of the shapes' own checks.
_KNOWN = (
    gettext_noop("Not a MAC address: twelve hexadecimal digits"),
    gettext_noop("Neither an IP address nor a network (192.0.2.0/24)"),
    gettext_noop("The network is too wide to be one carrier's"),
    gettext_noop("not a time zone of the IANA database"),
    gettext_noop("Username must be unique"),
    gettext_noop("This is not your password"),
    gettext_noop("Another device has this MAC address"),
    gettext_noop("Numbers cannot be created in this state"),
    gettext_noop("Changing the username needs the password"),
    gettext_noop("A password needs a username"),
)


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
        return [(str(path), _said(name, rule)) for path, rules in broken.items() for name, rule in rules.items()]
    field, message = getattr(error, "field", None), getattr(error, "message", None)
    if isinstance(field, str) and isinstance(message, str):
        return [(field, _said(str(getattr(error, "rule", "")), {"message": message}))]
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


def _said(rule: str, details: Any) -> str:
    """The message in the reader's language; where there is no translation of it, the words for its rule."""
    message = str(details.get("message", "")) if isinstance(details, Mapping) else str(details)
    translated = gettext(message) if message else ""
    if translated == message and rule in _RULES and (get_language() or "en").partition("-")[0] != "en":
        return gettext(_RULES[rule])
    return translated
