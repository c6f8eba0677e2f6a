from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call


class SendDtmfData(VerbData):
    digits: str = Field(
        min_length=1, max_length=128, pattern=r"^[0-9A-Da-d*#wW]+$",
        description="The keys; `w` waits for half a second.",
    )  # fmt: skip
    duration_ms: int = Field(2_000, ge=20, le=8_000, description="How long each key sounds. Milliseconds.")


class SendDtmf(Verb[SendDtmfData]):
    """Send digits to the caller's end as if they were pressed here."""

    Data = SendDtmfData
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"digits": "w1234#", "duration_ms": "200"},)

    async def run(self, call: Call, data: SendDtmfData) -> Branch:
        await call.answer()
        await call.send_digits(data.digits, data.duration_ms)
        return go_on(why=f"{len(data.digits)} digits sent")
