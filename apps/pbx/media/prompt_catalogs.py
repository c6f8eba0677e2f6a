"""The prompts' catalogues for translators: `locale/<language>/LC_MESSAGES/prompts.po`, and the `.mo` that is read.

Each text has its prompt's id as context, so that equal words in two places can be translated differently.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from apps.pbx.media.languages import LANGUAGES
from apps.pbx.media.prompts import DOMAIN, FOLDER, plurals, prompts

Texts = str | tuple[str, ...]
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def path_of(language: str, folder: Path = FOLDER) -> Path:
    return folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalog(language: str, folder: Path = FOLDER) -> Catalog:
    """As it is on the disk; empty where it is not."""
    path = path_of(language, folder)
    if not path.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def translation_of(catalog: Catalog, prompt_id: str) -> Texts:
    """The translation of a prompt: one text, or one for each plural form of the language. Empty ones are missing."""
    for message in catalog:
        if message.context == prompt_id:
            return message.string if isinstance(message.string, str) else tuple(message.string or ())
    return ""


def updated(catalog: Catalog, language: str) -> Catalog:
    """A catalogue of exactly the prompts there are, with the translations that are known: of a prompt whose English
    text has changed too, marked as fuzzy. English is its own translation."""
    known = {message.context: message for message in catalog if message.context}
    fresh = Catalog(locale=language, domain=DOMAIN, fuzzy=False)
    texts: dict[str, Texts] = {**prompts(), **plurals()}
    for prompt_id, text in sorted(texts.items()):
        string, flags = _translated(known.get(prompt_id), text, language)
        fresh.add(text, string=string, context=prompt_id, flags=flags)
    return fresh


def _translated(known: Message | None, text: Texts, language: str) -> tuple[Texts, set[str]]:
    if language == "en":
        return text, set()
    if known is None or not known.string:
        empty: Texts = "" if isinstance(text, str) else ("",) * get_plural(Locale.parse(language)).num_plurals
        return empty, set()
    changed = tuple(known.id) != tuple(text)
    string = known.string if isinstance(known.string, str) else tuple(known.string)
    return string, ({"fuzzy"} if changed else set()) | (known.flags & {"fuzzy"})


def write_catalogs(folder: Path = FOLDER) -> dict[str, list[str]]:
    """Bring every `.po` up to date and compile it. Returns, by language, the ids that lack a (sure) translation."""
    missing: dict[str, list[str]] = {}
    for language in LANGUAGES:
        catalog = updated(read_catalog(language, folder), language)
        path = path_of(language, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(po_bytes(catalog))
        path.with_suffix(".mo").write_bytes(mo_bytes(catalog))
        missing[language] = [
            str(message.context) for message in catalog if message.context and (message.fuzzy or not _whole(message))
        ]
    return missing


def po_bytes(catalog: Catalog) -> bytes:
    """The `.po`, the same for the same contents: without dates and names."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=True)
    rule = get_plural(catalog.locale_identifier)
    lines = (
        f"Language: {catalog.locale_identifier}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: nplurals={rule.num_plurals}; plural={rule.plural_expr};",
    )
    header = 'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines)
    return header.encode() + b"\n" + out.getvalue().lstrip(b"\n")


def mo_bytes(catalog: Catalog) -> bytes:
    """The `.mo`, the same for the same contents."""
    catalog.creation_date = catalog.revision_date = _NO_DATE
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _whole(message: Message) -> bool:
    return all([message.string] if isinstance(message.string, str) else message.string or ("",))
