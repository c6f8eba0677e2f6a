"""The programs and services that speak, found by scanning this folder: one file per engine, named after it.

An engine's file holds one subclass of `Engine`. `KAZOO_SPEECH_ENGINE` names the installation's; an account
(`tts.engine`) and the verb `tts` may name another one that is ready. Where none can speak, `tone` sounds, and that is
logged as an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import ClassVar

from apps.foundation.kit.folders import class_of_each_file
from kazoo.environment import environment

logger = logging.getLogger(__name__)
AUTOMATIC = "auto"


class EngineFailed(Exception):
    """The engine did not speak. The text says why."""


class Engine:
    """Something that turns a text into sound."""

    name: ClassVar[str]
    #: Among engines that are ready, `auto` takes the smallest.
    rank: ClassVar[int] = 50

    def missing(self) -> str:
        """What it lacks to speak at all, as a sentence; empty where it is ready."""
        return ""

    def fingerprint(self) -> str:
        """What, beside its name, the sound depends on: another model or program makes other files."""
        return ""

    def speak(self, text: str, language: str, voice: str) -> bytes:
        """A WAV with 16-bit samples. `language` is a tag in small letters (`es-mx`); `voice` `male`, `female`, empty or
        a name of the engine's own. Blocks. Raises `EngineFailed`."""
        raise NotImplementedError


@cache
def engines() -> Mapping[str, Engine]:
    """Every engine by name. Raises `NotOneClass`."""
    found: dict[str, Engine] = {}
    for name, engine in class_of_each_file(__name__, Engine).items():
        engine.name = name
        found[name] = engine()
    return found


def chosen_engine(name: str = "") -> Engine:
    """The engine of this name where there is one that is ready, else the installation's."""
    if (wanted := engines().get(name)) is not None and not wanted.missing():
        return wanted
    return _default()


def engines_after(name: str = "") -> Iterator[Engine]:
    """The chosen engine, and those that stand in when it fails, `tone` last."""
    first = chosen_engine(name)
    yield first
    yield from (engine for engine in _ready() if engine is not first)


@cache
def _default() -> Engine:
    wanted = environment.speech_engine
    if wanted != AUTOMATIC:
        named = engines().get(wanted)
        missing = f"there is no engine of this name ({', '.join(engines())})" if named is None else named.missing()
        if named is not None and not missing:
            return named
        logger.error("KAZOO_SPEECH_ENGINE=%s cannot be used: %s", wanted, missing)
    return _ready()[0]


@cache
def _ready() -> list[Engine]:
    return sorted((engine for engine in engines().values() if not engine.missing()), key=lambda engine: engine.rank)


def announce() -> str:
    """Say in the log which engine speaks; an error where callers will hear tones. Returns its name."""
    engine = _default()
    if engine.name == "tone":
        reasons = "; ".join(f"{other.name}: {other.missing()}" for other in engines().values() if other.missing())
        logger.error("NOBODY CAN SPEAK: callers hear a tone in place of every prompt. %s", reasons)
    else:
        logger.info("speech: %s speaks", engine.name)
    return engine.name


def forget() -> None:
    """Look again which engines are ready."""
    _default.cache_clear()
    _ready.cache_clear()
