"""Every text a person can see is in the catalogs, and the Spanish one is complete."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from apps.interfaces.portal.management.commands.messages import WORDS, verb_words

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
#: Names and abbreviations that are the same in every language.
SAME_EVERYWHERE = {"CSV", "Kazoo", "Esc", "Ctrl K", "openapi.json"}
#: Template blocks that stand inside a tag.
_ATTRIBUTE_BLOCK = r"{%\s*block \w+_(?:class|attributes)\s*%}.*?{%\s*endblock\s*%}"
SPOKEN_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
_LITERAL_LABEL = re.compile(r"\b(?:label|help_text|legend)=f?[\"'](?=[^\"']*[A-Za-z])")


def catalog(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def entries(path: Path) -> Iterator[dict[str, str]]:
    """The messages of a catalog: msgid, msgid_plural, msgstr or msgstr[n], and flags."""
    entry: dict[str, str] = {}
    key = flags = ""
    for line in [*path.read_text().splitlines(), 'msgid ""']:
        if line.startswith("#,"):
            flags = line
        elif match := re.fullmatch(r'(msgid|msgid_plural|msgstr(?:\[\d\])?) (".*")', line):
            if match[1] == "msgid":
                if entry.get("msgid"):
                    yield entry
                entry, flags = {"flags": flags}, ""
            key = match[1]
            entry[key] = ast.literal_eval(match[2])
        elif line.startswith('"'):
            entry[key] += ast.literal_eval(line)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", text))


def test_spanish_is_complete() -> None:
    for entry in entries(catalog("es")):
        written = [text for key, text in entry.items() if key.startswith("msgstr")]
        assert all(written), f"not translated: {entry['msgid']}"
        assert "fuzzy" not in entry["flags"], f"not checked: {entry['msgid']}"


def test_translations_keep_their_placeholders() -> None:
    for entry in entries(catalog("es")):
        wanted = placeholders(entry["msgid"])
        for key, text in entry.items():
            if key.startswith("msgstr"):
                plural = placeholders(entry["msgid_plural"]) if key not in ("msgstr", "msgstr[0]") else wanted
                assert placeholders(text) == plural, entry["msgid"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_compiled_catalog_is_the_written_one(language: str) -> None:
    with catalog(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries(catalog(language)):
        if "msgid_plural" not in entry:
            assert compiled.gettext(entry["msgid"]) == (entry["msgstr"] or entry["msgid"])


def test_the_verbs_words_are_fresh() -> None:
    assert WORDS.read_text() == verb_words(), "run: manage.py messages"


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="NOT TESTED: `xgettext` is not on the PATH")
def test_the_catalogs_are_fresh(tmp_path: Path) -> None:
    """Collected anew, the same messages come out."""
    for part in ("apps", "kazoo", "templates", "locale"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "-l",
        "es",
        "--no-location",
        "--no-obsolete",
        "--no-wrap",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    collected = {entry["msgid"] for entry in entries(tmp_path / "locale/es/LC_MESSAGES/django.po")}
    for language in ("en", "es"):
        kept = {entry["msgid"] for entry in entries(catalog(language))}
        assert collected - kept == set(), "new texts: run manage.py messages and translate them"
        assert kept - collected == set(), "texts that are gone: run manage.py messages"


class Texts(HTMLParser):
    """Collects what a reader would see of a template whose tags were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "code", "pre")
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated(source: str) -> list[str]:
    """Texts of a template that are in no `trans` or `blocktrans`."""
    for tag in ("comment", "blocktrans", "blocktranslate"):
        source = re.sub(r"{%-?\s*" + tag + r"\b.*?{%\s*end" + tag + r"\s*%}", "", source, flags=re.DOTALL)
    source = re.sub(_ATTRIBUTE_BLOCK, "", source, flags=re.DOTALL)
    source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    parser = Texts()
    parser.feed(source)
    texts = (" ".join(text.split()).strip("· ") for text in parser.found)
    return [text for text in texts if re.search(r"[^\W\d_]{2}", text) and text not in SAME_EVERYWHERE]


def test_the_scan_sees_what_is_not_translated() -> None:
    assert untranslated('<p>Hello</p>{% trans "Yes" %}<i aria-label="Close it"></i>') == ["Hello", "Close it"]
    assert untranslated("{% blocktrans %}Hello <b>you</b>{% endblocktrans %}<p>{{ name }} · 3 </p>") == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_an_untranslated_text(path: Path) -> None:
    assert untranslated(path.read_text()) == []


def test_no_form_has_an_untranslated_label() -> None:
    for room in ("pages", "portal", "selfservice"):
        for path in (ROOT / "apps/interfaces" / room).rglob("*.py"):
            assert not _LITERAL_LABEL.search(path.read_text()), path
