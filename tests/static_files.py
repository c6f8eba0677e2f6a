"""The static files are looked for once, and not by each of six thousand test clients: it took longer than what they
asked for."""

from __future__ import annotations

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

_found: dict[str, dict[str, Any]] = {}


def found_once() -> None:
    """Let every WhiteNoise of this process share what the first one found, by the address it serves them at."""
    look = WhiteNoiseMiddleware.add_files_from_finders

    def add(middleware: Any) -> None:
        if middleware.static_prefix not in _found:
            look(middleware)
            _found[middleware.static_prefix] = dict(middleware.files)
        middleware.files.update(_found[middleware.static_prefix])

    WhiteNoiseMiddleware.add_files_from_finders = add
