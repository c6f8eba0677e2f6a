from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk


class ConferenceInData(Shape):
    target: str = Field(
        "", max_length=64, description="Who is called to join them; what a pattern captured where empty, else nobody."
    )


class ConferenceIn(Action[ConferenceInData]):
    """Bring both parties into a conference of their own, and call a further person to join them there."""

    Data = ConferenceInData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"target": "1003"}, {})

    def run(self, talk: Talk, data: ConferenceInData) -> None:
        talk.meet(data.target or talk.digits)
