from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.crossbar.errors import Forbidden
from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Principal, Role
from apps.pbx.callflows.flow_validation import validate_flow
from apps.pbx.callflows.models import Callflow
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands


class CallflowData(Shape):
    id: str = Field("", max_length=128, description="The callflow.", json_schema_extra={"names": "callflow"})
    captures: str = Field("", max_length=64, description="A number of it, where no id is given.")
    flow: dict[str, Any] | None = Field(None, description="The flow itself, as a callflow has it, in place of an id.")


class RunCallflow(Action[CallflowData]):
    """Send the other party (over the API: the leg that is named) into a callflow. The conversation is over."""

    Data = CallflowData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "0123456789abcdef0123456789abcdef"},
        {"flow": {"module": "tts", "data": {"text": "Good bye"}}},
    )
    #: A number no callflow answers, so that the call goes to the one that is named on its channel.
    _BY_ID = "callflow"

    def check(self, data: CallflowData, principal: Principal) -> None:
        if data.flow is not None:
            if principal.role < Role.ACCOUNT_ADMIN:
                raise Forbidden
            validate_flow(data.flow)

    def run(self, talk: Talk, data: CallflowData) -> None:
        if data.flow is not None:
            talk.send_into(data.flow)
            return
        if not data.id:
            if not (data.captures or talk.digits):
                raise NotPossible("no callflow is named")
            talk.send_on(data.captures or talk.digits)
            return
        callflow = Callflow.objects.filter(id=data.id).first()
        if callflow is None:
            raise NotPossible(f"there is no callflow {data.id}")
        talk.tell(commands.set_variable(talk.sent, "callflow_id", callflow.id))
        talk.send_on(self._BY_ID)
