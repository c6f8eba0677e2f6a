"""What a dialled number adds to who is shown as calling: the name phone books have (`cnam.inbound_lookup`), and what is
put before name and number (`prepend`), so that one sees which number was called.

Routing says in the variable `FEATURES` whether the number has any of it, so that calls to others cost no query.
"""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import current_account_id
from apps.pbx.lists.models import ListEntry
from apps.pbx.lists.numbers import in_one_form
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.dial_string import is_cut_off
from apps.switching.calls.port import Call, CallerId

#: The channel variable with the features of the dialled number that concern its callers.
FEATURES = "number_features"
PREPEND, LOOKUP = "prepend", "inbound_cnam"


async def present_caller(call: Call) -> None:
    """At the start of a call from outside. A call that has been here, and was transferred, is shown as it is."""
    if call.call_kind != "inbound":
        return
    shown = call.caller_id
    if call.variables.get(FEATURES):
        dialled = call.variables.get("dialed_number", "") or call.destination
        shown = await in_account(call.account_id, shown_for, dialled, shown)
    if shown != call.caller_id or is_cut_off(shown.name):
        await call.set_caller_id(shown)


def shown_for(dialled: str, caller: CallerId) -> CallerId:
    """The caller as the number of the account (E.164) has him shown. Two queries at most."""
    number = PhoneNumber.objects.filter(number=dialled, account_id=current_account_id()).first()
    document = number.document if number is not None else {}
    name = caller.name
    if (document.get("cnam") or {}).get("inbound_lookup") and caller.number:
        entry = ListEntry.objects.filter(normal_number=in_one_form(caller.number)).order_by("created", "id").first()
        name = (entry.shown_name if entry is not None else "") or name
    before = document.get("prepend") or {}
    if not before.get("enabled"):
        return CallerId(name, caller.number)
    return CallerId(f"{before.get('name') or ''}{name}", f"{before.get('number') or ''}{caller.number}")
