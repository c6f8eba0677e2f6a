"""What a callflow may have played, in every way KAZOO names a sound:

    0123456789abcdef0123456789abcdef     a medium of the account (an upload, a text, a playlist)
    prompt://<account>/<prompt>/<lang>   a prompt in a language; of the call's own account, whatever it says
    /system_media/<prompt>               a prompt in the caller's language, also as <lang>/<prompt>
    tone_stream://…  %(…)  silence_stream://…  http(s)://…

`playable` takes all of them; `sound` only those of the last line, which need no look-up.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.ids import is_id
from apps.pbx.media import queries
from apps.pbx.media.languages import is_spoken
from apps.pbx.media.outside import NoSuchSound, outside_sound
from apps.pbx.media.prompts import prompts
from apps.pbx.media.speech import Prompt
from apps.pbx.media.speech import sound as spoken
from apps.switching.calls.port import Call

__all__ = ["NoSuchSound", "is_wide", "playable", "playable_or_none", "sound", "sound_or_none"]

_PROMPT_URL = re.compile(r"prompt://[^/]{1,64}/([A-Za-z0-9._-]{1,128})(?:/([A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*))?")
_SYSTEM_MEDIA = re.compile(r"/?system_media/(?:([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)/)?([A-Za-z0-9._-]{1,128})")
_OF_LANGUAGE = re.compile(r"([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)/([A-Za-z0-9._-]{1,128})")


async def playable(call: Call, reference: str) -> str:
    """The switch's name for what a callflow names. Raises `NoSuchSound`."""
    reference = unquote(reference.strip()) if "://" not in reference or reference.startswith("prompt:") else reference
    if is_id(reference):
        found = await in_account(call.account_id, queries.playable, reference, wide=is_wide(call))
        if not found:
            raise NoSuchSound("the account has no such media, or nothing was uploaded yet")
        return found
    named = _prompt_of(reference)
    if named is None:
        return outside_sound(reference)
    prompt_id, language = named
    if prompt_id not in prompts() and not await in_account(call.account_id, queries.has_prompt, prompt_id):
        raise NoSuchSound(f"there is no prompt {prompt_id}")
    return await spoken(call, Prompt(prompt_id), language=language)


async def playable_or_none(call: Call, reference: str | None) -> str:
    """The same, empty for nothing or for what cannot be played."""
    try:
        return await playable(call, reference) if reference else ""
    except NoSuchSound:
        return ""


def sound(reference: str) -> str:
    """The switch's name for a tone, a silence or an http(s) URL. Raises `NoSuchSound`."""
    return outside_sound(reference)


def sound_or_none(reference: str | None) -> str:
    """The same, empty for nothing or for what cannot be played."""
    try:
        return outside_sound(reference) if reference else ""
    except NoSuchSound:
        return ""


def is_wide(call: Call) -> bool:
    """Whether the call's codec carries more than the telephone's 8 kHz."""
    rate = call.variables.get("read_rate", "")
    return rate.isdigit() and int(rate) > 8_000


def _prompt_of(reference: str) -> tuple[str, str] | None:
    """`(prompt id, language)`, the language empty for the caller's."""
    if match := _PROMPT_URL.fullmatch(reference):
        return match[1], match[2] or ""
    match = _SYSTEM_MEDIA.fullmatch(reference) or _OF_LANGUAGE.fullmatch(reference)
    if match is None or (match[1] and not is_spoken(match[1])):
        return None
    return match[2], match[1] or ""
