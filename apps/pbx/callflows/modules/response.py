from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, stop
from apps.pbx.callflows.sounds import playable_or_none
from apps.switching.calls.port import Call


class ResponseData(VerbData):
    code: int = Field(486, ge=400, le=699, description="The SIP status to refuse with (RFC 3261 §21).")
    message: str = Field("", max_length=128, description="The words that go with it.")
    media: str = Field("", max_length=2048, description="Played first: a media id, a tone or an http(s) URL.")


class Respond(Verb[ResponseData]):
    """Refuse the call with a SIP status."""

    Data = ResponseData
    children: ClassVar[dict[str, str]] = {}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"code": 603, "message": "Decline"}, {"code": 486})

    async def run(self, call: Call, data: ResponseData) -> Branch:
        if media := await playable_or_none(call, data.media):
            await call.pre_answer()
            await call.play(media)
        await call.respond(data.code, data.message)
        return stop(why=f"refused with {data.code}")
