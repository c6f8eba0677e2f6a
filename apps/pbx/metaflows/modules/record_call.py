from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk
from apps.pbx.recordings.remote import pause_on, start_on, stop_on
from apps.pbx.recordings.wanting import DEFAULT_LIMIT, LONGEST_LIMIT, SHORTEST_LIMIT, Wanted


class RecordCallData(Shape):
    action: Literal["start", "stop", "toggle", "mask", "unmask"] = Field(
        "toggle", description="Begin, end, whichever applies; or leave out what is said, and take that back."
    )
    format: Literal["mp3", "wav"] = Field("mp3", description="What is stored.")
    time_limit: int = Field(
        DEFAULT_LIMIT, ge=SHORTEST_LIMIT, le=LONGEST_LIMIT, description="The longest recording. Seconds."
    )
    record_min_sec: int = Field(0, ge=0, description="Nothing shorter is kept. Seconds.")
    media_name: str = Field("", max_length=128, description="The recording's name.")
    label: str = Field("", max_length=128, description="A word to find it by.")
    url: str = Field("", max_length=2048, pattern=r"^(https?://.*)?$", description="Where a copy is sent.")
    method: Literal["put", "post"] = Field("put", description="How it is sent there.")


class RecordCall(Action[RecordCallData]):
    """Record the conversation from now on, or stop."""

    Data = RecordCallData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"action": "toggle"}, {"action": "mask"})

    def run(self, talk: Talk, data: RecordCallData) -> None:
        if data.action in ("mask", "unmask"):
            pause_on(talk.own, data.action == "mask", data.label)
            return
        if data.action in ("stop", "toggle") and (stop_on(talk.own, data.label) or data.action == "stop"):
            return
        start_on(talk.own, Wanted.of(data.model_dump(), origin="on demand", owner_id=talk.own.owner_id))
