from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from pydantic import Field

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, jump
from apps.switching.calls.port import Call


class CallflowData(VerbData):
    id: str = Field("", max_length=128, description="The callflow to go on with.")


class JumpToCallflow(Verb[CallflowData]):
    """Go on with another callflow; this one is left for good."""

    Data = CallflowData
    children: ClassVar[dict[str, str]] = {"_": "there is no such callflow"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef"},)

    async def run(self, call: Call, data: CallflowData) -> Branch:
        return jump(data.id, why=f"callflow {data.id}")

    def explain(self, asking: Asking, data: CallflowData) -> Branch:
        return jump(data.id, why=_("On to the callflow %(id)s") % {"id": data.id})
