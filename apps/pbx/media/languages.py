"""The languages that prompts are written in, and which of them a tag such as `en-us` (RFC 5646) means."""

from __future__ import annotations

from typing import Final

DEFAULT_LANGUAGE: Final = "en-us"
#: Language subtag → its name in itself.
LANGUAGES: Final = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "it": "Italiano",
    "nl": "Nederlands",
    "ru": "Русский",
    "ar": "العربية",
    "zh": "中文",
}
_OTHER_NAMES = {"cmn": "zh", "arb": "ar", "mandarin": "zh"}


def normal(tag: str) -> str:
    """A tag as we write it: small letters and dashes (`en_US` is `en-us`)."""
    return tag.strip().lower().replace("_", "-")


def spoken_language(tag: str) -> str:
    """The language of `LANGUAGES` that a tag means, by its first subtag; English for one we do not have."""
    subtag = normal(tag).partition("-")[0]
    subtag = _OTHER_NAMES.get(subtag, subtag)
    return subtag if subtag in LANGUAGES else "en"


def is_spoken(tag: str) -> bool:
    """Whether there are prompts in it."""
    subtag = normal(tag).partition("-")[0]
    return _OTHER_NAMES.get(subtag, subtag) in LANGUAGES
