from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.lists.queries import is_on_list
from apps.switching.calls.port import Call


class CidListMatchData(VerbData):
    id: str = Field(
        "", max_length=128, description="The list, or match list, the caller is looked for on.",
        json_schema_extra={"names": "list"},
    )  # fmt: skip


class MatchCallerOnList(Verb[CidListMatchData]):
    """Go on by whether the caller's number is on a list."""

    Data = CidListMatchData
    children: ClassVar[dict[str, str]] = {
        "match": "the list has the number, or a pattern it matches",
        "nomatch": "it has neither",
        "_": "there is no such child",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"id": "0123456789abcdef0123456789abcdef"},)

    async def run(self, call: Call, data: CidListMatchData) -> Branch:
        number = call.caller_id.number
        return _branch(number, await in_account(call.account_id, is_on_list, data.id, number))

    def explain(self, asking: Asking, data: CidListMatchData) -> Branch:
        return _branch(asking.caller_number, is_on_list(data.id, asking.caller_number))


def _branch(number: str, listed: bool) -> Branch:
    return go_on("match" if listed else "nomatch", why=f"{number} is {'' if listed else 'not '}on the list")
