from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import search
from apps.pbx.callflows.admission import may_dial
from apps.pbx.callflows.documents import Pattern
from apps.pbx.callflows.own_sounds import own_or_prompt
from apps.pbx.callflows.redialling import dial_anew
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, stop
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.lists.queries import entry_by_key
from apps.pbx.media.speech import Prompt, sound
from apps.switching.calls.port import Call, CallerId

TRIES = 3


class StaticCallerId(Shape):
    name: str = Field("", max_length=128, description="The name to show.")
    number: str = Field("", max_length=64, description="The number to show.")


class DynamicCidData(VerbData):
    action: Literal["manual", "static", "list", "lists"] = Field(
        "manual", description="Ask the caller; take `caller_id`; or take the entry of a list whose key was dialled."
    )
    caller_id: StaticCallerId = Field(default_factory=StaticCallerId, description="With `static`: what to show.")
    id: str = Field(
        "", max_length=128, description="With `list` and `lists`: the list.", json_schema_extra={"names": "list"}
    )
    idx_name: str = Field(
        "",
        max_length=64,
        description="With `list`: the name of the pattern's group that holds the key; the longest group is then the "
        "number. Without, the key is what the longest group begins with.",
    )
    media_id: Annotated[str | None, BlankIsAbsent] = Field(
        None, max_length=2048, description="With `manual`: what asks for the number."
    )
    min_digits: int = Field(10, ge=1, le=32, description="With `manual`: the fewest digits.")
    max_digits: int = Field(10, ge=1, le=32, description="With `manual`: the most digits.")
    interdigit_timeout: int = Field(
        5, ge=1, le=30, description="With `manual`: time to wait for each next key. Seconds."
    )
    whitelist_regex: Annotated[Pattern | None, BlankIsAbsent] = Field(
        None, description="With `manual`: only numbers that match this regular expression."
    )
    permit_custom_callflow: bool = Field(
        False, description="Let the number dialled be one of the account's own; else only outside numbers."
    )
    enforce_call_restriction: bool = Field(
        True,
        description="Refuse what the caller's restrictions forbid. Without, the number dialled here is let through.",
    )


class ChooseCallerId(Verb[DynamicCidData]):
    """Choose the caller id of this call. Behind a feature code, the number after the code is dialled then."""

    Data = DynamicCidData
    children: ClassVar[dict[str, str]] = {"_": "there is no number to dial, or none that may be"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "manual", "min_digits": 3, "max_digits": 10, "whitelist_regex": "^555"},
        {"action": "static", "caller_id": {"name": "Office", "number": "+13125550100"}},
        {"action": "list", "id": "0123456789abcdef0123456789abcdef"},
    )

    async def run(self, call: Call, data: DynamicCidData) -> Branch:
        number = call.variables.get("capture_group", "")
        shown: CallerId | None = CallerId(data.caller_id.name, data.caller_id.number)
        if data.action == "manual":
            shown = await _asked(call, data)
        elif data.action in ("list", "lists"):
            found = await in_account(call.account_id, _listed, data.id, _key(call, data), number)
            if found is None:
                await call.play(await sound(call, Prompt("ivr-invalid_entry")))
                return stop(why=f"the list has no entry for {number}")
            shown, number = found
        if shown is not None and (shown.number or shown.name):
            await call.set_caller_id(shown.or_else(call.caller_id))
            await call.set_variables({"caller_id_chosen": "true"})
        return await _dialled(call, data, number) if number else go_on(why="caller id chosen")


async def _asked(call: Call, data: DynamicCidData) -> CallerId | None:
    """The number the caller keys in; None where it is none he may show, and his own stays."""
    await call.answer()
    for _try in range(TRIES):
        pressed = await call.collect(
            await own_or_prompt(call, data.media_id or True, "cid-enter_number"),
            maximum=data.max_digits,
            timeout=10_000,
            interdigit_timeout=data.interdigit_timeout * 1000,
        )
        fits = data.whitelist_regex is None or search(data.whitelist_regex, pressed) is not None
        if len(pressed) >= data.min_digits and fits:
            return CallerId("", pressed)
    await call.play(await sound(call, Prompt("cid-rejected")))
    return None


async def _dialled(call: Call, data: DynamicCidData, number: str) -> Branch:
    if data.enforce_call_restriction and not await in_account(call.account_id, _may_dial, number, call.authorizing_id):
        await call.play(await sound(call, Prompt("cf-unauthorized_call")))
        return go_on(why=f"{number} may not be dialled", cause="CALL_REJECTED")
    return await dial_anew(
        call, number, only_outside=not data.permit_custom_callflow, unrestricted=not data.enforce_call_restriction
    )


def _key(call: Call, data: DynamicCidData) -> str:
    return call.variables.get(f"capture_group_{data.idx_name}", "") if data.idx_name else ""


def _listed(list_id: str, key: str, dialled: str) -> tuple[CallerId, str] | None:
    """What the entry shows, and the number to dial: all of `dialled` where the key is a group of its own, else the
    digits behind it."""
    apart = bool(key) and key != dialled
    found = entry_by_key([list_id], key if apart else dialled)
    if found is None:
        return None
    entry, rest = found
    if apart and rest:
        return None
    return CallerId(entry.shown_name, entry.number or ""), dialled if apart else rest


def _may_dial(number: str, authorizing_id: str) -> bool:
    return may_dial(Account.objects.get(id=current_account_id()), number, authorizing_id)
