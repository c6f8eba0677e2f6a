"""Fields for lists of texts."""

import re
from typing import Any

from django import forms

from apps.foundation.kit.phone_numbers import NotANumber, to_e164


class WordsField(forms.CharField):
    """A list of words, entered with commas or spaces between them. Phone numbers may be written with spaces inside
    where commas stand between them; those that begin with `+` become E.164."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        separator = r"[,;\n]" if re.search(r"[,;\n]|\+", text) else r"\s"
        words = [word.strip() for word in re.split(separator, text)]
        return list(dict.fromkeys(_plain(word) for word in words if word))


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]


def _plain(word: str) -> str:
    if not word.startswith("+"):
        return word
    try:
        return str(to_e164(word))
    except NotANumber:
        return word
