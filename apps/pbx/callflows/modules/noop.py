from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class NoopData(VerbData):
    pass


class Noop(Verb[NoopData]):
    """Do nothing and go on."""

    Data = NoopData
    prepares = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: NoopData) -> Branch:
        return go_on()
