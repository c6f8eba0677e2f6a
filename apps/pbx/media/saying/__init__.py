"""Numbers, dates, times, lengths of time and money as people say them: one file per language, named after it.

A language's file holds one subclass of `Speaker` with what is its own; the words come from num2words and Babel (CLDR)
wherever those are right.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from apps.pbx.media.languages import spoken_language
from apps.pbx.media.speaker import Speaker


class DuplicateSpeaker(Exception):
    """A file of this folder does not hold exactly one speaker."""


@cache
def speakers() -> Mapping[str, Speaker]:
    """Every speaker by language. Raises `DuplicateSpeaker`."""
    found: dict[str, Speaker] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Speaker) and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise DuplicateSpeaker(f"{module.__name__} must hold exactly one speaker, it holds {len(classes)}")
        found[entry.name] = classes[0](entry.name)
    return found


def speaker(tag: str) -> Speaker:
    """Who speaks the language of this tag (`es-mx`: Spanish), English where there is nobody."""
    return speakers()[spoken_language(tag)]
