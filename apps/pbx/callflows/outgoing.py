"""Who is shown as calling on a call that leaves the account. Runs inside `account_scope`.

In this order: what the flow chose, or a caller who is passed on keeps; else the endpoint's identity for such calls
(`rules.caller_id`); then, with `ensure_valid_caller_id`, only numbers the account has; then the name that goes with the
number (`cnam.display_name`); then `caller_id_options`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.foundation.accounts.models import Account
from apps.pbx.callflows.emergency import shown_to_emergency
from apps.pbx.devices.models import Device
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.queries import documents_of
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.models import PhoneNumber
from apps.switching.calls.port import CallerId

#: Settings of an account that those below it have too, unless they say otherwise.
INHERITED = (
    "ensure_valid_caller_id",
    "ensure_valid_emergency_cid",
    "default_emergency_cid_number",
    "deny_invalid_emergency_cid",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """`variables` make the leg say it (RFC 3323, RFC 3325). `denied`: an emergency call nobody could be found by."""

    caller_id: CallerId = field(default_factory=CallerId)
    variables: Mapping[str, str] = field(default_factory=dict)
    denied: bool = False


def outgoing_identity(
    account: Account,
    original: CallerId,
    *,
    kind: str,
    authorizing_id: str,
    owner_id: str,
    keeps: bool = False,
    hidden: rules.Privacy | None = None,
    emergency: bool = False,
) -> Identity:
    """`kind` is the identity to show (external, internal, emergency); `keeps` that `original` stays as it is; `hidden`
    the privacy asked for on this call, instead of the endpoint's."""
    device = Device.objects.filter(id=authorizing_id).first()
    documents = documents_of(account, device, owner_id or authorizing_id)
    options = inherited(account)
    if emergency:
        wanted = rules.caller_id("emergency", **documents).or_else(rules.caller_id("external", **documents))
        shown = shown_to_emergency(account, wanted.or_else(original), options)
        return Identity(shown.caller_id, {"emergency_call": "true"}, shown.denied)
    found = original if keeps else rules.caller_id(kind, **documents).or_else(original)
    if options.get("ensure_valid_caller_id") and not keeps:
        found = _valid(account, found)
    name = (_name_of(account, found.number) if kind == "external" and not keeps else "") or found.name
    found = CallerId(name, rules.formatted_number(found.number, **documents))
    private = hidden or rules.privacy(**documents)
    return Identity(_shown(found, private), _said(account, found, private, documents))


def inherited(account: Account) -> dict[str, Any]:
    """The settings of INHERITED: the account's own, else the nearest above's. One query."""
    above = {one.id: one.document for one in Account.objects.filter(id__in=account.ancestors)}
    documents = [above.get(identifier, {}) for identifier in account.ancestors] + [account.document]
    return {name: document[name] for document in documents for name in INHERITED if document.get(name) is not None}


def _valid(account: Account, wanted: CallerId) -> CallerId:
    """A number of the account: the one wanted, else the account's external one, else its first in service."""
    region = home_region(account)
    mine = set(
        PhoneNumber.objects.filter(account_id=account.id, state__in=PhoneNumber.HELD).values_list("number", flat=True)
    )
    for number in (wanted.number, rules.caller_id("external", account=account.document, user={}, device={}).number):
        if as_number(number, region) in mine:
            return CallerId(wanted.name, number)
    return CallerId(wanted.name, min(mine, default=wanted.number))


def _name_of(account: Account, number: str) -> str:
    """The name that goes with a number of the account (`cnam.display_name`), empty for none. One query."""
    rows = PhoneNumber.objects.filter(account_id=account.id, number=as_number(number, home_region(account)))
    return str(rows.values_list("document__cnam__display_name", flat=True).first() or "")


def _shown(identity: CallerId, private: rules.Privacy) -> CallerId:
    hides_name, hides_number = private in ("full", "name"), private in ("full", "number")
    return CallerId("Anonymous" if hides_name else identity.name, "anonymous" if hides_number else identity.number)


def _said(
    account: Account, identity: CallerId, private: rules.Privacy, documents: Mapping[str, rules.Document]
) -> dict[str, str]:
    """The asserted identity, for the carrier alone where the caller hides. It has no name: a dial string cannot hold
    the brackets of one."""
    asserted = rules.asserted_identity(**documents)
    number = asserted.number or identity.number
    if not number or (private == "none" and not asserted.number):
        return {}
    headers = {"sip_cid_type": "none", "sip_h_P-Asserted-Identity": f"sip:{number}@{asserted.realm or account.realm}"}
    return headers | ({"sip_h_Privacy": "id"} if private != "none" else {})
