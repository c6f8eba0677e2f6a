from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.conferences.commanding import command_participants
from apps.pbx.conferences.documents import ParticipantAction
from apps.pbx.conferences.models import Conference
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk

Participant = Annotated[int, Field(ge=1)]


class RelateData(Shape):
    conference_id: str = Field(
        min_length=1, max_length=128, description="The conference.", json_schema_extra={"names": "conference"}
    )
    participant_id: Participant = Field(description="Whose speech or hearing is concerned.")
    other_participant: Participant = Field(description="The one he is not to be heard by, or not to hear.")
    relationship: Literal["deaf", "mute", "clear"] = Field(
        "clear", description="`mute`: is not heard by the other; `deaf`: does not hear the other; `clear`: as before."
    )


class Relate(Action[RelateData]):
    """Let two who are in a conference not hear one another, or again."""

    Data = RelateData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "conference_id": "0123456789abcdef0123456789abcdef",
            "participant_id": 2,
            "other_participant": 3,
            "relationship": "deaf",
        },
    )
    role = Role.ACCOUNT_ADMIN

    def run(self, talk: Talk, data: RelateData) -> None:
        conference = Conference.objects.filter(id=data.conference_id).first()
        if conference is None:
            raise NotPossible(f"there is no conference {data.conference_id}")
        asked = {"action": "relate", "data": data.model_dump(exclude={"conference_id"})}
        try:
            command_participants(conference, None, ParticipantAction.model_validate(asked), talk.principal)
        except ValidationFailed as error:
            raise NotPossible(str(error)) from error
