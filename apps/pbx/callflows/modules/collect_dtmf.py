from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.pbx.callflows.call_variables import digits_name
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

Key = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "#", "*"]


class CollectDtmfData(VerbData):
    collection_name: str = Field("default", max_length=64, description="The name the digits are kept under.")
    max_digits: int = Field(1, ge=1, le=128, description="The most keys.")
    timeout: int = Field(5_000, ge=1, le=120_000, description="Time to wait for the first key. Milliseconds.")
    interdigit_timeout: int | None = Field(
        None, ge=1, le=60_000, description="Time to wait for each next key; `timeout` where absent. Milliseconds."
    )
    terminator: Key = Field("#", description="The key that ends it.")
    terminators: list[Key] = Field(default_factory=list, description="The keys that end it, in place of `terminator`.")


class CollectDtmf(Verb[CollectDtmfData]):
    """Collect digits the caller presses, for later steps."""

    Data = CollectDtmfData
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"max_digits": 8, "collection_name": "customer"},
        {"max_digits": 4, "timeout": 10000, "terminators": ["#", "*"]},
    )

    async def run(self, call: Call, data: CollectDtmfData) -> Branch:
        await call.answer()
        pressed = await call.collect(
            maximum=data.max_digits,
            timeout=data.timeout,
            interdigit_timeout=data.interdigit_timeout or data.timeout,
            terminators="".join(data.terminators or [data.terminator]),
        )
        # Without a key what was collected before stays.
        if pressed:
            await call.set_variables({digits_name(data.collection_name): pressed})
        return go_on(why=f"{len(pressed)} digits collected")
