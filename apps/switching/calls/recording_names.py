"""Names of files the switch records: relative, below the node's recordings directory, and nowhere else."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*){0,7}\.(wav|mp3|tif)")
MOST_CHARACTERS = 240


def recording_name(file: str) -> str:
    """The name, or ValueError for one that leads elsewhere or that the switch would read as something else.

    Folders and the file are of letters, digits, `_` and `-`; the ending is `.wav` (recordings), `.mp3` (where the
    node has mod_shout) or `.tif` (faxes).
    """
    if len(file) > MOST_CHARACTERS or not _NAME.fullmatch(file):
        raise ValueError(f"not a recording's name: {file[:80]!r}")
    return file


def path_below(directory: str, file: str) -> str:
    """Where it lies on a node whose recordings directory is `directory`. Raises ValueError."""
    if not directory.startswith("/"):
        raise ValueError(f"the node's recordings directory is not absolute: {directory[:80]!r}")
    return f"{directory.rstrip('/')}/{recording_name(file)}"


def name_below(directory: str, path: str) -> str:
    """The other way round: the relative name of an absolute path. Raises ValueError for one that is not below."""
    start = f"{directory.rstrip('/')}/"
    if not directory.startswith("/") or not path.startswith(start):
        raise ValueError(f"not below {directory[:80]!r}: {path[:80]!r}")
    return recording_name(path.removeprefix(start))
