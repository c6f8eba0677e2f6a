"""Regular expressions that customers write. They run on every call, so one that can take for ever is refused.

Python's matcher backtracks: `(a+)+` takes twice as long with every character more. A repeat around anything that can
match in several ways is refused, so are back references; of what is left the number of ways to try a text is known, and
limited.
"""

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

LONGEST_TEXT = 128
#: Two repeats without an end and a few options, or three behind a `^`: a fifth of a second at the very worst.
MOST_WAYS = 2**22

_parser: Any = import_module("re._parser")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_REFUSED = ("GROUPREF", "GROUPREF_EXISTS")


class BadPattern(ValueError):
    """Not a regular expression, or one that could take too long."""


@lru_cache(maxsize=4096)
def compile_pattern(text: str) -> re.Pattern[str]:
    """Raises BadPattern."""
    try:
        compiled = re.compile(text)
        tree = _parser.parse(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(_("not a regular expression: %(error)s") % {"error": error}) from None
    starts = 1 if text.startswith("^") else LONGEST_TEXT
    if starts * _ways(tree) > MOST_WAYS:
        raise BadPattern(_("too many repeats: it could take too long"))
    return compiled


def search(text: str, subject: str) -> re.Match[str] | None:
    """Where the pattern is found in `subject`; a subject too long to be dialled is never matched. Raises BadPattern."""
    return compile_pattern(text).search(subject) if len(subject) <= LONGEST_TEXT else None


def _ways(tree: Any) -> int:
    """In how many ways the matcher may have to try a text. Raises BadPattern for repeats inside repeats."""
    ways = 1
    for operation, argument in tree:
        name = str(operation)
        if name in _REFUSED:
            raise BadPattern(_("back references are not allowed"))
        if name == "BRANCH":
            ways *= sum(_ways(alternative) for alternative in argument[1])
        elif name in _REPEATS:
            least, most, inner = argument
            if most > 1 and _is_ambiguous(inner):
                raise BadPattern(_("a repeated group must not hold repeats or alternatives"))
            ways *= _ways(inner) * max(1, min(int(most), LONGEST_TEXT) - int(least) + 1)
        else:
            for inner in _children(name, argument):
                ways *= _ways(inner)
    return ways


def _is_ambiguous(tree: Any) -> bool:
    for operation, argument in tree:
        name = str(operation)
        if name == "BRANCH" or (name in _REPEATS and argument[0] != argument[1]):
            return True
        if name in _REPEATS and _is_ambiguous(argument[2]):
            return True
        if any(_is_ambiguous(inner) for inner in _children(name, argument)):
            return True
    return False


def _children(name: str, argument: Any) -> list[Any]:
    if name == "BRANCH":
        return list(argument[1])
    if name == "SUBPATTERN":
        return [argument[3]]
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "ATOMIC_GROUP":
        return [argument]
    return []
