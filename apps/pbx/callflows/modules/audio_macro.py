from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.modules.play import keys
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.callflows.sounds import playable_or_none
from apps.pbx.media.languages import normal
from apps.pbx.media.speech import (
    Date,
    DateTime,
    Digits,
    Duration,
    Money,
    Number,
    Part,
    PhoneNumber,
    Prompt,
    TimeOfDay,
    Words,
    sound,
)
from apps.pbx.media.tones import Tone
from apps.switching.calls.port import ALL_KEYS, Call

SayType = Literal[
    "number", "items", "persons", "messages", "currency", "time_measurement", "current_date", "current_time",
    "current_date_time", "telephone_number", "telephone_extension", "url", "ip_address", "e-mail_address",
    "postal_address", "account_number", "name_spelled", "name_phonetic", "short_date_time",
]  # fmt: skip
LANGUAGE = Field("", max_length=35, description="The speaker's language, such as en-us; empty for the caller's.")
TERMINATORS = Field(None, description="Keys that end it; those of the whole where absent.")


class PlayMacro(Shape):
    macro: Literal["play"] = Field(description="Play a sound.")
    id: str = Field("", max_length=2048, description="What to play, as for the action play.")
    loop_count: int = Field(1, ge=1, le=1000, description="How many times.")
    endless_playback: bool = Field(False, description="Play until the caller presses a key or hangs up.")
    terminators: list[str] | None = TERMINATORS


class ToneMacro(Tone):
    macro: Literal["tone"] = Field(description="Play a tone.")
    terminators: list[str] | None = TERMINATORS


class PromptMacro(Shape):
    macro: Literal["prompt"] = Field(description="Play a prompt.")
    id: str = Field(min_length=1, max_length=128, description="The prompt's id.")
    language: str = LANGUAGE
    terminators: list[str] | None = TERMINATORS


class SayMacro(Shape):
    macro: Literal["say"] = Field(description="Say a number, a date, an amount …")
    text: str = Field(min_length=1, max_length=1000, description="What to say; moments in seconds since 1970.")
    type: SayType = Field("name_spelled", description="What the text is.")
    method: Literal["none", "pronounced", "iterated", "counted"] | None = Field(
        None, description="`iterated` says the digits of a number one by one."
    )
    language: str = LANGUAGE
    gender: Literal["masculine", "feminine", "neuter"] | None = Field(
        None, description="Kept for clients that set it; what is counted decides."
    )
    terminators: list[str] | None = TERMINATORS


class TtsMacro(Shape):
    macro: Literal["tts"] = Field(description="Say a text.")
    text: str = Field(min_length=1, max_length=1000, description="What to say.")
    voice: str = Field("female", max_length=64, description="The voice; which ones there are depends on the engine.")
    language: str = LANGUAGE
    engine: str = Field("", max_length=64, description="The engine; empty for the account's.")
    terminators: list[str] | None = TERMINATORS


Macro = Annotated[PlayMacro | ToneMacro | PromptMacro | SayMacro | TtsMacro, Field(discriminator="macro")]


class AudioMacroData(VerbData):
    macros: list[Macro] = Field(min_length=1, max_length=100, description="What is heard, one after the other.")
    language: str = LANGUAGE
    terminators: list[str] = Field(
        default_factory=lambda: list(ALL_KEYS), description="Keys that end it, with all that would follow."
    )


class AudioMacro(Verb[AudioMacroData]):
    """Play sounds, tones, prompts and spoken texts one after the other, until the caller presses a key."""

    Data = AudioMacroData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "macros": [
                {"macro": "tone", "frequencies": [440, 480], "duration_on": 300, "duration_off": 200, "repeat": 2},
                {"macro": "prompt", "id": "menu-invalid_entry"},
                {"macro": "say", "type": "number", "text": "42"},
                {"macro": "tts", "text": "people called before you."},
                {"macro": "play", "id": "silence_stream://500"},
            ],
            "terminators": ["#"],
        },
    )

    async def run(self, call: Call, data: AudioMacroData) -> Branch:
        await call.answer()
        for macro in data.macros:
            reference = await self._reference(call, macro, data.language)
            if not reference:
                continue
            endless = isinstance(macro, PlayMacro) and macro.endless_playback
            loops = macro.loop_count if isinstance(macro, PlayMacro) else 1
            ends = keys(data.terminators if macro.terminators is None else macro.terminators)
            if pressed := await call.play(reference, ends, loops=0 if endless else loops):
                return go_on(why=f"ended by {pressed}")
        return go_on(why="played")

    @staticmethod
    async def _reference(call: Call, macro: Macro, language: str) -> str:
        if isinstance(macro, PlayMacro):
            return await playable_or_none(call, macro.id)
        if isinstance(macro, ToneMacro):
            return macro.reference
        return await sound(call, part_of(macro), language=normal(macro.language or language))


def part_of(macro: PromptMacro | SayMacro | TtsMacro) -> Part:
    """What is said."""
    if isinstance(macro, PromptMacro):
        return Prompt(macro.id)
    return Words(macro.text, macro.voice, engine=macro.engine) if isinstance(macro, TtsMacro) else said(macro)


def said(macro: SayMacro) -> Part:
    """The part of speech for a `say`; a text that is not of its type is read out as it is."""
    text = macro.text.strip()
    try:
        make = _COUNTED.get(macro.type)
        if make is not None and macro.method == "iterated":
            return Digits(text)
        return make(text) if make is not None else _read_out(macro.type, text)
    except (ValueError, InvalidOperation, OverflowError, OSError):
        return Words(text)


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)


_COUNTED: dict[str, Callable[[str], Part]] = {
    "number": lambda text: Number(int(text)),
    "items": lambda text: Number(int(text)),
    "persons": lambda text: Number(int(text)),
    "messages": lambda text: Number(int(text)),
    "currency": lambda text: Money(Decimal(text), "USD"),
    "time_measurement": lambda text: Duration(int(text)),
    "current_date": lambda text: Date(_moment(text)),
    "current_time": lambda text: TimeOfDay(_moment(text)),
    "current_date_time": lambda text: DateTime(_moment(text)),
    "short_date_time": lambda text: DateTime(_moment(text)),
}


def _read_out(kind: str, text: str) -> Part:
    if kind == "telephone_number":
        return PhoneNumber(text)
    if kind in ("telephone_extension", "account_number"):
        return Digits(text)
    if kind in ("name_spelled", "name_phonetic"):
        return Words(", ".join(text.replace(" ", "")))
    return Words(text)
