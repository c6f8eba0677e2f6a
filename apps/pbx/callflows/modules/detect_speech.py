from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.ids import new_id
from apps.foundation.storage.actions import read_file
from apps.foundation.storage.models import FileKind, FileState
from apps.foundation.storage.queries import find_file
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.callflows.sounds import playable_or_none
from apps.pbx.media.languages import normal, spoken_language
from apps.pbx.media.recognisers import Recogniser, RecognitionFailed, phrase_in, ready_recogniser
from apps.pbx.media.speech import Number, Part, Prompt, Words, sound
from apps.switching.calls.files import drop_recorded, keep_recorded
from apps.switching.calls.port import Call, Recorded, RecordRequest

logger = logging.getLogger(__name__)
_SILENCE_SECONDS = 2
#: Seconds a switch on another machine may take to send what was said.
SENT_WITHIN = 8


class DetectSpeechData(VerbData):
    phrases: dict[str, list[str]] = Field(
        min_length=1,
        max_length=9,
        description="Child key → what the caller may say for it. By keys they are offered in this order, as 1, 2, 3 …",
    )
    prompt: str = Field(
        "", max_length=2048, description="Played first: a media id, a prompt, a tone or an http(s) URL."
    )
    text: str = Field("", max_length=1000, description="Said first, where there is no `prompt`.")
    language: str = Field("", max_length=35, description="What is spoken, such as en-us; empty: the caller's.")
    recogniser: str = Field("", max_length=64, description="Who listens; empty: the one that is ready.")
    timeout: int = Field(7_000, ge=1_000, le=30_000, description="Milliseconds the caller may take.")
    retries: int = Field(3, ge=1, le=10, description="How often the caller may try.")


class DetectSpeech(Verb[DetectSpeechData]):
    """A menu the caller answers by speaking; where nothing is there to understand speech, by keys."""

    Data = DetectSpeechData
    children: ClassVar[dict[str, str]] = {
        "sales, support …": "the caller chose the phrases of this key",
        "_": "no try was left, or the key has no child",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"text": "How can we help?", "phrases": {"sales": ["sales", "buy something"], "support": ["support", "help"]}},
        {"phrases": {"es": ["español"], "en": ["English"]}, "retries": 1},
    )

    async def run(self, call: Call, data: DetectSpeechData) -> Branch:
        await call.answer()
        recogniser = ready_recogniser(data.recogniser)
        for turn in range(data.retries):
            if turn:
                await call.play(await sound(call, Prompt("menu-invalid_entry")))
            if recogniser is not None:
                try:
                    chosen = await _spoken(call, data, recogniser)
                except RecognitionFailed as failure:
                    logger.warning("call %s: %s did not understand: %s", call.uuid, recogniser.name, failure)
                    recogniser, chosen = None, await _pressed(call, data)
            else:
                chosen = await _pressed(call, data)
            if chosen:
                return go_on(chosen, why=f"chose {chosen}")
        return go_on(why="nothing was chosen")


async def _spoken(call: Call, data: DetectSpeechData, recogniser: Recogniser) -> str:
    await call.play(await _greeting(call, data) or await sound(call, Prompt("menu-say_or_press")))
    limit = max(1, data.timeout // 1000)
    said = await call.record(RecordRequest(f"{call.account_id}/{new_id()}.wav", limit, _SILENCE_SECONDS))
    if said.key:
        return _key_of(data.phrases, said.key)
    if not said.milliseconds:
        return ""
    wave = await _wave_of(call, said)
    words = await asyncio.to_thread(_understood, recogniser, wave, data)
    return _choice(data.phrases, words)


async def _wave_of(call: Call, said: Recorded) -> bytes:
    """What was said: from the disk of this machine where the switch is beside us, else it sends the file. It is kept
    nowhere. Raises RecognitionFailed."""
    beside = await asyncio.to_thread(_taken_from_disk, Path(said.path))
    if beside is not None:
        return beside
    file_id = await in_account(call.account_id, _awaited, said.path, call.switch)
    try:
        async with asyncio.timeout(SENT_WITHIN):
            while (wave := await in_account(call.account_id, _sent, file_id)) is None:
                await asyncio.sleep(0.1)
        return wave
    except TimeoutError as late:
        raise RecognitionFailed(f"{call.switch} did not send what was said in {SENT_WITHIN} seconds") from late
    finally:
        await in_account(call.account_id, _dropped, file_id)


def _taken_from_disk(file: Path) -> bytes | None:
    try:
        wave = file.read_bytes()
        file.unlink()
    except OSError:
        return None
    return wave


def _awaited(path: str, switch: str) -> str:
    return keep_recorded(FileKind.PROMPT, path, switch=switch, name="speech").id


def _sent(file_id: str) -> bytes | None:
    file = find_file(file_id)
    return read_file(file) if file is not None and file.state == FileState.STORED else None


def _dropped(file_id: str) -> None:
    if (file := find_file(file_id)) is not None:
        drop_recorded(file)


def _understood(recogniser: Recogniser, wave: bytes, data: DetectSpeechData) -> str:
    expected = [phrase for phrases in data.phrases.values() for phrase in phrases]
    return recogniser.words(wave, spoken_language(normal(data.language)), expected)


async def _pressed(call: Call, data: DetectSpeechData) -> str:
    greeting = await _greeting(call, data)
    offers = await sound(call, *_offers(data.phrases), language=normal(data.language))
    names = [name.removeprefix("file_string://") for name in (greeting, offers) if name]
    pressed = await call.collect(
        names[0] if len(names) == 1 and "!" not in names[0] else f"file_string://{'!'.join(names)}",
        maximum=1,
        timeout=data.timeout,
        interdigit_timeout=data.timeout,
    )
    return _key_of(data.phrases, pressed)


async def _greeting(call: Call, data: DetectSpeechData) -> str:
    if own := await playable_or_none(call, data.prompt):
        return own
    return await sound(call, Words(data.text), language=normal(data.language)) if data.text else ""


def _offers(phrases: Mapping[str, list[str]]) -> list[Part]:
    """ "For sales, press one." """
    said: list[Part] = []
    for place, (key, words) in enumerate(phrases.items(), 1):
        said += [Prompt("menu-for"), Words(words[0] if words else key), Prompt("menu-press"), Number(place)]
    return said


def _key_of(phrases: Mapping[str, list[str]], pressed: str) -> str:
    keys = list(phrases)
    return keys[int(pressed) - 1] if pressed.isdigit() and 0 < int(pressed) <= len(keys) else ""


def _choice(phrases: Mapping[str, list[str]], words: str) -> str:
    by_phrase = {phrase: key for key, ways in phrases.items() for phrase in ways or [key]}
    return by_phrase.get(phrase_in(words, by_phrase), "")
