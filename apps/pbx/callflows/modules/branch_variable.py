from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.call_variables import recall, value_in
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.queries import documents_of
from apps.switching.calls.port import Call

Scope = Literal["account", "custom_channel_vars", "device", "merged", "user"]
#: Never branched on, whoever asks: a trace would tell them.
_SECRET = ("password", "pin", "secret", "token", "key")
_NEAREST_FIRST = ("device", "user", "account")


class BranchVariableData(VerbData):
    variable: str = Field(max_length=256, description="A name, or the dotted path of a field of a document.")
    scope: Scope = Field(
        "custom_channel_vars",
        description="Where it is looked for: on the call, or in the document of the account, the caller's user or his "
        "device; `merged` takes the nearest that has it.",
    )


class BranchOnVariable(Verb[BranchVariableData]):
    """Go on at the child named like the value of a variable of the call or a field of a document."""

    Data = BranchVariableData
    children: ClassVar[dict[str, str]] = {
        "(the value)": "the variable has this value",
        "_": "there is no child for its value, or it has none",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"variable": "call_priority"},
        {"variable": "call_forward.enabled", "scope": "merged"},
    )

    async def run(self, call: Call, data: BranchVariableData) -> Branch:
        if data.scope == "custom_channel_vars":
            return _branch(data, recall(call, data.variable))
        value = await in_account(call.account_id, _value, data, call.authorizing_id, call.owner_id)
        return _branch(data, value)

    def explain(self, asking: Asking, data: BranchVariableData) -> Branch | list[Branch]:
        if data.scope != "custom_channel_vars":
            return _branch(data, _value(data, asking.authorizing_id, asking.owner_id))
        return [go_on(key, why=f"{data.variable} is {key}") for key in sorted(data.child_keys)]


def _branch(data: BranchVariableData, value: str) -> Branch:
    return go_on(value, why=f"{data.variable} is {value}") if value else go_on(why=f"{data.variable} has no value")


def _value(data: BranchVariableData, authorizing_id: str, owner_id: str) -> str:
    if any(word in data.variable.lower().split(".")[-1] for word in _SECRET):
        return ""
    account = Account.objects.get(id=current_account_id())
    device = Device.objects.filter(id=authorizing_id).first()
    documents = documents_of(account, device, owner_id)
    scopes = _NEAREST_FIRST if data.scope == "merged" else (data.scope,)
    return next((value for scope in scopes if (value := value_in(documents[scope], data.variable))), "")
