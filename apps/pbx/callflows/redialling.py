"""Going on with the digits behind a feature code (`*67` and a number) as if they had been dialled.

The caller dials them anew: restrictions, limits and the flow of that number apply, and what was set on the call stays.
"""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, go_on, jump
from apps.switching.calls.port import Call

#: The channel variable with the one number the caller's restrictions do not hold for.
ALLOWED_NUMBER = "allowed_number"


async def dial_anew(call: Call, number: str, *, only_outside: bool = False, unrestricted: bool = False) -> Branch:
    """Raises `CallerLeft` where a flow of the account answers the number (with `only_outside`: none but `no_match`
    does); else goes on at `_`. With `unrestricted` the caller may dial this number, whatever he may dial otherwise."""
    if refusal := await in_account(call.account_id, _refusal, number, only_outside):
        return go_on(why=refusal)
    await call.remember({ALLOWED_NUMBER: number if unrestricted else ""})
    await call.transfer(number)
    return go_on(why=f"dialled {number}")


def explained(number: str, *, only_outside: bool = False) -> Branch:
    """Where that leads. Runs inside the account's scope."""
    found = find_flow(number)
    if found is None or _refusal(number, only_outside):
        return go_on(why=_refusal(number, only_outside))
    return jump(found.callflow.id, why=f"dials {number}")


def _refusal(number: str, only_outside: bool) -> str:
    found = find_flow(number)
    if found is None:
        return f"no callflow answers {number}"
    if only_outside and not found.is_no_match:
        return f"{number} is a number of the account's own"
    return ""
