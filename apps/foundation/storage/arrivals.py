"""Who is told when an awaited file is here. An app registers for its kind in `AppConfig.ready`:

    when_stored("voicemail", attach_message)

A reaction runs inside the account's scope and the transaction that marks the file as stored; a file is stored once, so
a reaction runs once.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.foundation.storage.models import StoredFile

Reaction = Callable[[StoredFile], None]
_reactions: dict[str, list[Reaction]] = {}


def when_stored(kind: str, reaction: Reaction) -> None:
    """Registering a reaction twice does nothing."""
    known = _reactions.setdefault(kind, [])
    if reaction not in known:
        known.append(reaction)


def forget(kind: str, reaction: Reaction) -> None:
    _reactions[kind].remove(reaction)


def arrived(file: StoredFile) -> None:
    """Tell everybody who waits for files of this kind."""
    for reaction in _reactions.get(file.kind, ()):
        reaction(file)
