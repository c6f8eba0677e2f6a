"""How a part is heard: a text an engine speaks, or a reference the switch plays; and one reference of many pieces."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.pbx.media.listener import Listener
from apps.pbx.media.rendering import Recipe
from apps.pbx.media.speech_address import speech_url

logger = logging.getLogger(__name__)
#: Characters of one spoken file; a longer text is cut between sentences.
LONGEST_TEXT = 240
#: What the switch takes as one name (`apps.switching.calls.socket_call`), without what would end or split it.
_PLAYABLE = re.compile(r"[^\s\x00-\x1f\x7f$\\'\"!]{1,2048}")
_SENTENCE_END = re.compile(r"(?<=[.!?;。！？；؟])\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Either `text` for an engine (`voice`, `tag` and `engine` empty: the listener's), or `reference`."""

    text: str = ""
    reference: str = ""
    voice: str = ""
    tag: str = ""
    engine: str = ""


#: Heard in place of what is missing.
TONE = Piece(reference="tone_stream://%(200,100,440)")


def reference(pieces: Sequence[Piece], listener: Listener) -> str:
    """What `Call.play()` plays: one name, or `file_string://a!b!c` (mod_dptools)."""
    names = [name for piece in pieces for name in _names(piece, listener)]
    if not names:
        return TONE.reference
    return names[0] if len(names) == 1 else "file_string://" + "!".join(names)


def _names(piece: Piece, listener: Listener) -> list[str]:
    if not piece.text:
        if _PLAYABLE.fullmatch(piece.reference):
            return [piece.reference]
        if piece.reference:
            logger.warning("not a sound that can be played: %r", piece.reference[:80])
        return [TONE.reference]
    return [
        speech_url(
            Recipe(
                engine=piece.engine or listener.engine,
                voice=piece.voice or listener.voice,
                language=piece.tag or listener.tag,
                text=text,
            )
        )
        for text in cut(piece.text)
    ]


def cut(text: str, longest: int = LONGEST_TEXT) -> list[str]:
    """A text in lengths an engine speaks at once, cut after sentences, else after words, else anywhere."""
    found: list[str] = []
    for sentence in filter(None, _SENTENCE_END.split(" ".join(text.split()))):
        for length in _lengths(sentence, longest):
            if found and len(found[-1]) + 1 + len(length) <= longest:
                found[-1] = f"{found[-1]} {length}"
            else:
                found.append(length)
    return found


def _lengths(sentence: str, longest: int) -> list[str]:
    found = []
    while len(sentence) > longest:
        at = sentence.rfind(" ", 1, longest + 1)
        at = at if at > 0 else longest
        found.append(sentence[:at].strip())
        sentence = sentence[at:].strip()
    return [*found, sentence] if sentence else found
