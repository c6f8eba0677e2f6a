"""Who tried to sign in, as an account's administrator may see it."""

from typing import Any

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Listing
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.identity.models import LoginAttempt
from apps.foundation.identity.principal import Role
from apps.foundation.kit.clock import to_gregorian


class SecurityResource(AccountResource):
    """Attempts to sign in, good and bad, of the last month."""

    path = "security"
    access = Access(read=Role.ACCOUNT_ADMIN)

    @route("attempts", methods=("GET",))
    def attempts(self, request: ApiRequest) -> Listing:
        """The account's attempts, newest first."""
        rows = LoginAttempt.objects.filter(account_id=request.account.id)
        return Listing(rows, _document, _document, order="-created", time_column="created")

    @route("attempts/{attempt_id}", methods=("GET",))
    def attempt(self, request: ApiRequest) -> dict[str, Any]:
        """One attempt."""
        identifier = request.arguments["attempt_id"]
        found = LoginAttempt.objects.filter(account_id=request.account.id, id=identifier).first()
        if found is None:
            raise NotFound(identifier)
        return _document(found)


def _document(attempt: LoginAttempt) -> dict[str, Any]:
    """`timestamp` in Gregorian seconds."""
    document = {
        "id": attempt.id,
        "timestamp": to_gregorian(attempt.created),
        "auth_module": attempt.method,
        "status": "success" if attempt.succeeded else "failed",
        "message": attempt.message,
        "username": attempt.username,
        "owner_id": attempt.user_id,
        "client_ip": attempt.client_ip,
        "request_id": attempt.request_id,
    }
    return {name: value for name, value in document.items() if value != ""}
