from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk

Small = BeforeValidator(lambda text: text.lower() if isinstance(text, str) else text)


class PivotData(Shape):
    voice_url: str = Field(
        min_length=8, max_length=2048, pattern=r"^https?://", description="Whom to ask what the call is to do."
    )
    method: Annotated[Literal["get", "post"], Small] = Field("get", description="How it is asked.")
    req_format: Literal["kazoo", "twiml"] = Field(
        "kazoo", description="What comes back where its content type does not say: a callflow in JSON, or TwiML."
    )
    cdr_url: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, pattern=r"^https?://", description="Where the call's record is sent when it is over."
    )
    debug: bool = Field(False, description="Keep what was asked and answered for a week (`/pivot/debug`).")


class AskServer(Action[PivotData]):
    """Send the other party (over the API: the leg that is named) where a web server says. The conversation is over."""

    Data = PivotData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"voice_url": "https://pbx.example.com/flow", "method": "post"},
        {"voice_url": "https://pbx.example.com/voice", "req_format": "twiml", "debug": True},
    )
    role = Role.ACCOUNT_ADMIN

    def run(self, talk: Talk, data: PivotData) -> None:
        talk.send_into({"module": "pivot", "data": data.model_dump(exclude_none=True)})
