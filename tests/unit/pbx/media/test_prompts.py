"""The prompts' catalogue: whole in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.plurals import get_plural

from apps.pbx.media.languages import LANGUAGES, spoken_language
from apps.pbx.media.prompt_catalogs import mo_bytes, path_of, po_bytes, read_catalog, translation_of, updated
from apps.pbx.media.prompts import COUNT, NoSuchPrompt, counted_text, plurals, prompts, text_of

APPS = Path(__file__).parents[4] / "apps"
NAMED = re.compile(
    r"""["']((?:vm|conf|agent|hotdesk|park|cf|cw|dnd|dir|disa|temporal|intercept|pickup|queue|ivr|fault|camp|screen|wakeup
    |record|stepswitch|eavesdrop|dynamic-cid)-[a-z0-9_-]+)["']""",
    re.VERBOSE,
)


def test_the_prompts_of_every_family_are_there() -> None:
    families = {prompt_id.partition("-")[0] for prompt_id in prompts()}
    assert families >= {
        "vm", "menu", "conf", "agent", "queue", "fax", "hotdesk", "park", "cf", "dnd", "dir", "disa", "temporal",
        "intercept", "pickup", "record", "wakeup", "camp", "screen", "fault", "ivr",
    }  # fmt: skip
    assert len(prompts()) >= 240


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_has_a_text(language: str) -> None:
    catalog = read_catalog(language)
    for prompt_id, english in prompts().items():
        text = translation_of(catalog, prompt_id)
        assert isinstance(text, str), prompt_id
        assert text.strip(), f"{language} lacks {prompt_id}"
        assert not set(text) & set("{}|\\"), f"{language} {prompt_id}: {text}"
        assert text_of(prompt_id, language) == text
        if language not in ("en", "es", "fr", "de", "pt", "it", "nl"):
            assert text != english, f"{language} {prompt_id} is English"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_with_a_count_has_each_plural_form_with_the_count_in_it(language: str) -> None:
    catalog = read_catalog(language)
    forms = get_plural(language).num_plurals
    for prompt_id in plurals():
        texts = translation_of(catalog, prompt_id)
        assert isinstance(texts, tuple)
        assert len(texts) == forms, f"{language} {prompt_id}"
        assert all(text.strip() for text in texts), f"{language} {prompt_id}"
        assert COUNT.search(texts[-1]), f"{language} {prompt_id}: {texts[-1]}"
        for text in texts:
            assert not set(COUNT.sub("", text)) & set("{}"), f"{language} {prompt_id}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_committed_is_what_the_command_writes(language: str) -> None:
    catalog = updated(read_catalog(language), language)
    path = path_of(language)
    assert path.read_bytes() == po_bytes(catalog)
    assert path.with_suffix(".mo").read_bytes() == mo_bytes(catalog)


def test_a_changed_text_is_marked_for_translators(tmp_path: Path) -> None:
    catalog = read_catalog("es")
    for message in catalog:
        if message.context == "vm-goodbye":
            message.id = "Farewell."
    again = updated(catalog, "es")
    fuzzy = {message.context for message in again if message.context and message.fuzzy}
    assert fuzzy == {"vm-goodbye"}


def test_counts_agree_in_number_and_gender() -> None:
    assert counted_text("vm-count_new_messages", 1, "en-us") == "one new message"
    assert counted_text("vm-count_new_messages", 5, "en-us") == "five new messages"
    assert counted_text("vm-count_new_messages", 1, "de") == "eine neue Nachricht"
    assert counted_text("vm-count_new_messages", 2, "pt") == "duas mensagens novas"
    assert counted_text("vm-count_new_messages", 1, "es") == "un mensaje nuevo"
    assert counted_text("vm-count_new_messages", 1, "ru") == "одно новое сообщение"
    assert counted_text("vm-count_new_messages", 3, "ru") == "три новых сообщения"
    assert counted_text("vm-count_new_messages", 11, "ru") == "одиннадцать новых сообщений"
    assert counted_text("vm-count_new_messages", 2, "ar") == "رسالتان جديدتان"
    assert counted_text("vm-count_new_messages", 4, "ar") == "أربع رسائل جديدة"
    assert counted_text("vm-count_new_messages", 2, "zh") == "两条新留言"


def test_an_unknown_prompt_and_language() -> None:
    with pytest.raises(NoSuchPrompt):
        text_of("vm-nonsense", "en")
    with pytest.raises(NoSuchPrompt):
        counted_text("vm-nonsense", 1, "en")
    assert text_of("vm-goodbye", "xx-yy") == prompts()["vm-goodbye"]


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en-us", "en"), ("en_GB", "en"), ("ES", "es"), ("pt-br", "pt"), ("cmn-cn", "zh"), ("tlh", "en"), ("", "en")],
)
def test_a_tag_means_a_language(tag: str, language: str) -> None:
    assert spoken_language(tag) == language


def test_every_prompt_that_is_named_in_the_code_is_there() -> None:
    named = {
        (match[1], str(path.relative_to(APPS)))
        for path in APPS.rglob("*.py")
        for match in NAMED.finditer(path.read_text())
    }
    assert len(named) > 20
    assert [where for where in sorted(named) if where[0] not in prompts() and where[0] not in plurals()] == []
