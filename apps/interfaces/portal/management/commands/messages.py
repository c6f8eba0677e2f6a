"""Collect the texts of the web for translators, and compile what they wrote."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.interfaces.portal.verbs import words

WORDS = Path(settings.BASE_DIR) / "apps/interfaces/portal/verb_words.py"
LONGEST_LINE = 120
IGNORED = [".venv", "tests", "docs", "benchmarks", "deploy", "static", ".kazoo*"]


def verb_words() -> str:
    """The source of `verb_words.py`: the verbs' texts where `makemessages` finds them."""
    lines = [f"    gettext_noop({_quoted(word)})," for word in words()]
    return "\n".join(
        [
            '"""The texts of the callflow verbs, for translators. Written by `manage.py messages`; do not edit."""',
            "",
            *(["# ruff: noqa: E501", "# fmt: off"] if any(len(line) > LONGEST_LINE for line in lines) else []),
            "from django.utils.translation import gettext_noop",
            "",
            "WORDS = (",
            *lines,
            ")",
            "",
        ]
    )


class Command(BaseCommand):
    help = "Write verb_words.py and the catalogs in locale/, and compile them. Needs GNU gettext."

    def handle(self, *args: Any, **options: Any) -> None:
        WORDS.write_text(verb_words())
        languages = [code for code, _name in settings.LANGUAGES]
        for language in languages:
            (settings.LOCALE_PATHS[0] / language).mkdir(parents=True, exist_ok=True)
        patterns = {"ignore_patterns": IGNORED, "no_location": True, "no_obsolete": True, "no_wrap": True}
        call_command("makemessages", locale=languages, verbosity=0, **patterns)
        call_command("compilemessages", locale=languages, ignore_patterns=IGNORED, verbosity=0)
        call_command("prompts")  # their own catalogues, beside these


def _quoted(word: str) -> str:
    text = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
