"""Signing in to the web: sessions, the middleware that reads them, and the decorator that guards a view.

A session holds the claims a token would (who, until when, the identity signature), so it ends at once with a password
change, a disabled person or account, and an impersonator who was disabled. The middleware enters the scope of the
login's account for the request; `login_required` enters that of the account in the address.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import resolve_url

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.actions import impersonator_claims, sign_out, welcome
from apps.foundation.identity.authentication import Authenticated, identify, principal_for
from apps.foundation.identity.errors import NotAllowed, NotAuthenticated
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.tokens import Claims

#: Seconds a session lasts at most, and without a request.
ABSOLUTE_TIMEOUT = 12 * 3600
IDLE_TIMEOUT = 2 * 3600
#: `seen` is written at most this often, so that reading pages does not write sessions.
_SEEN_EVERY = 60

_CLAIMS = "login"
_SEEN = "seen"

P = ParamSpec("P")


class WebRequest(HttpRequest):
    """What views behind `login_required` get. `viewed_account` is the one in the address."""

    principal: Principal
    login_account: Account
    login: Login
    viewed_account: Account


View = Callable[Concatenate[WebRequest, P], HttpResponseBase]
Entrance = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def log_in(request: HttpRequest, account: Account, user: Login) -> Principal:
    """Start a session for somebody who has just proved himself, under a fresh key."""
    claims = tokens.claims_for(account, user, tokens.SESSION_AUTH, ABSOLUTE_TIMEOUT)
    _start(request, claims)
    return welcome(account, user, claims, _request_id(request)).principal


def log_in_as(request: HttpRequest, principal: Principal, account: Account, user: Login) -> None:
    """Turn the session of `principal` into one that acts as `user`, no longer than his own would last; audited.

    Raises as `actions.impersonate`.
    """
    original = impersonator_claims(principal, account, user)
    lifetime = _remaining(_claims(request.session))
    claims = tokens.claims_for(account, user, tokens.SESSION_AUTH, lifetime, impersonator=original)
    with account_scope(account):
        record(principal, "user.impersonated", "user", str(user.pk), {}, {"token_id": claims.jti})
    _start(request, claims)


def stop_acting(request: HttpRequest) -> Principal:
    """Turn the session of an impersonation back into the impersonator's own, until it would have ended; audited.

    Raises NotAllowed where nobody is acted as.
    """
    # Looks at the impersonator too: one who was disabled meanwhile does not come back.
    found = login_of(request.session)
    claims = found.claims if found else None
    account = queries.find_account(claims.original_account_id or "") if claims else None
    user = queries.find_login(account, claims.original_owner_id or "") if account and claims else None
    if found is None or claims is None or account is None or user is None:
        raise NotAllowed
    with account_scope(found.account):
        record(found.principal, "user.impersonation_ended", "user", claims.owner_id or "", {}, {"token_id": claims.jti})
    sign_out(claims)
    own = tokens.claims_for(account, user, tokens.SESSION_AUTH, _remaining(claims))
    _start(request, own)
    return principal_for(account, user, tokens.SESSION_AUTH, claims=own, request_id=_request_id(request))


def log_out(request: HttpRequest) -> None:
    """End the session; a copy of its row is worthless too."""
    claims = _claims(request.session)
    if claims is not None:
        sign_out(claims)
    request.session.flush()


def login_of(session: SessionBase) -> Authenticated | None:
    """Who a session belongs to now, None where it is nobody's or no longer good. Two queries."""
    claims = _claims(session)
    moment = int(time.time())
    if claims is None or claims.expires <= moment or session.get(_SEEN, 0) + IDLE_TIMEOUT <= moment:
        return None
    try:
        return identify(claims)
    except NotAuthenticated:
        return None


class PrincipalMiddleware:
    """Sets `principal`, `login_account` and `login` of every request, None each where nobody is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        found = login_of(request.session)
        _attach(request, found)
        if found is None:
            if _CLAIMS in request.session:
                request.session.flush()
            return self.get_response(request)
        moment = int(time.time())
        if request.session[_SEEN] + _SEEN_EVERY <= moment:
            request.session[_SEEN] = moment
        with account_scope(found.account):
            return self.get_response(request)


def login_required(role: Role) -> Callable[[View[P]], Entrance[P]]:
    """Guard a view: signed in, at least `role`, and the address's `account_id` is the login's account or below it.

    The view runs in the scope of that account (without `account_id` in its address: of the login's own). Somebody
    else's account answers 404, too small a role 403. A plain user sees his own account only.
    """

    def decorate(view: View[P]) -> Entrance[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            principal: Principal | None = getattr(request, "principal", None)
            if principal is None:
                return _ask_to_sign_in(request)
            account = viewed_account(request, principal, kwargs.get("account_id"))
            if principal.role < role:
                raise PermissionDenied
            web_request = cast("WebRequest", request)
            web_request.viewed_account = account
            with account_scope(account):
                return view(web_request, *args, **kwargs)

        return cast("Entrance[P]", guarded)

    return decorate


def viewed_account(request: HttpRequest, principal: Principal, account_id: object) -> Account:
    """The account of an address, if the principal may look at it. Raises Http404."""
    own: Account = request.login_account  # type: ignore[attr-defined]
    if account_id is None or account_id == own.id:
        return own
    account = queries.find_account(str(account_id))
    if account is None or not account.is_within(own.id) or principal.role is Role.USER:
        raise Http404
    return account


def _remaining(claims: Claims | None) -> int:
    """Seconds a session that takes this one's place may last: changing places does not prolong it."""
    return max(1, claims.expires - int(time.time())) if claims else ABSOLUTE_TIMEOUT


def client_ip(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR") or "")


def _start(request: HttpRequest, claims: Claims) -> None:
    # Nothing of an earlier person's session survives, and a key planted before the login is worthless.
    request.session.flush()
    request.session[_CLAIMS] = asdict(claims)
    request.session[_SEEN] = claims.issued
    request.session.set_expiry(ABSOLUTE_TIMEOUT)
    rotate_token(request)


def _claims(session: SessionBase) -> Claims | None:
    stored: dict[str, Any] | None = session.get(_CLAIMS)
    try:
        return Claims(**stored) if stored else None
    except TypeError:
        return None


def _attach(request: HttpRequest, found: Authenticated | None) -> None:
    values = {
        "principal": found.principal if found else None,
        "login_account": found.account if found else None,
        "login": found.user if found else None,
    }
    vars(request).update(values)


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    login_page = resolve_url(settings.LOGIN_URL)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": login_page})
    return HttpResponseRedirect(f"{login_page}?{urlencode({'next': request.get_full_path()})}")


def _request_id(request: HttpRequest) -> str:
    return str(request.headers.get("X-Request-ID") or "")[:64]
