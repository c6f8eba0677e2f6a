"""Where a switch fetches speech: `/freeswitch/speech/<token>.wav` of the web process.

The token is the recipe itself, signed with the installation's secret key: any web process can answer it, whichever
process wrote it, and nobody else can have a text spoken. Equal recipes have equal addresses, so a switch
(mod_httapi) keeps what it has fetched.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.core import signing

from apps.pbx.media.rendering import Recipe
from kazoo.environment import environment

PATH: Final = "freeswitch/speech/"
_signer: Final = signing.Signer(salt="apps.pbx.media.speech_address")


class BadSpeechAddress(Exception):
    """The token was not made by this installation."""


class _Json:
    """JSON in UTF-8: Django's own serializer writes six characters for each letter beyond Latin-1."""

    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data.decode())


def speech_url(recipe: Recipe) -> str:
    """An http(s) URL, about 130 characters longer than the text."""
    base = environment.public_url if environment.switch_kind == "external" else environment.local_url
    return f"{base}{PATH}{token_of(recipe)}.wav"


def token_of(recipe: Recipe) -> str:
    return _signer.sign_object(list(recipe), serializer=_Json, compress=True).replace(":", ".")


def recipe_of(token: str) -> Recipe:
    """Raises `BadSpeechAddress`."""
    signed, _, signature = token.rpartition(".")
    try:
        engine, voice, language, text = _signer.unsign_object(f"{signed}:{signature}", serializer=_Json)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadSpeechAddress("not an address of this installation") from error
    return Recipe(str(engine), str(voice), str(language), str(text))
