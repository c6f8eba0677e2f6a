"""What the portal's pages are told: events in the pages' words, and who may hear which accounts.

A page only learns that something changed and fetches itself anew, so of events it has not been sent yet the last of a
kind is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from apps.foundation.accounts.models import Account
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.web import login_of

_CALLS = {
    "CHANNEL_CREATE": "call.created",
    "CHANNEL_ANSWER": "call.answered",
    "CHANNEL_BRIDGE": "call.bridged",
    "CHANNEL_DESTROY": "call.ended",
    "CHANNEL_HOLD": "call.held",
    "CHANNEL_UNHOLD": "call.resumed",
}
_OBJECTS = {"device": "device.changed", "user": "device.changed", "account": "device.changed"}
#: A reader of more accounts than this hears the first ones; his page shows the rest when he opens it.
MOST_ACCOUNTS = 5000


class NotSignedIn(Exception):
    """There is no session, or it has ended."""


class NotAllowed(Exception):
    """Somebody else's account."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who listens, and to which accounts."""

    principal: Principal
    account_ids: frozenset[str]

    def may_hear(self, data: Mapping[str, Any]) -> bool:
        """A plain user hears of his own calls and phones only."""
        if self.principal.role > Role.USER:
            return True
        variables = data.get("custom_channel_vars")
        owners = {data.get("owner_id"), variables.get("owner_id") if isinstance(variables, Mapping) else None}
        return self.principal.user_id is not None and self.principal.user_id in owners


def audience_of(session_key: str, account_id: str) -> Audience:
    """Looked at when a page connects, and again while it listens. Raises NotSignedIn, NotAllowed.

    A reseller's pages show the calls of all accounts below, so he hears those too.
    """
    found = login_of(SessionStore(session_key)) if session_key else None
    if found is None:
        raise NotSignedIn
    principal = found.principal
    account = Account.objects.present().filter(id=account_id, enabled=True).first()
    if account is None or not account.is_within(principal.account_id):
        raise NotAllowed
    if principal.role is Role.USER and account.id != principal.account_id:
        raise NotAllowed
    ids = [account.id]
    if principal.role > Role.USER and (account.is_master or account.is_reseller):
        below = Account.objects.present().below(account.id).order_by("-created").values_list("id", flat=True)
        ids += list(below[: MOST_ACCOUNTS - 1])
    return Audience(principal, frozenset(ids))


def told_as(key: str) -> str | None:
    """The page's name of an event, None for one no page waits for."""
    kind, _dot, rest = key.partition(".")
    word = rest.partition(".")[0]
    if kind == "call":
        return _CALLS.get(word)
    if kind == "registration":
        return {"registered": "device.registered", "unregistered": "device.unregistered"}.get(word)
    if kind == "object":
        words = rest.split(".")
        return _OBJECTS.get(words[1]) if len(words) > 1 else None
    return None


def session_key_of(headers: Mapping[bytes, bytes]) -> str:
    """The session's key in a handshake's cookies, empty where there is none."""
    for cookie in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _equals, value = cookie.strip().partition("=")
        if name == settings.SESSION_COOKIE_NAME:
            return value
    return ""


def is_same_origin(headers: Mapping[bytes, bytes]) -> bool:
    """A page of another site must not open a socket with its visitor's cookie (RFC 6455 §10.2)."""
    origin, host = headers.get(b"origin", b"").decode("latin-1"), headers.get(b"host", b"").decode("latin-1")
    return bool(host) and origin.partition("://")[2].lower() == host.lower()
