from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.modules.record_call import ADDRESS
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.media.speech import File, Prompt, sound
from apps.pbx.recordings.calling import record_caller
from apps.pbx.recordings.wanting import DEFAULT_LIMIT, LONGEST_LIMIT, SHORTEST_LIMIT, Wanted
from apps.switching.calls.port import Call

_BEEP = File("tone_stream://%(500,0,640)")
PROMPT = "record-after_tone"


class RecordCallerData(VerbData):
    format: Literal["mp3", "wav"] | None = Field(None, description="The file's format; `mp3` where absent.")
    method: Literal["put", "post"] = Field("put", description="How a copy is sent to `url`.")
    time_limit: int = Field(
        DEFAULT_LIMIT, ge=SHORTEST_LIMIT, le=LONGEST_LIMIT, description="The longest recording. Seconds."
    )
    url: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, pattern=ADDRESS,
        description="Where a copy is sent; one that ends in a slash gets the recording's id as the file's name.",
    )  # fmt: skip


class RecordCaller(Verb[RecordCallerData]):
    """Record what the caller says after a tone, until he presses a key, hangs up, or says nothing any more."""

    Data = RecordCallerData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"time_limit": 120},
        {"format": "wav", "url": "https://example.com/statements/", "method": "post"},
    )

    async def run(self, call: Call, data: RecordCallerData) -> Branch:
        await call.answer()
        await call.play(await sound(call, Prompt(PROMPT)), "#")
        await call.play(await sound(call, _BEEP))
        wanted = Wanted.of(data.model_dump(exclude_none=True), origin="callflow : record_caller")
        said = await record_caller(call, wanted)
        return go_on(why=f"{said.milliseconds} ms recorded")
