from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.endpoints.legs import Member
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import Talk
from apps.switching.calls import commands


class InterceptData(Shape):
    target_type: Literal["device", "user"] = Field("user", description="What `target_id` is.")
    target_id: str = Field(min_length=1, max_length=128, description="Whose phones ring to have the call.")


class Intercept(Action[InterceptData]):
    """Ring somebody's phones; whoever answers has the call in place of the one who asked, or of the other party of the
    channel the API names."""

    Data = InterceptData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"target_type": "user", "target_id": "0123456789abcdef0123456789abcdef"},
    )
    role = Role.ACCOUNT_ADMIN
    audited = True

    def run(self, talk: Talk, data: InterceptData) -> None:
        legs = talk.legs_of([Member(data.target_id, data.target_type)])
        shown = talk.own.caller_id_number
        talk.ring(commands.intercept(legs, talk.sent, talk.variables(shown=shown)))
