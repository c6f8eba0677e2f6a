from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.foundation.audit.actions import record
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.lockout import forgive, is_locked, note_wrong_pin
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, jump, stop
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, after_failure
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.actions import by_phone
from apps.pbx.endpoints.legs import EXPORTED, OWN_CALLS
from apps.pbx.media.speech import File, Prompt, sound
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.classifiers import EMERGENCY, classifiers_of, classify
from apps.switching.calls.commands import hang_up_later
from apps.switching.calls.dial_string import Leg, Redial
from apps.switching.calls.models import LiveChannel
from apps.switching.calls.port import BridgeRequest, Call

DIAL_TONE = "tone_stream://%(15000,0,350,440)"
_RINGING = "tone_stream://%(2000,4000,440,480)"
_FIRST_KEY = 10_000
_DIALABLE = re.compile(r"\+?[0-9*]{1,32}#?")


class DisaData(VerbData):
    pin: str = Field(
        "", max_length=32, pattern=r"^[0-9]*$", json_schema_extra={"format": "password"},
        description="What lets a caller in. Without one, only the account's own phones may.",
    )  # fmt: skip
    retries: int = Field(3, ge=1, le=10, description="How often the caller may try the PIN, and then the number.")
    max_digits: int = Field(15, ge=1, le=32, description="The most digits of a number.")
    interdigit: int = Field(3_000, ge=1, le=30_000, description="Time to wait for each next key. Milliseconds.")
    preconnect_audio: Literal["dialtone", "ringing"] = Field(
        "dialtone", description="What the caller hears before he dials."
    )
    ring_repeat_count: int = Field(1, ge=1, le=10, description="How often it rings before he dials.")
    use_account_caller_id: bool = Field(True, description="Call as the account; else the caller's own number is shown.")
    enforce_call_restriction: bool = Field(
        True, description="Refuse numbers the account may not call. KAZOO's default is false."
    )
    max_calls: int = Field(2, ge=1, le=100, description="How many callers may be using this at a time.")
    max_call_seconds: int = Field(3_600, ge=10, le=86_400, description="How long a call may last. Seconds.")


class DirectInwardSystemAccess(Verb[DisaData]):
    """Let a caller from outside dial as if at a phone of the account, once he has keyed in the PIN.

    Wrong PINs are counted across calls, and a caller who keyed in too many within an hour is turned away. The account's
    restrictions and limits apply, and every use is in the audit trail.
    """

    Data = DisaData
    children = BRIDGE_CHILDREN
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"pin": "48151623"},
        {"pin": "48151623", "preconnect_audio": "ringing", "max_digits": 11, "max_calls": 1},
    )

    async def run(self, call: Call, data: DisaData) -> Branch:
        if not data.pin and call.call_kind == "inbound":
            return await _refused(call, "no_pin", "callers from outside need a PIN, and none is set")
        await call.answer()
        if refusal := await _let_in(call, data):
            await call.play(await sound(call, Prompt("disa-retries_exceeded")))
            return await _refused(call, refusal, refusal)
        if await in_account(call.account_id, _users, _flow(call), call.uuid) >= data.max_calls:
            await call.play(await sound(call, Prompt("fault-can_not_be_completed_at_this_time")))
            return await _refused(call, "too_many_calls", "as many callers as may are using it")
        number = await _dialled(call, data)
        if not number:
            await call.play(await sound(call, Prompt("disa-retries_exceeded")))
            return await _refused(call, "no_number", "no number that may be called was dialled")
        await in_account(call.account_id, _note, _flow(call), call.owner_id, _use(call, "connected", number))
        result = await call.bridge(_request(call, data, number))
        return stop(why=f"called {number}") if result.answered else after_failure(result)

    def explain(self, asking: Asking, data: DisaData) -> Branch | list[Branch]:
        if data.pin and asking.press() not in (data.pin, None):
            return go_on(why="the PIN is wrong")
        number = asking.press(data.max_digits)
        if number is None:
            return [stop(why="calls the number keyed in"), go_on(why="the PIN or the number is wrong")]
        found, prompt = find_flow(number), refusal_of(number, restricted=data.enforce_call_restriction)
        return go_on(why=f"{number} is refused") if prompt or found is None else jump(found.callflow.id, why=number)


async def _let_in(call: Call, data: DisaData) -> str:
    """Why the caller may not go on; empty where he may."""
    if not data.pin:
        return ""
    door, caller = f"disa:{_flow(call)}", call.original_caller_id.number
    for _try in range(data.retries):
        if await in_account(call.account_id, is_locked, door, caller):
            return "locked_out"
        keyed = await call.collect(
            await sound(call, Prompt("disa-enter_pin")),
            maximum=max(len(data.pin), data.max_digits),
            timeout=_FIRST_KEY,
            interdigit_timeout=data.interdigit,
        )
        if keyed == data.pin:
            await in_account(call.account_id, forgive, door, caller)
            return ""
        if keyed:
            await in_account(call.account_id, note_wrong_pin, door, caller)
        await call.play(await sound(call, Prompt("disa-invalid_pin")))
    return "wrong_pin"


async def _dialled(call: Call, data: DisaData) -> str:
    """A number the caller may call; empty where he dialled none."""
    for _try in range(data.retries):
        tone = DIAL_TONE
        if data.preconnect_audio == "ringing":
            await call.play(_RINGING, loops=data.ring_repeat_count)
            tone = ""
        keyed = await call.collect(
            await sound(call, File(tone)) if tone else "",
            maximum=data.max_digits,
            timeout=_FIRST_KEY,
            interdigit_timeout=data.interdigit,
        )
        refusal = await in_account(call.account_id, refusal_of, keyed, restricted=data.enforce_call_restriction)
        if not refusal:
            return keyed
        await call.play(await sound(call, Prompt(refusal)))
    return ""


def refusal_of(number: str, *, restricted: bool) -> str:
    """The prompt that says why a number is not called; empty where it is. Runs inside the account's scope.

    Emergency calls are refused: nobody could tell where the caller is.
    """
    if not _DIALABLE.fullmatch(number):
        return "disa-invalid_extension"
    found = find_flow(number)
    if found is None or found.callflow.flow.get("module") == "disa":
        return "disa-invalid_extension"
    account = Account.objects.get(id=current_account_id())
    classifiers = classifiers_of(account)
    classes = [classify(form, classifiers) for form in (as_number(number, home_region(account)) or number, number)]
    if any(one.name == EMERGENCY for one in classes):
        return "cf-unauthorized_call"
    denied = rules.restriction(classes[0].name, account=account.document, users=(), device={})
    return "cf-unauthorized_call" if restricted and found.is_no_match and denied else ""


def _request(call: Call, data: DisaData, number: str) -> BridgeRequest:
    """A new call of the account: its flows, restrictions and limits apply to it."""
    own = call.call_kind == "internal" and call.authorizing_id
    variables = {
        "account_id": call.account_id,
        "call_kind": "internal",
        "authorizing_id": call.authorizing_id if own else _flow(call),
        "authorizing_type": call.variables.get("authorizing_type", "device") if own else "callflow",
        "owner_id": call.owner_id if own else "",
        "caller_id_kept": "false" if data.use_account_caller_id else "true",
        "loopback_export": EXPORTED,
    }

    async def end_in_time(_other: str) -> None:
        await call.tell_switch(hang_up_later(call.uuid, data.max_call_seconds))

    return BridgeRequest(
        legs=(Leg(Redial(number.rstrip("#"), OWN_CALLS), variables=variables),),
        timeout=120,
        variables={"interaction_id": call.interaction_id},
        on_connected=end_in_time,
    )


def _flow(call: Call) -> str:
    return call.variables.get("callflow_id", "")


def _users(callflow_id: str, besides: str) -> int:
    """How many other callers are in this flow now."""
    rows = LiveChannel.objects.filter(account_id=current_account_id(), callflow_id=callflow_id, direction="inbound")
    return rows.exclude(uuid=besides).count()


async def _refused(call: Call, outcome: str, why: str) -> Branch:
    await in_account(call.account_id, _note, _flow(call), call.owner_id, _use(call, outcome))
    return go_on("CALL_REJECTED", cause="CALL_REJECTED", why=why)


def _use(call: Call, outcome: str, number: str = "") -> dict[str, Any]:
    caller = call.original_caller_id
    return {
        "outcome": outcome,
        "caller_id_number": caller.number,
        "caller_id_name": caller.name,
        "dialled": number,
        "call_id": call.uuid,
    }


def _note(callflow_id: str, owner_id: str, use: dict[str, Any]) -> None:
    record(by_phone(owner_id), "disa.used", "callflow", callflow_id, {}, use)
