from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.metaflows.consulting import DEFAULT_MEET, DEFAULT_TAKE_BACK
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands

Keys = Annotated[str, Field(max_length=8, pattern=r"^[0-9*#]*$")]


class TransferData(Shape):
    target: str = Field("", max_length=64, description="Where to; what a pattern captured where empty.")
    transfer_type: Literal["attended", "blind"] = Field(
        "blind", description="Talk to the target first (attended), while the other party hears music; or do not."
    )
    leg: Literal["", "self", "aleg", "bleg", "other"] = Field(
        "", description="Which leg goes there, blind; empty for the other one of whoever presses keys."
    )
    timeout: Annotated[int | None, BlankIsAbsent] = Field(
        None, ge=1, le=600, description="Attended: how long the target may ring. Seconds; empty for its own time."
    )
    moh: str = Field("", max_length=2048, description="Attended: what the other party hears; empty for the usual.")
    takeback_dtmf: Keys = Field(
        DEFAULT_TAKE_BACK, description="Attended: keys that end it and bring the other party back. Empty for none."
    )
    conference_dtmf: Keys = Field(
        DEFAULT_MEET, description="Attended: keys that bring all three together. Empty for none."
    )


class Transfer(Action[TransferData]):
    """Send the other party to another number, blind or after talking to it (attended).

    Attended, whoever presses keys (over the API: the leg that is named) dials the number. Hanging up connects the other
    party with it, also while it rings. `takeback_dtmf`, or nobody answering, brings the other party back.
    """

    Data = TransferData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"target": "1002"}, {}, {"transfer_type": "attended"})

    def run(self, talk: Talk, data: TransferData) -> None:
        target = data.target or talk.digits
        if not target:
            raise NotPossible("there is nowhere to transfer to")
        if data.transfer_type == "attended":
            talk.ask(target, data.timeout or 0, data.moh, data.takeback_dtmf, data.conference_dtmf)
            return
        sent = {"": talk.sent, "self": talk.own.uuid, "aleg": talk.own.uuid}.get(data.leg) or talk.peer
        talk.tell(commands.transfer(sent, target))
