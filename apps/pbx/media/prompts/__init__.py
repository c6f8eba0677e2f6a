"""The prompts: what the system says, by KAZOO's ids, in English here and in other languages in `locale/`.

One module per family. `PROMPTS` holds id → text; `PLURALS` id → (text for one, text for many), in which `{count}` is
the number in words. A language whose words agree with what is counted writes `{count:feminine}` or `{count:neuter}`.
Translators find the texts in `locale/<language>/LC_MESSAGES/prompts.po`, each with its id as context.
"""

from __future__ import annotations

import gettext
import logging
import pkgutil
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from apps.pbx.media.saying import speaker
from apps.pbx.media.speaker import Gender
from kazoo.variables import REPOSITORY

logger = logging.getLogger(__name__)
DOMAIN = "prompts"
FOLDER: Path = REPOSITORY / "locale"
COUNT = re.compile(r"\{count(?::(masculine|feminine|neuter))?\}")
_GENDERS: dict[str, Gender] = {"masculine": "masculine", "feminine": "feminine", "neuter": "neuter"}


class NoSuchPrompt(LookupError):
    """No prompt has this id."""


class DuplicatePrompt(Exception):
    """Two families claim one id."""


@cache
def prompts() -> Mapping[str, str]:
    """Every prompt's English text, by id. Raises `DuplicatePrompt`."""
    return _collected("PROMPTS")


@cache
def plurals() -> Mapping[str, tuple[str, str]]:
    """Those with a count: the English texts for one and for many, by id. Raises `DuplicatePrompt`."""
    return _collected("PLURALS")


def text_of(prompt_id: str, tag: str) -> str:
    """What the prompt says in the language of the tag. Raises `NoSuchPrompt`."""
    try:
        english = prompts()[prompt_id]
    except KeyError:
        raise NoSuchPrompt(prompt_id) from None
    return _catalog(speaker(tag).language).pgettext(prompt_id, english)


def counted_text(prompt_id: str, count: int, tag: str) -> str:
    """The same for one with a count. Raises `NoSuchPrompt`."""
    try:
        one, many = plurals()[prompt_id]
    except KeyError:
        raise NoSuchPrompt(prompt_id) from None
    says = speaker(tag)
    text = _catalog(says.language).npgettext(prompt_id, one, many, abs(count))
    return COUNT.sub(lambda place: says.number(count, _GENDERS[place[1] or "masculine"]), text)


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    try:
        return gettext.translation(DOMAIN, FOLDER, [language])
    except OSError:
        logger.error("there are no prompts in %s: English is spoken", language)
        return gettext.NullTranslations()


def _collected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in pkgutil.iter_modules(__path__):
        texts: Mapping[str, Any] = getattr(import_module(f"{__name__}.{entry.name}"), name, {})
        if twice := found.keys() & texts.keys():
            raise DuplicatePrompt(f"{', '.join(sorted(twice))} in {entry.name} and before")
        found |= texts
    return dict(sorted(found.items()))
