from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.media.languages import is_spoken, normal
from apps.pbx.media.listener import SPOKEN_LANGUAGE
from apps.switching.calls.port import Call


class LanguageData(VerbData):
    language: str = Field(
        pattern=r"^[A-Za-z]{2}(-[A-Za-z]{2})?$", description="The language from here on, such as en-us or es."
    )


class Language(Verb[LanguageData]):
    """Choose the language of all prompts for the rest of the call."""

    Data = LanguageData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"language": "fr-ca"}, {"language": "es"})

    async def run(self, call: Call, data: LanguageData) -> Branch:
        tag = normal(data.language)
        await call.set_variables({SPOKEN_LANGUAGE: tag, "default_language": tag})
        return go_on(why=tag if is_spoken(tag) else f"{tag}: prompts in it are the account's own, else English")
