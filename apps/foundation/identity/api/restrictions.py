"""What the tokens of an account may do, and the default for accounts that say nothing."""

from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.documents import body_of
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, SystemResource, route
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity import actions, queries
from apps.foundation.identity.documents import TokenRestrictionsDocument
from apps.foundation.identity.models import SYSTEM_RESTRICTIONS, TokenRestriction
from apps.foundation.identity.principal import Role

_EXAMPLE = {"restrictions": {"cb_user_auth": {"user": {"accounts": [{"rules": {"*": ["GET", "POST", "PATCH"]}}]}}}}


class TokenRestrictionsResource(AccountResource):
    """What tokens of the account may do, by how they were made, privilege level, endpoint, account and path.

    The first entry for the account and in it the first path that matches decides; where nothing matches the request is
    refused. Without a document the system's holds, without that nothing is restricted beyond roles.
    """

    path = "token_restrictions"
    schema_name = "token_restrictions"
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)

    @route("", methods=("GET",), example=_EXAMPLE)
    def show(self, request: ApiRequest) -> dict[str, Any]:
        """The account's restrictions; empty where it has none."""
        return _stored(request.account.id)

    @route("", methods=("POST",), shape=TokenRestrictionsDocument, example=_EXAMPLE)
    def change(self, request: ApiRequest) -> dict[str, Any]:
        """Replace the account's restrictions."""
        document = validated(TokenRestrictionsDocument, body_of(request))
        actions.restrict_tokens(request.account, document, request.principal)
        return document

    @route("", methods=("DELETE",), example=_EXAMPLE)
    def lift(self, request: ApiRequest) -> dict[str, Any]:
        """Remove the account's restrictions."""
        return actions.lift_restrictions(request.account, request.principal)


class SystemTokenRestrictionsResource(SystemResource):
    """What tokens of accounts without restrictions of their own may do."""

    path = "token_restrictions"
    schema_name = "token_restrictions"
    access = Access(read=Role.OPERATOR, write=Role.OPERATOR)

    @route("", methods=("GET",), example=_EXAMPLE)
    def show(self, request: ApiRequest) -> dict[str, Any]:
        """The system's restrictions; empty where it has none."""
        return _stored(SYSTEM_RESTRICTIONS)

    @route("", methods=("POST",), shape=TokenRestrictionsDocument, example=_EXAMPLE)
    def change(self, request: ApiRequest) -> dict[str, Any]:
        """Replace the system's restrictions."""
        document = validated(TokenRestrictionsDocument, body_of(request))
        actions.restrict_tokens(_operators(request), document, request.principal, system=True)
        return document

    @route("", methods=("DELETE",), example=_EXAMPLE)
    def lift(self, request: ApiRequest) -> dict[str, Any]:
        """Remove the system's restrictions."""
        return actions.lift_restrictions(_operators(request), request.principal, system=True)


def _stored(key: str) -> dict[str, Any]:
    found = TokenRestriction.objects.filter(pk=key).first()
    return found.document if found else {}


def _operators(request: ApiRequest) -> Account:
    account = queries.find_account(request.principal.account_id)
    assert account is not None  # the caller has just been authenticated
    return account
