from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

FAX, VOICE = "ON_FAX", "ON_VOICE"


class FaxDetectData(VerbData):
    duration: int = Field(3, ge=1, le=60, description="How long to listen for a fax machine's tone. Seconds.")


class FaxDetect(Verb[FaxDetectData]):
    """Answer, listen for the calling tone of a fax machine, and tell faxes from people.

    The caller hears nothing meanwhile: keep it short.
    """

    Data = FaxDetectData
    children: ClassVar[dict[str, str]] = {
        FAX: "a fax machine calls",
        VOICE: "no fax machine was heard",
        "_": "there is no child for what was heard",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"duration": 5})

    async def run(self, call: Call, data: FaxDetectData) -> Branch:
        await call.answer()
        if await call.detect_fax(data.duration):
            return go_on(FAX, why="a fax machine was heard")
        return go_on(VOICE, why=f"no fax machine within {data.duration} seconds")
