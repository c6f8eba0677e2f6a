"""Reading media. Everything here runs inside `account_scope`.

A *reference* is what `Call.play` takes. `wide` asks for the 16 kHz form, for calls whose codec carries it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from apps.foundation.kit.ids import is_id
from apps.foundation.storage.models import StoredFile
from apps.foundation.storage.queries import switch_url
from apps.pbx.media.languages import normal
from apps.pbx.media.models import Media
from apps.pbx.media.pieces import cut
from apps.pbx.media.rendering import Recipe
from apps.pbx.media.speech_address import speech_url

#: Pieces of a playlist in one reference: the switch takes a name of some 2,000 characters.
MOST_PIECES = 10
LONGEST_REFERENCE = 2000


def find_media(media_id: str) -> Media | None:
    """A medium of the scope's account."""
    found: Media | None = Media.objects.filter(id=media_id).first() if is_id(media_id) else None
    return found


def playable(media_id: str, *, wide: bool = False) -> str:
    """The reference of a medium; empty for one that is not there or has no sound yet. A playlist is all of its media,
    or as many of them as one reference holds, from another place in it each time."""
    media = find_media(media_id)
    if media is None:
        return ""
    if media.media_source != "playlist":
        return references([media], wide=wide).get(media.id, "")
    return _joined(_tracks(media, wide=wide), shuffle=bool(media.playlist.get("shuffle")))


def references(media: Iterable[Media], *, wide: bool = False) -> dict[str, str]:
    """By id, for media with a sound that are no playlists. One query."""
    wanted = list(media)
    files = {one.id: one.wide_id if wide else one.narrow_id for one in wanted if one.narrow_id}
    stored = StoredFile.objects.in_bulk(list(files.values())) if files else {}
    found = {media_id: switch_url(stored[file_id]) for media_id, file_id in files.items() if file_id in stored}
    return found | {one.id: _spoken(one) for one in wanted if one.media_source == "tts" and one.tts.get("text")}


def prompt_override(prompt_id: str, language: str, *, wide: bool = False) -> str:
    """The account's own sound for a prompt, empty where it has none: in this language (`es-mx`), else in any form of
    it (`es`, `es-es`)."""
    return prompt_overrides([prompt_id], language, wide=wide).get(prompt_id, "")


def prompt_overrides(prompt_ids: Sequence[str], language: str, *, wide: bool = False) -> dict[str, str]:
    """The same for several prompts, in two queries."""
    tag = normal(language)
    first = tag.partition("-")[0]
    rows = list(Media.objects.filter(prompt_id__in=list(prompt_ids)))
    chosen: dict[str, Media] = {}
    for row in sorted(rows, key=lambda row: (row.language != tag, row.language != first, row.language)):
        if row.language == tag or row.language.partition("-")[0] == first:
            chosen.setdefault(row.prompt_id, row)
    found = references(chosen.values(), wide=wide)
    return {prompt_id: found[row.id] for prompt_id, row in chosen.items() if row.id in found}


def has_prompt(prompt_id: str) -> bool:
    """Whether the account has a sound of its own for a prompt, in whatever language."""
    return bool(Media.objects.filter(prompt_id=prompt_id).exists())


def recipes(media: Media) -> list[Recipe]:
    """What an engine is asked to say for a medium that is spoken, in pieces."""
    voice, tag = voice_of(str(media.tts.get("voice") or ""), media.language)
    return [Recipe(engine="", voice=voice, language=tag, text=text) for text in cut(str(media.tts.get("text") or ""))]


def voice_of(voice: str, language: str) -> tuple[str, str]:
    """Crossbar's `female/en-US` as a voice and a language tag. The medium's own language wins where it names another
    language than the voice does, since `female/en-US` is the default."""
    who, _, tag = voice.partition("/")
    if who.lower() not in ("female", "male"):
        return voice, language
    same = normal(tag).partition("-")[0] == normal(language).partition("-")[0]
    return who.lower(), normal(tag) if tag and same else language


def known_ids(media_ids: Iterable[str]) -> set[str]:
    """Those that are media with a sound of their own."""
    return set(
        Media.objects.filter(id__in=list(media_ids)).exclude(media_source="playlist").values_list("id", flat=True)
    )


def _spoken(media: Media) -> str:
    names = [speech_url(recipe) for recipe in recipes(media)]
    return names[0] if len(names) == 1 else f"file_string://{'!'.join(names)}" if names else ""


def _tracks(playlist: Media, *, wide: bool) -> list[str]:
    ids = [str(one) for one in playlist.playlist.get("media") or ()]
    found: Mapping[str, str] = references(Media.objects.filter(id__in=ids).exclude(media_source="playlist"), wide=wide)
    return [found[one] for one in ids if one in found]


def _joined(tracks: list[str], *, shuffle: bool) -> str:
    source = random.SystemRandom()
    if shuffle:
        source.shuffle(tracks)
    elif len(tracks) > MOST_PIECES:
        start = source.randrange(len(tracks))
        tracks = tracks[start:] + tracks[:start]
    return _joined_whole(tracks[:MOST_PIECES])


def _joined_whole(tracks: Sequence[str]) -> str:
    """One name, or mod_dptools' `file_string://a!b`. What does not fit is left out at the end."""
    names: list[str] = []
    for track in tracks:
        more = [*names, *track.removeprefix("file_string://").split("!")]
        if names and len("file_string://") + len("!".join(more)) > LONGEST_REFERENCE:
            break
        names = more
    return names[0] if len(names) == 1 else f"file_string://{'!'.join(names)}" if names else ""
