from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.endpoints.legs import Member
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands
from apps.switching.calls.port import Listening


class ListenData(Shape):
    target_type: Literal["device", "user"] = Field("user", description="What `target_id` is.")
    target_id: str = Field("", max_length=128, description="Whose phones ring; empty for the caller's of the API.")
    mode: Listening = Field("listen", description="Only listen, speak to the watched person alone, or speak to both.")


class HearConversation(Action[ListenData]):
    """Ring somebody's phones; whoever answers hears the conversation."""

    Data = ListenData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"target_type": "device", "target_id": "0123456789abcdef0123456789abcdef", "mode": "whisper"},
    )
    role = Role.ACCOUNT_ADMIN
    audited = True
    by_keys = False

    def run(self, talk: Talk, data: ListenData) -> None:
        target = data.target_id or talk.principal.user_id
        if not target:
            raise NotPossible("nobody is named who is to listen")
        legs = talk.legs_of([Member(target, data.target_type if data.target_id else "user")])
        variables = talk.variables(shown=talk.own.caller_id_number)
        talk.ring(commands.eavesdrop(legs, talk.own.uuid, variables, data.mode))
