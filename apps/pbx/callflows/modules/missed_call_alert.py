from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.ending import at_end
from apps.pbx.callflows.missed_calls import DUTY, MOST_RECIPIENTS
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class Recipient(Shape):
    id: str | list[str] = Field(description="An e-mail address or a user's id, or a list of them.")
    type: Literal["user", "email"] = Field(description="What the id is.")


class MissedCallAlertData(VerbData):
    recipients: list[Recipient] = Field(max_length=MOST_RECIPIENTS, description="Who is told.")


class AlertOfMissedCall(Verb[MissedCallAlertData]):
    """Mail somebody when the call ends and nobody has answered it, nor a message was left."""

    Data = MissedCallAlertData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"recipients": [{"id": "ada@example.com", "type": "email"}]},
        {"recipients": [{"id": ["0123456789abcdef0123456789abcdef"], "type": "user"}]},
    )

    async def run(self, call: Call, data: MissedCallAlertData) -> Branch:
        recipients = [
            [one.type, identifier]
            for one in data.recipients
            for identifier in ([one.id] if isinstance(one.id, str) else one.id)
        ]
        await at_end(call, DUTY, {"recipients": recipients[:MOST_RECIPIENTS]})
        return go_on(why=f"{len(recipients)} are told if it is missed")
