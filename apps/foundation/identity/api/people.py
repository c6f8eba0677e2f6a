"""Acting as somebody else, and voiding what was handed out to them."""

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity import actions, queries
from apps.foundation.identity.answers import signed_in
from apps.foundation.identity.api.logins import LOGIN_PRICE
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import Role


class ImpersonationResource(AccountResource):
    """Act as one of an account's people: for operators, and for a reseller's administrators below their account."""

    path = "user_auth"
    parents = {"users": "id"}

    @route("", methods=("PUT",), access=Access(write=Role.RESELLER_ADMIN), price=LOGIN_PRICE)
    def impersonate(self, request: ApiRequest) -> Answer:
        """A token to act as the person, for `{"action": "impersonate_user"}`; audited, and named in the token."""
        _check_action(request, "impersonate_user")
        return signed_in(actions.impersonate(request.principal, request.account, _person(request)))


class SignatureResource(AccountResource):
    """Void what was handed out: every token and web session of a person, or of a whole account."""

    path = "auth"
    parents = {"users": "id"}

    @route("", methods=("PUT",), access=Access(write=Role.ACCOUNT_ADMIN))
    def reset(self, request: ApiRequest) -> dict[str, Any]:
        """Void every token, for `{"action": "reset_signature_secret"}`."""
        _check_action(request, "reset_signature_secret")
        if request.parent_ids:
            actions.void_user_tokens(request.account, _person(request), request.principal)
        else:
            actions.void_account_tokens(request.account, request.principal)
        return {}


def _check_action(request: ApiRequest, known: str) -> None:
    """Raises ValidationFailed for any other action."""
    action = request.value("action")
    if action is None:
        raise ValidationFailed.of("action", "required", "Field is required but missing", target="required")
    if action != known:
        message = "Value not found in enumerated list of values"
        raise ValidationFailed.of("action", "enum", message, target=[known], value=action)


def _person(request: ApiRequest) -> Login:
    """The person of the URL. Raises NotFound."""
    identifier = request.parent_ids.get("users", "")
    user = queries.find_login(request.account, identifier)
    if user is None:
        raise NotFound(identifier)
    return user
