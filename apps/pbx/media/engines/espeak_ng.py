from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from apps.pbx.media.engines import Engine, EngineFailed

_PROGRAM = Path(__file__).parent.parent / "espeak_program.py"
_SECONDS = 20
_WORDS_PER_MINUTE = 155
#: Voices of eSpeak NG by tag; the longest tag that fits is taken.
_LANGUAGES = {
    "en": "en-us", "en-gb": "en-gb", "en-au": "en-gb", "en-nz": "en-gb", "en-ie": "en-gb", "en-za": "en-gb",
    "en-in": "en-gb", "es": "es", "es-us": "es-419", "es-mx": "es-419", "es-419": "es-419", "es-ar": "es-419",
    "es-co": "es-419", "fr": "fr-fr", "fr-be": "fr-be", "fr-ch": "fr-ch", "de": "de", "pt": "pt-br", "pt-pt": "pt",
    "it": "it", "nl": "nl", "ru": "ru", "ar": "ar", "zh": "cmn", "zh-hk": "yue", "zh-mo": "yue",
}  # fmt: skip
_VARIANTS = {"female": "f2", "male": "m3", "": "f2"}


class EspeakNg(Engine):
    """eSpeak NG (GPL 3, a program of its own): the one on the PATH, else the library of the espeakng-loader wheel."""

    rank = 30

    def missing(self) -> str:
        return "" if _command() else "neither the program espeak-ng nor the wheel espeakng-loader is installed"

    def fingerprint(self) -> str:
        return Path(_command()[0]).name

    def speak(self, text: str, language: str, voice: str) -> bytes:
        command = _command()
        if not command:
            raise EngineFailed(self.missing())
        asked = ["-v", espeak_voice(language, voice), "-s", str(_WORDS_PER_MINUTE), "-b", "1", "--stdout", "--stdin"]
        try:
            done = subprocess.run(
                [*command, *asked], input=text.encode(), capture_output=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineFailed(str(error)) from error
        if done.returncode != 0 or len(done.stdout) <= 44:
            raise EngineFailed(done.stderr.decode(errors="replace").strip()[:300] or "it made no sound")
        return done.stdout


def espeak_voice(language: str, voice: str) -> str:
    """`es-419+f2` for Mexican Spanish in a woman's voice. A name of a variant (`m5`, `Annie`) is taken as it is."""
    found = _LANGUAGES.get(language) or _LANGUAGES.get(language.partition("-")[0]) or _LANGUAGES["en"]
    variant = _VARIANTS.get(voice.lower())
    if variant is None:
        variant = voice if voice.isalnum() and len(voice) <= 16 else _VARIANTS[""]
    return f"{found}+{variant}"


@cache
def _command() -> tuple[str, ...]:
    if program := shutil.which("espeak-ng"):
        return (program,)
    if find_spec("espeakng_loader") is not None:
        return (sys.executable, "-I", str(_PROGRAM))
    return ()
