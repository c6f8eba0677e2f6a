"""What the documents of an account, a user and a device say together. Pure functions, no queries.

An *endpoint* is a device, or a user standing for the devices he owns. Documents are plain dicts as their shapes left
them; every function takes an empty dict for "there is none".

A device's *users* are those who are logged in to it (hotdesking), else its owner; the first of them is whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.foundation.kit.patterns import BadPattern, search
from apps.switching.calls.port import CallerId

Document = Mapping[str, Any]
Privacy = Literal["full", "name", "number", "none"]
#: Device types that have no registration: they are their forward number.
ALWAYS_FORWARDED = ("cellphone", "landline")
_UNSHOWN = re.compile(r"[^A-Za-z0-9+*#._\-]")


@dataclass(frozen=True, slots=True)
class Asserted:
    """The P-Asserted-Identity of calls that leave (RFC 3325). Parts may be empty."""

    name: str = ""
    number: str = ""
    realm: str = ""


def group_of(document: Document, name: str) -> Document:
    """An option group of a document, empty where it is missing or no object."""
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def users_of(device: Document, owner_id: str) -> tuple[str, ...]:
    """The ids of a device's users: everybody logged in to it, in that order, else its owner."""
    logged_in = tuple(str(one) for one in group_of(group_of(device, "hotdesk"), "users"))
    return logged_in or ((owner_id,) if owner_id else ())


def do_not_disturb(*documents: Document) -> bool:
    """On if it is on anywhere."""
    return any(bool(group_of(document, "do_not_disturb").get("enabled")) for document in documents)


def call_waiting(*, account: Document, user: Document, device: Document) -> bool:
    """Whether a device that has a call is offered another: the device's word, else its user's, else the account's."""
    for document in (device, user, account):
        enabled = group_of(document, "call_waiting").get("enabled")
        if enabled is not None:
            return bool(enabled)
    return True


def caller_id(kind: str, *, account: Document, user: Document, device: Document) -> CallerId:
    """The caller id of a `kind` (internal, external, emergency) that these three give, part by part.

    A user's goes before his device's, unless the account prefers the device's; for emergency calls the device's is
    always first, because it is where the caller stands.
    """
    found = CallerId()
    for document in _identity_order(kind, account, user, device):
        given = group_of(group_of(document, "caller_id"), kind)
        found = found.or_else(CallerId(str(given.get("name") or ""), str(given.get("number") or "")))
    return found


def asserted_identity(*, account: Document, user: Document, device: Document) -> Asserted:
    """Part by part, in the order of `caller_id`."""
    found = Asserted()
    for document in _identity_order("asserted", account, user, device):
        given = group_of(group_of(document, "caller_id"), "asserted")
        name, number, realm = (str(given.get(part) or "") for part in ("name", "number", "realm"))
        found = Asserted(found.name or name, found.number or number, found.realm or realm)
    return found


def _identity_order(kind: str, account: Document, user: Document, device: Document) -> Sequence[Document]:
    device_first = kind == "emergency" or bool(account.get("prefer_device_caller_id"))
    return (device, user, account) if device_first else (user, device, account)


def privacy(*, account: Document, user: Document, device: Document) -> Privacy:
    """What calls that leave hide (`caller_id_options.outbound_privacy`), nearest first; "none" where nobody says."""
    for document in (device, user, account):
        wanted = group_of(document, "caller_id_options").get("outbound_privacy")
        if wanted in ("full", "name", "number", "none"):
            found: Privacy = wanted
            return found
    return "none"


def formatted_number(number: str, *, account: Document, user: Document, device: Document) -> str:
    """The caller's number as `caller_id_options.format` writes it: the first group its `regex` captures (all of it
    where it has none) between `prefix` and `suffix`. A number the expression does not match stays."""
    for document in (device, user, account):
        wanted = group_of(group_of(document, "caller_id_options"), "format")
        if not wanted:
            continue
        match = _first_match(str(wanted.get("regex") or "(.+)"), number)
        if match is None:
            return number
        kept = match.group(1) or "" if match.re.groups else match.group()
        return _UNSHOWN.sub("", f"{wanted.get('prefix') or ''}{kept}{wanted.get('suffix') or ''}")
    return number


def _first_match(pattern: str, number: str) -> re.Match[str] | None:
    try:
        return search(pattern, number)
    except BadPattern:
        return None


def restriction(classifier: str, *, account: Document, users: Iterable[Document], device: Document) -> bool:
    """Whether calls to numbers of this class are refused.

    A `deny` of the account wins, and so does a `deny` of the user; an `allow` of the user lifts the device's; else the
    device's own word counts. Where several people are logged in to the device, theirs counts only where all deny.
    """
    if _restricts(account, classifier) == "deny":
        return True
    said = [_restricts(user, classifier) for user in users]
    if said and all(one == "deny" for one in said):
        return True
    if "allow" in said:
        return False
    return _restricts(device, classifier) == "deny"


def _restricts(document: Document, classifier: str) -> str:
    return str(group_of(group_of(document, "call_restriction"), classifier).get("action") or "inherit")


def closed_groups(*, account: Document, users: Iterable[Document], device: Document) -> bool:
    """Whether only members of a common group may be called: `call_restriction.closed_groups.action` is `deny`."""
    return restriction("closed_groups", account=account, users=users, device=device)


def language(*, account: Document, user: Document, device: Document) -> str:
    """Of prompts: the user's, else the device's, else the account's; empty where nobody says."""
    return str(user.get("language") or device.get("language") or account.get("language") or "")


def presence_id(*, user: Document, device: Document) -> str:
    """The extension whose lamp shows the state: the user's, else the device's."""
    return str(user.get("presence_id") or device.get("presence_id") or "")


def music_on_hold(*, account: Document, user: Document, device: Document) -> str:
    """What a held party hears, a media id or a URL: the nearest."""
    return next(
        (
            str(media)
            for document in (device, user, account)
            if (media := group_of(document, "music_on_hold").get("media_id"))
        ),
        "",
    )


def ringtone(side: str, *, account: Document, user: Document, device: Document) -> str:
    """The Alert-Info of calls that come from the `side` internal or external: the nearest."""
    tones = (group_of(document, "ringtones").get(side) for document in (device, user, account))
    return next((str(tone) for tone in tones if tone), "")
