"""Who may open the portal: an account's administrators, in their account and those below it."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import View, login_required

P = ParamSpec("P")
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

#: Views a portal address may lead to: only these are behind `for_administrators`, or need nobody signed in.
GUARDED = "portal_guarded"


def for_administrators(view: View[P]) -> Guarded[P]:
    """Guard a page of the account in its address: 404 for an account that is not below the reader's, 403 for a plain
    user, who is sent to his own pages from the front page. The view runs in that account's scope.
    """
    return _marked(login_required(Role.ACCOUNT_ADMIN)(view))


def for_resellers(view: View[P]) -> Guarded[P]:
    """As `for_administrators`, for pages about accounts below: an administrator of a customer is refused."""
    return _marked(login_required(Role.RESELLER_ADMIN)(view))


def front_page(view: View[P]) -> Guarded[P]:
    """As `for_administrators`, but a plain user is sent to his own pages."""
    guarded = for_administrators(view)

    def entrance(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        principal = getattr(request, "principal", None)
        own = getattr(request, "login_account", None)
        if principal is not None and principal.role is Role.USER and own and kwargs.get("account_id") == own.id:
            return redirect("selfservice:home")
        return guarded(request, *args, **kwargs)

    update_wrapper(entrance, view)
    return _marked(entrance)


def _marked(guarded: Guarded[P]) -> Guarded[P]:
    setattr(guarded, GUARDED, True)
    return guarded
