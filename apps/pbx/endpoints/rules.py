"""What the documents of an account, a user and a device say together about being rung. Pure functions, no queries.

An *endpoint* is a device, or a user standing for the devices he owns. Documents are plain dicts as their shapes left
them; every function takes an empty dict for "there is none".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.switching.calls.port import CallerId

Document = Mapping[str, Any]
#: Device types that have no registration: they are their forward number.
ALWAYS_FORWARDED = ("cellphone", "landline")
_UNDIALLED = re.compile(r"[^A-Za-z0-9+*#]")
_USER_PART = re.compile(r"^(sips?:)(?:[^@;?]*@)?(.+)$")


@dataclass(frozen=True, slots=True)
class CallForward:
    """A call_forward group. `substitute`: the device itself is not rung. `failover`: only where nothing is
    registered."""

    number: str
    enabled: bool
    substitute: bool
    require_keypress: bool
    keep_caller_id: bool
    direct_calls_only: bool
    ignore_early_media: bool
    failover: bool

    def applies(self, *, direct: bool) -> bool:
        """Whether a call (`direct` to this endpoint, or to a group it is in) is forwarded at once."""
        return self.enabled and (direct or not self.direct_calls_only)

    def rescues(self, *, direct: bool) -> bool:
        """Whether a call goes on to the number because nothing could be rung."""
        return self.failover and (direct or not self.direct_calls_only)


def group_of(document: Document, name: str) -> Document:
    """An option group of a document, empty where it is missing or no object."""
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def call_forward(document: Document) -> CallForward | None:
    """The forwarding a document asks for, None without a number."""
    given = group_of(document, "call_forward")
    number = _UNDIALLED.sub("", str(given.get("number") or ""))
    if not number:
        return None
    return CallForward(
        number=number,
        enabled=bool(given.get("enabled")),
        substitute=bool(given.get("substitute", True)),
        require_keypress=bool(given.get("require_keypress", True)),
        keep_caller_id=bool(given.get("keep_caller_id", True)),
        direct_calls_only=bool(given.get("direct_calls_only")),
        ignore_early_media=bool(given.get("ignore_early_media", True)),
        failover=bool(given.get("failover")),
    )


def do_not_disturb(*documents: Document) -> bool:
    """On if it is on anywhere."""
    return any(bool(group_of(document, "do_not_disturb").get("enabled")) for document in documents)


def caller_id(kind: str, *, account: Document, user: Document, device: Document) -> CallerId:
    """The caller id of a `kind` (internal, external, emergency) that these three give, part by part.

    A user's goes before his device's, unless the account prefers the device's; for emergency calls the device's is
    always first, because it is where the caller stands.
    """
    device_first = kind == "emergency" or bool(account.get("prefer_device_caller_id"))
    order = (device, user, account) if device_first else (user, device, account)
    found = CallerId()
    for document in order:
        given = group_of(group_of(document, "caller_id"), kind)
        found = found.or_else(CallerId(str(given.get("name") or ""), str(given.get("number") or "")))
    return found


def custom_headers(document: Document) -> dict[str, str]:
    """Extra SIP headers towards the phone: `custom_sip_headers` is `{in, out}` or, the old way, the headers."""
    given = group_of(document, "custom_sip_headers")
    outgoing = given.get("out") if isinstance(given.get("out"), Mapping) else given
    return {
        f"sip_h_{name}": str(value)
        for name, value in dict(outgoing or {}).items()
        if isinstance(value, str | int) and name not in ("in", "out")
    }


def invited_as(contact: str, sip: Document, dialled: str, static_invite: str = "") -> str:
    """The request URI: the contact, its user part rewritten where the device asks for another (`invite_format`)."""
    wanted = static_invite or str(sip.get("static_invite") or "") or _in_format(sip, dialled)
    return _USER_PART.sub(rf"\g<1>{_safe_user(wanted)}@\g<2>", contact) if wanted else contact


def _in_format(sip: Document, dialled: str) -> str:
    form = str(sip.get("invite_format") or "contact")
    if form == "username":
        return str(sip.get("username") or "")
    if form == "strip_plus":
        return dialled.removeprefix("+")
    if form not in ("npan", "1npan", "e164"):
        return ""
    try:
        number = to_e164(dialled)
    except NotANumber:
        return dialled
    if form == "e164" or not number.startswith("+1"):
        return str(number)
    return number[2:] if form == "npan" else number[1:]


def _safe_user(text: str) -> str:
    """Only what may stand in a URI's user part unescaped (RFC 3261 §25.1)."""
    return re.sub(r"[^A-Za-z0-9+*#._\-]", "", text)


def fixed_contact(sip: Document) -> str:
    """Where a device that does not register is reached: a literal route, or the address it is known by."""
    if sip.get("invite_format") == "route" and sip.get("route"):
        return str(sip["route"])
    if sip.get("method") == "ip" and sip.get("ip"):
        return f"sip:{_safe_user(str(sip.get('username') or ''))}@{sip['ip']}".replace("sip:@", "sip:")
    return ""
