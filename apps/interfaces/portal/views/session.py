"""Signing in and out, and the way back for who forgot his password."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import i18n
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.foundation.accounts.models import Account
from apps.foundation.identity.actions import check_password
from apps.foundation.identity.errors import (
    AccountDisabled,
    InvalidCredentials,
    NotAuthenticated,
    ResetUnknown,
    TooManyAttempts,
    UserDisabled,
)
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.identity.recovery import is_reset_valid, request_recovery, reset_password
from apps.foundation.identity.web import client_ip, log_in, log_out
from apps.interfaces.pages.language import STORED, offered, remember
from apps.interfaces.pages.shell import gate_context
from apps.interfaces.portal.forms.session import LoginForm, NewPasswordForm, RecoveryForm
from apps.pbx.users.actions import replace_user
from apps.pbx.users.models import User


def root(request: HttpRequest) -> HttpResponse:
    """The front door: everybody is sent to where he belongs."""
    principal = getattr(request, "principal", None)
    if principal is None:
        return redirect("portal:login")
    if principal.role is Role.USER:
        return redirect("selfservice:home")
    return redirect("portal:home", account_id=principal.account_id)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = LoginForm(request.POST)
        if form.is_valid():
            found = _checked(request, form)
            if found is not None:
                return _enter(request, *found, form.cleaned_data["next"])
        return render(request, "portal/login.html", {**gate_context(request), "form": form}, status=_status(form))
    if getattr(request, "principal", None) is not None:
        return root(request)
    form = LoginForm(initial={"next": request.GET.get("next", "")})
    return render(request, "portal/login.html", {**gate_context(request), "form": form})


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    log_out(request)
    return redirect("portal:login")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's, and the choice of somebody who is signed in is kept with the person."""
    response = i18n.set_language(request)
    principal: Principal | None = getattr(request, "principal", None)
    code = offered(request.POST.get("language"))
    if code is None or principal is None or principal.impersonator_account_id is not None:
        return response
    user = User.objects.filter(id=principal.user_id or "").first()
    if user is not None and offered(user.document.get("language")) != code:
        replace_user(user, user.to_document() | {"language": STORED[code]}, principal)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recovery(request: HttpRequest) -> HttpResponse:
    """Asks who forgot his password; the answer is the same whether the person exists or not."""
    form = RecoveryForm(request.POST if request.method == "POST" else None)
    context = gate_context(request)
    if form.is_valid():
        named = form.cleaned_data["account"].strip()
        key = "realm" if Account.objects.present().filter(realm=named.lower()).exists() else "account_name"
        try:
            request_recovery({key: named}, form.cleaned_data["username"], "", client_ip(request))
            return render(request, "portal/recovery_sent.html", context)
        except TooManyAttempts as error:
            form.add_error(None, _wait(error))
    return render(request, "portal/recovery.html", {**context, "form": form}, status=_status(form))


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The page a mailed link leads to."""
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    valid = is_reset_valid(token)
    if valid and form.is_valid():
        try:
            account, user = reset_password(token, form.cleaned_data["password"], _request_id(request))
            return _enter(request, account, user, "")
        except ResetUnknown:
            valid = False
    context = {**gate_context(request), "form": form, "valid": valid}
    return render(request, "portal/recovery_reset.html", context, status=_status(form))


def _checked(request: HttpRequest, form: LoginForm) -> tuple[Account, Login] | None:
    entered = form.cleaned_data
    try:
        return check_password(
            entered["account"].strip(),
            entered["username"],
            entered["password"],
            client_ip(request),
            _request_id(request),
        )
    except TooManyAttempts as error:
        form.add_error(None, _wait(error))
    except AccountDisabled:
        form.add_error(None, _("This account is disabled. Ask your provider."))
    except UserDisabled:
        form.add_error(None, _("You may not sign in any more. Ask the administrator of your account."))
    except (InvalidCredentials, NotAuthenticated):
        form.add_error(None, _("Account, username or password is wrong."))
    return None


def _enter(request: HttpRequest, account: Account, user: Login, wanted: str) -> HttpResponse:
    """Start the session and go where the person was going."""
    principal = log_in(request, account, user)
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    if wanted and own and not (principal.role is Role.USER and wanted.startswith("/portal/")):
        target = wanted
    elif principal.role is Role.USER:
        target = resolve_url("selfservice:home")
    else:
        target = resolve_url("portal:home", account_id=account.id)
    response = redirect(target)
    language = offered(getattr(user, "document", {}).get("language"))
    if language is not None:
        remember(response, language)
    return response


def _wait(error: TooManyAttempts) -> str:
    seconds = error.retry_after
    return ngettext(
        "Too many attempts. Try again in %(seconds)d second.",
        "Too many attempts. Try again in %(seconds)d seconds.",
        seconds,
    ) % {"seconds": seconds}


def _status(form: LoginForm | RecoveryForm | NewPasswordForm) -> int:
    return 400 if form.is_bound and form.errors else 200


def _request_id(request: HttpRequest) -> str:
    return str(request.headers.get("X-Request-ID") or "")[:64]
