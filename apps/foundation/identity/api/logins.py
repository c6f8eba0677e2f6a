"""Signing in and out: user_auth, api_auth, token_auth, and auth/tokeninfo."""

import ipaddress
from typing import Any

from django.utils.translation import gettext as _

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import Refused, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import SystemResource, route
from apps.foundation.crossbar.translation import translate
from apps.foundation.crossbar.validation import parse
from apps.foundation.identity import actions, queries, recovery
from apps.foundation.identity.actions import Attempt
from apps.foundation.identity.answers import login_data, signed_in, token_data, unknown_address, unknown_reset
from apps.foundation.identity.authentication import Authenticated, authenticate
from apps.foundation.identity.documents import (
    ApiAuthDocument,
    RecoveryDocument,
    RecoveryResetDocument,
    UserAuthDocument,
)
from apps.foundation.identity.errors import ResetAddressUnknown, ResetUnknown
from apps.foundation.identity.passwords import digest_of
from apps.foundation.identity.principal import Role
from apps.foundation.identity.tokens import read_token

#: What a login costs of the rate bucket's 100 tokens.
LOGIN_PRICE = 35
_ANYBODY = Access(public=("GET", "PUT", "POST"))

translate(ResetUnknown, unknown_reset)
translate(ResetAddressUnknown, unknown_address)


class UserAuthResource(SystemResource):
    """Sign in with a username and a password, and recover a forgotten password.

    The password is shown as `credentials`, the MD5 or SHA-1 hex of `username:password` with the username in lower case.
    The answer holds a token, good for an hour, to send as `X-Auth-Token` or `Authorization: Bearer`.
    """

    path = "user_auth"
    shape = UserAuthDocument
    access = Access(public=("PUT",))
    hex_ids = False
    prices = {"PUT": LOGIN_PRICE}
    example = {"credentials": "82a2dc91686ec828a67152d45a5c5ef7", "method": "md5", "account_name": "acme"}

    def create(self, request: ApiRequest) -> Answer:
        """Sign in."""
        document = parse(UserAuthDocument, request.data)
        named = _account_named(document)
        accounts = queries.accounts_named(named.get("phone_number"), named.get("realm"), named.get("account_name"))
        attempt = _attempt(document, next(iter(named.values())), request)
        return signed_in(actions.sign_in(accounts, attempt))

    def find(self, request: ApiRequest) -> Authenticated:
        """The token of the URL; it is its own proof."""
        return authenticate(request.id, request.request_id)

    def get(self, request: ApiRequest, instance: Authenticated) -> dict[str, Any]:
        """What a token says."""
        return token_data(instance, request.id)

    @route("recovery", methods=("PUT",), access=_ANYBODY, shape=RecoveryDocument, price=LOGIN_PRICE)
    def request_recovery(self, request: ApiRequest) -> str:
        """Have a link mailed to choose a new password.

        The answer is the same whether or not there is such a person.
        """
        document = parse(RecoveryDocument, request.data)
        recovery.request_recovery(_account_named(document), document.username, document.ui_url or "", request.client_ip)
        return _("Request for password reset handled")

    @route(
        "recovery", methods=("POST",), access=Access(public=("POST",)), shape=RecoveryResetDocument, price=LOGIN_PRICE
    )
    def redeem_recovery(self, request: ApiRequest) -> Answer:
        """Exchange the id of a mailed link for a token, with which to choose a new password."""
        document = parse(RecoveryResetDocument, request.data)
        return signed_in(recovery.redeem_reset(document.reset_id.lower(), request.request_id))


class ApiAuthResource(SystemResource):
    """Sign in with an account's API key; the token has an administrator's rights in that account."""

    path = "api_auth"
    shape = ApiAuthDocument
    access = Access(public=("PUT",))
    prices = {"PUT": LOGIN_PRICE}
    example = {"api_key": "0" * 64}

    def create(self, request: ApiRequest) -> Answer:
        """Sign in with an API key."""
        document = parse(ApiAuthDocument, request.data)
        return signed_in(actions.sign_in_with_key(document.api_key, request.request_id))


class TokenAuthResource(SystemResource):
    """The token of the request itself: what it says, and giving it back."""

    path = "token_auth"
    access = Access(write=Role.USER)

    @route("", methods=("GET",))
    def show(self, request: ApiRequest) -> dict[str, Any]:
        """What the token of this request says."""
        return token_data(authenticate(_own_token(request), request.request_id), request.token)

    @route("", methods=("DELETE",))
    def sign_out(self, request: ApiRequest) -> dict[str, Any]:
        """Give the token of this request back: it stops at once."""
        actions.sign_out(read_token(_own_token(request)))
        return {}


class AuthResource(SystemResource):
    """Information about a token, as the web client asks for it when its page is loaded again."""

    path = "auth"

    @route("tokeninfo", methods=("GET", "POST"), access=_ANYBODY)
    def tokeninfo(self, request: ApiRequest) -> dict[str, Any]:
        """What the login with `token` was answered."""
        token = str(request.value("token") or request.token or "")
        return login_data(authenticate(token, request.request_id))


def _account_named(document: UserAuthDocument | RecoveryDocument) -> dict[str, str]:
    """The first given of phone number, realm and name. Raises ValidationFailed where none is."""
    given = {
        "phone_number": document.phone_number,
        "realm": document.account_realm or document.realm,
        "account_name": document.account_name,
    }
    for name, value in given.items():
        if value:
            return {name: value}
    raise ValidationFailed.of("account_name", "required", "Field is required but missing", target="required")


def _attempt(document: UserAuthDocument, named: str, request: ApiRequest) -> Attempt:
    """Raises ValidationFailed where there are no credentials, or plain ones over a line others can read."""
    client = {"named": named, "client_ip": request.client_ip, "request_id": request.request_id}
    if document.credentials:
        return Attempt(document.credentials.strip().lower(), document.method, **client)
    if document.username is None or document.password is None:
        field = "password" if document.username else "credentials"
        raise ValidationFailed.of(field, "required", "Field is required but missing", target="required")
    if not request.http.is_secure() and not _is_loopback(request.client_ip):
        raise ValidationFailed.of("password", "forbidden", _("A password in plain text is accepted over TLS only"))
    username = document.username.strip().lower()
    return Attempt(digest_of(username, document.password, "md5"), "md5", username=username, **client)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _own_token(request: ApiRequest) -> str:
    if not request.token:
        raise Refused("invalid data", _("the request was authenticated without a token"))
    return request.token
