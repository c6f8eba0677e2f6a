"""Numbers, dates, times, lengths of time and money as people say them: one file per language, named after it.

A language's file holds one subclass of `Speaker` with what is its own; the words come from num2words and Babel (CLDR)
wherever those are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from apps.foundation.kit.folders import class_of_each_file
from apps.pbx.media.languages import spoken_language
from apps.pbx.media.speaker import Speaker


@cache
def speakers() -> Mapping[str, Speaker]:
    """Every speaker by language. Raises `NotOneClass`."""
    return {language: speaker(language) for language, speaker in class_of_each_file(__name__, Speaker).items()}


def speaker(tag: str) -> Speaker:
    """Who speaks the language of this tag (`es-mx`: Spanish), English where there is nobody."""
    return speakers()[spoken_language(tag)]
