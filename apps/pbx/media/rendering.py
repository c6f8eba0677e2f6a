"""Speech as a file: a recipe says what is spoken and how; `render` makes the WAV once and keeps it.

A file is kept by the SHA-256 of its recipe below `KAZOO_HOME/speech`, written beside and renamed, so that a reader
never sees half of one. What was not used for longest goes first when the folder grows over its bound.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from apps.pbx.media.engines import EngineFailed, chosen_engine, engines_after
from apps.pbx.media.languages import normal
from apps.pbx.media.wave import SAMPLE_RATE, telephone_wave
from kazoo.environment import environment

logger = logging.getLogger(__name__)
#: Counts up when recipes are to sound otherwise than before.
EDITION = 1
_WRITES_BETWEEN_SWEEPS = 100


class Recipe(NamedTuple):
    """`engine` and `voice` empty for the installation's; `language` a tag such as `es-mx`."""

    engine: str
    voice: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A WAV (16 bits, one channel, 16 kHz) and the digest of its recipe. `is_kept` where it will be the same next
    time: it is not while another engine stands in for the one that was asked for."""

    wave: bytes
    digest: str
    is_kept: bool


class _Writes:
    """Counts what this process has put into the folder."""

    lock = threading.Lock()
    count = 0


def folder() -> Path:
    return environment.home / "speech"


def digest_of(recipe: Recipe) -> str:
    engine = chosen_engine(recipe.engine)
    parts = [
        EDITION,
        SAMPLE_RATE,
        engine.name,
        engine.fingerprint(),
        recipe.voice,
        normal(recipe.language),
        recipe.text,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def render(recipe: Recipe) -> Rendered:
    """Blocks while the engine speaks. Never raises: an engine that fails is logged and the next one speaks, the last
    of them a tone."""
    digest = digest_of(recipe)
    path = folder() / digest[:2] / f"{digest}.wav"
    if (kept := _read(path)) is not None:
        return Rendered(kept, digest, is_kept=True)
    for place, engine in enumerate(engines_after(recipe.engine)):
        try:
            wave = telephone_wave(engine.speak(recipe.text, normal(recipe.language), recipe.voice))
        except EngineFailed as failure:
            logger.error("speech: %s could not say %r in %s: %s", engine.name, recipe.text, recipe.language, failure)
            continue
        except Exception:
            logger.exception("speech: %s could not say %r in %s", engine.name, recipe.text, recipe.language)
            continue
        if place == 0:
            _keep(path, wave)
        return Rendered(wave, digest, is_kept=place == 0)
    raise AssertionError("the last engine always makes a sound")


def _read(path: Path) -> bytes | None:
    try:
        wave = path.read_bytes()
        os.utime(path)
    except FileNotFoundError:
        return None
    except OSError:
        logger.exception("speech: %s cannot be read", path)
        return None
    return wave


def _keep(path: Path, wave: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as draft:
            draft.write(wave)
        Path(draft.name).replace(path)
    except OSError:
        logger.exception("speech: %s cannot be written", path)
        return
    with _Writes.lock:
        _Writes.count += 1
        due = _Writes.count % _WRITES_BETWEEN_SWEEPS == 1
    if due:
        sweep(environment.speech_cache_megabytes * 1024 * 1024)


def sweep(most: int) -> int:
    """Remove what was not used for longest until no more than `most` bytes are left. Returns how many files went."""
    found: list[tuple[float, int, Path]] = []
    for path in folder().glob("*/*.wav"):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((status.st_mtime, status.st_size, path))
    total, removed = sum(size for _used, size, _path in found), 0
    for _used, size, path in sorted(found):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total -= size
        removed += 1
    return removed
