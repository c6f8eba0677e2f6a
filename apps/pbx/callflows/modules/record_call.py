from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.recordings import calling
from apps.pbx.recordings.wanting import DEFAULT_LIMIT, LONGEST_LIMIT, SHORTEST_LIMIT, Wanted
from apps.switching.calls.port import Call

ADDRESS = r"^https?://[^\s/]+.*$"


class RecordCallData(VerbData):
    action: Literal["start", "stop"] = Field("start", description="Start or stop recording.")
    format: Literal["mp3", "wav"] | None = Field(None, description="The file's format; `mp3` where absent.")
    label: str | None = Field(None, max_length=128, description="Added to the recording's origin.")
    media_name: str | None = Field(
        None, max_length=128, description="The recording's name; with `stop`, only what has this name or label ends."
    )
    method: Literal["put", "post"] = Field("put", description="How a copy is sent to `url`.")
    origin: str | None = Field(None, max_length=128, description="Why it is recorded, as the recording says.")
    record_min_sec: int | None = Field(None, ge=0, description="Shorter recordings are not kept. Seconds.")
    record_on_answer: bool = Field(
        False, description="Begin with the answer. An unanswered call is never recorded before."
    )
    record_on_bridge: bool = Field(False, description="Begin when somebody talks to the caller.")
    record_sample_rate: int | None = Field(
        None, ge=8000, le=48000, description="Samples per second (Hz); the call's own where absent."
    )
    should_follow_transfer: bool = Field(True, description="Go on when the caller is transferred.")
    time_limit: int = Field(
        DEFAULT_LIMIT, ge=SHORTEST_LIMIT, le=LONGEST_LIMIT, description="The longest recording. Seconds."
    )
    url: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, pattern=ADDRESS,
        description="Where a copy is sent; one that ends in a slash gets the recording's id as the file's name.",
    )  # fmt: skip


class RecordCall(Verb[RecordCallData]):
    """Start or stop recording the call: both directions, the caller left and whoever he talks to right.

    The recording is kept in the account's storage, and goes on until it is stopped, its limit, or the end of the call.
    """

    Data = RecordCallData
    prepares = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "start", "format": "mp3", "time_limit": 600},
        {"action": "start", "url": "https://example.com/recordings/", "method": "put", "label": "support"},
        {"action": "stop"},
    )

    async def run(self, call: Call, data: RecordCallData) -> Branch:
        if data.action == "stop":
            count = await calling.stop(call, data.media_name or data.label or "")
            return go_on(why=f"{count} recordings stopped")
        asked = data.model_dump(exclude_none=True)
        wanted = Wanted.of(asked, origin=data.origin or "callflow : record_call")
        recording_id = await calling.start(call, wanted)
        return go_on(why=f"recording {recording_id}" if recording_id else "it is recorded already, or cannot be")

    def explain(self, asking: Asking, data: RecordCallData) -> Branch:
        if data.action == "stop":
            return go_on(why="recording ends")
        begins = "when somebody talks to the caller" if data.record_on_bridge else "with the answer"
        return go_on(why=f"the call is recorded, {begins}, for {data.time_limit} seconds at most")
