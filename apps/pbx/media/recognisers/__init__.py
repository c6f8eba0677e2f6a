"""What understands callers who speak, found by scanning this folder: one file per recogniser, named after it.

A recogniser is given what the caller said as a recording and answers with the words. Where none is ready, callers press
keys instead (see the verb `detect_speech`).
"""

from __future__ import annotations

import pkgutil
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import ClassVar


class RecognitionFailed(Exception):
    """The recogniser did not answer. The text says why."""


class DuplicateRecogniser(Exception):
    """A file of this folder does not hold exactly one recogniser."""


class Recogniser:
    """Something that turns sound into a text."""

    name: ClassVar[str]

    def missing(self) -> str:
        """What it lacks to work at all, as a sentence; empty where it is ready."""
        return ""

    def words(self, wave: bytes, language: str, expected: Iterable[str]) -> str:
        """What is said in a WAV, empty for nothing. `expected` are the phrases that were offered. Blocks. Raises
        `RecognitionFailed`."""
        raise NotImplementedError


@cache
def recognisers() -> Mapping[str, Recogniser]:
    """Every recogniser by name. Raises `DuplicateRecogniser`."""
    found: dict[str, Recogniser] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Recogniser) and value.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise DuplicateRecogniser(f"{module.__name__} must hold exactly one recogniser, it holds {len(classes)}")
        classes[0].name = entry.name
        found[entry.name] = classes[0]()
    return found


def ready_recogniser(name: str = "") -> Recogniser | None:
    """The one of this name where it is ready, else any that is, else None."""
    ready = {one.name: one for one in recognisers().values() if not one.missing()}
    return ready.get(name) or next(iter(ready.values()), None)


def phrase_in(said: str, phrases: Iterable[str]) -> str:
    """Which of the phrases was said: the longest whose words are all there, in their order. Empty for none."""
    heard = f" {_plain(said)} "
    found = [phrase for phrase in phrases if _plain(phrase) and f" {_plain(phrase)} " in heard]
    return max(found, key=len, default="")


def _plain(text: str) -> str:
    """Small letters without accents and signs, one space between words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one if one.isalnum() else " " for one in letters if not unicodedata.combining(one)).split())
