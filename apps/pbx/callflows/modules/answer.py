from __future__ import annotations

from typing import Any, ClassVar

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class AnswerData(VerbData):
    pass


class Answer(Verb[AnswerData]):
    """Answer the call, if it is not answered yet."""

    Data = AnswerData
    prepares = True
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)

    async def run(self, call: Call, data: AnswerData) -> Branch:
        await call.answer()
        return go_on(why="answered")
