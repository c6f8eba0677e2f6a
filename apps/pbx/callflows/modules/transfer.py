from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.redialling import dial_anew, explained
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class TransferData(VerbData):
    target: str = Field("", max_length=64, description="An extension or a phone number; what was captured where empty.")
    captures: list[str] = Field(
        default_factory=lambda: ["no_match"], max_length=10,
        description="Callflows to go on with where nothing was captured either, by their number.",
    )  # fmt: skip
    leg: Literal["self"] = Field("self", description="The caller: before a bridge there is no other leg.")


class Transfer(Verb[TransferData]):
    """Send the caller to another number, as if he had dialled it. This flow is left for good."""

    Data = TransferData
    children: ClassVar[dict[str, str]] = {"_": "no callflow answers that number"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"target": "1001"}, {})

    async def run(self, call: Call, data: TransferData) -> Branch:
        target = data.target or call.variables.get("capture_group", "") or next(iter(data.captures), "")
        return await dial_anew(call, target) if target else go_on(why="there is nowhere to transfer to")

    def explain(self, asking: Asking, data: TransferData) -> Branch:
        target = data.target or asking.capture_group or next(iter(data.captures), "")
        return explained(target) if target else go_on(why="there is nowhere to transfer to")
