from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.documents.shape import Shape
from apps.pbx.callflows.models import Callflow
from apps.pbx.metaflows.registry import Action
from apps.pbx.metaflows.talk import NotPossible, Talk
from apps.switching.calls import commands


class CallflowData(Shape):
    id: str = Field("", max_length=128, description="The callflow.", json_schema_extra={"names": "callflow"})
    captures: str = Field("", max_length=64, description="A number of it, where no id is given.")


class RunCallflow(Action[CallflowData]):
    """Send the other party into a callflow."""

    Data = CallflowData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef"},)
    #: A number no callflow answers, so that the call goes to the one that is named on its channel.
    _BY_ID = "callflow"

    def run(self, talk: Talk, data: CallflowData) -> None:
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
