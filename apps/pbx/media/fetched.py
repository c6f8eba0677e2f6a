"""Customers' http(s) sounds: fetched by us and never by the switch, which would follow a redirect anywhere and resolve
a name once more.

The switch is given `/freeswitch/fetched/<token>.wav` of the web process; the token is the customer's URL, signed. What
is behind it is fetched through `kit.outbound`, must be a sound, and is kept as a WAV in `KAZOO_HOME/fetched` for a
while; what was not used for longest goes first when the folder grows over its bound.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from django.core import signing

from apps.foundation.kit.outbound import Limits, NotReachable, send
from apps.foundation.storage.queries import served_from
from apps.pbx.media.conversion import BadAudio, convert
from kazoo.environment import environment

logger = logging.getLogger(__name__)
PATH: Final = "freeswitch/fetched/"
LARGEST: Final = 32 * 1024 * 1024
LIMITS: Final = Limits(seconds=15, size=LARGEST, redirects=5)
#: Seconds a sound is played without asking for it again.
FRESH: Final = 600
#: Bytes of all sounds that are kept.
MOST: Final = 512 * 1024 * 1024
_signer: Final = signing.Signer(salt="apps.pbx.media.fetched")


class NotFetched(Exception):
    """There is no such sound: the token is not ours, nobody answers, or what came is none."""


def fetched_url(url: str) -> str:
    """The name the switch plays it by."""
    return f"{served_from()}{PATH}{_signer.sign_object(url, compress=True).replace(':', '.')}.wav"


def url_of(token: str) -> str:
    """Raises NotFetched."""
    signed, _, signature = token.rpartition(".")
    try:
        return str(_signer.unsign_object(f"{signed}:{signature}"))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise NotFetched("not an address of this installation") from error


def fetched(url: str) -> bytes:
    """The sound as a WAV of 16 kHz. Blocks while it is fetched. Raises NotFetched.

    A sound that was had before is played on where it cannot be had anew.
    """
    path = _folder() / f"{hashlib.sha256(url.encode()).hexdigest()}.wav"
    kept, age = _read(path)
    if kept is not None and age < FRESH:
        return kept
    try:
        wave = _get(url)
    except NotFetched as error:
        logger.warning("sound %s: %s", url[:200], error)
        if kept is not None:
            return kept
        raise
    _keep(path, wave)
    return wave


def _get(url: str) -> bytes:
    try:
        answer = send("GET", url, headers={"Accept": "audio/*"}, limits=LIMITS)
    except NotReachable as error:
        raise NotFetched(str(error)) from error
    if not answer.is_success:
        raise NotFetched(f"the address answered {answer.status_code}")
    try:
        converted = convert(answer.content)
    except BadAudio as error:
        raise NotFetched(error.message) from error
    try:
        return converted.wide.read()
    finally:
        converted.close()


def _folder() -> Path:
    return environment.home / "fetched"


def _read(path: Path) -> tuple[bytes | None, float]:
    try:
        return path.read_bytes(), time.time() - path.stat().st_mtime
    except OSError:
        return None, 0.0


def _keep(path: Path, wave: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as draft:
            draft.write(wave)
        Path(draft.name).replace(path)
        _sweep(path.parent)
    except OSError:
        logger.exception("sound: %s cannot be written", path)


def _sweep(folder: Path) -> None:
    found = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(folder))
    total = sum(size for _age, size, _path in found)
    for _age, size, path in found:
        if total <= MOST:
            return
        Path(path).unlink(missing_ok=True)
        total -= size
