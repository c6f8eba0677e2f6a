from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.switching.calls.port import Call

if TYPE_CHECKING:
    import httpx

ADDRESS = "https://api.nomorobo.com/v1/check"
#: Seconds a caller waits for the verdict at most.
PATIENCE = 2.0


class NomoroboData(VerbData):
    username: str = Field(min_length=1, max_length=1000, description="The name of the account with Nomorobo.")
    password: str = Field("", max_length=1000, description="Its password.", json_schema_extra={"format": "password"})


class ScoreCaller(Verb[NomoroboData]):
    """Ask Nomorobo how likely it is that a machine calls, and go on at the highest child not above its score."""

    Data = NomoroboData
    children: ClassVar[dict[str, str]] = {
        "0, 3, 10 …": "the score, 0 for a person to 10 for a machine, is at least this",
        "_": "the score is below every child, or nobody could say",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"username": "bakery", "password": "secret"},)

    async def run(self, call: Call, data: NomoroboData) -> Branch:
        try:
            caller, called = to_e164(call.caller_id.number), to_e164(call.destination)
        except NotANumber:
            return go_on(why="no phone number called, or was called")
        score = await score_of(data, caller, called)
        if score is None:
            return go_on(why="Nomorobo did not answer")
        reached = [int(key) for key in data.child_keys if key.isdigit() and int(key) <= score]
        return go_on(*([str(max(reached))] if reached else []), why=f"the score is {score}")


async def score_of(
    data: NomoroboData, caller: str, called: str, transport: httpx.AsyncBaseTransport | None = None
) -> int | None:
    """0 to 10; None where the service cannot be reached in time or says something else."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=PATIENCE, transport=transport) as client:
            answer = await client.get(
                ADDRESS, params={"From": caller, "To": called}, auth=(data.username, data.password)
            )
            answer.raise_for_status()
            score = int(answer.json()["score"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return max(0, min(score, 10))
