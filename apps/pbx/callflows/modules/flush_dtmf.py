from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.call_variables import digits_name
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class FlushDtmfData(VerbData):
    collection_name: str = Field("default", max_length=64, description="The name the digits were kept under.")


class FlushDtmf(Verb[FlushDtmfData]):
    """Forget digits that `collect_dtmf` collected."""

    Data = FlushDtmfData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"collection_name": "customer"})

    async def run(self, call: Call, data: FlushDtmfData) -> Branch:
        await call.remember({digits_name(data.collection_name): ""})
        return go_on(why="digits forgotten")
