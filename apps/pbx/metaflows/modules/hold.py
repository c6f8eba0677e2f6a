from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.media.music import music_for, music_reference
from apps.pbx.metaflows.documents import Key
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk


class HoldData(Shape):
    unhold_key: Key = Field("1", description="Takes the call back.")
    moh_aleg: str = Field(
        "", max_length=2048, description="What whoever holds hears: a media id, a tone or a URL; empty for silence."
    )
    moh_bleg: str = Field(
        "", max_length=2048, description="What the other party hears; empty for the music of whoever holds."
    )


class Hold(Action[HoldData]):
    """Put the call on hold: the other party hears music until whoever holds presses `unhold_key`, or the API resumes.

    The phone knows nothing of it, and so can send the key. `hold_control` has the phone itself hold.
    """

    Data = HoldData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"unhold_key": "0", "moh_bleg": "silence_stream://-1"})

    def run(self, talk: Talk, data: HoldData) -> None:
        own = music_reference(data.moh_aleg) if data.moh_aleg else ""
        heard = music_for(talk.own.authorizing_id, talk.own.owner_id, data.moh_bleg)
        talk.hold(data.unhold_key, own, heard)
