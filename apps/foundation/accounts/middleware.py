"""A web session names an account; this enters its scope for the length of the request.

It stands between the session and the authentication middleware, because a person is a row of the account's schema.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope

#: Where a signed-in session keeps its account's id.
SESSION_KEY = "account_id"

Handler = Callable[[HttpRequest], HttpResponseBase]


def session_scope(get_response: Handler) -> Handler:
    """Sessions of an account that was deleted or disabled end here; requests without a session pass unscoped."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        account_id = request.session.get(SESSION_KEY)
        if account_id is None:
            return get_response(request)
        account = Account.objects.present().select_related("tenant").filter(id=account_id, enabled=True).first()
        if account is None:
            request.session.flush()
            return get_response(request)
        with account_scope(account):
            return get_response(request)

    return middleware
