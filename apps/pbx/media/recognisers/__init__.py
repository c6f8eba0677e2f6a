"""What understands callers who speak, found by scanning this folder: one file per recogniser, named after it.

A recogniser is given what the caller said as a recording and answers with the words. Where none is ready, callers press
keys instead (see the verb `detect_speech`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import ClassVar

from apps.foundation.kit.folders import class_of_each_file


class RecognitionFailed(Exception):
    """The recogniser did not answer. The text says why."""


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
    """Every recogniser by name. Raises `NotOneClass`."""
    found: dict[str, Recogniser] = {}
    for name, recogniser in class_of_each_file(__name__, Recogniser).items():
        recogniser.name = name
        found[name] = recogniser()
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
