"""My status, my phones, my calls, forwarding, and my profile: only ever of the person who is signed in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.accounts.models import Account
from apps.foundation.identity.principal import Role
from apps.foundation.identity.web import WebRequest, log_in, login_required
from apps.foundation.kit.clock import now
from apps.interfaces.pages import calls as history
from apps.interfaces.pages.dotted import with_paths
from apps.interfaces.pages.language import offered, remember
from apps.interfaces.pages.paging import page_of
from apps.interfaces.pages.phone_numbers import shown_number
from apps.interfaces.pages.phones import device_row, forwarding_number, person_state, presences, switched_on
from apps.interfaces.pages.routes import extensions, routes_to
from apps.interfaces.pages.shell import Item, Section, draw
from apps.interfaces.selfservice.forms import ForwardingForm, ProfileForm
from apps.pbx.devices.models import Device
from apps.pbx.numbers.answering import home_region
from apps.pbx.users.actions import replace_user
from apps.pbx.users.models import User

REFUSED = 400


@require_http_methods(["GET", "HEAD", "POST"])
@login_required(Role.USER)
def home(request: WebRequest) -> HttpResponse:
    """POST switches do-not-disturb."""
    user = _me(request)
    if request.method == "POST":
        wanted = request.POST.get("do_not_disturb") == "on"
        replace_user(user, with_paths(user.to_document(), {"do_not_disturb.enabled": wanted}), request.principal)
        messages.success(request, _("Do not disturb is on.") if wanted else _("Your phones ring again."))
        return redirect("selfservice:home")
    devices = list(Device.objects.filter(owner_id=user.id).order_by("name"))
    states = presences(devices)
    day = history.default_filters(days=1)
    missed = history.Filters(now() - timedelta(days=1), day.until, result="missed")
    routes = routes_to("user", [user.id]).get(user.id, [])
    context = {
        "me": {
            "name": user.first_name or user.full_name,
            "extensions": extensions(routes),
            "state": person_state(user, [states[device.id] for device in devices]),
            "do_not_disturb": switched_on(user.document, "do_not_disturb"),
            "forwarding": {
                "enabled": bool(forwarding_number(user.document)),
                "number": shown_number(forwarding_number(user.document), home_region(request.viewed_account)),
            },
        },
        "devices": [device_row(device, states[device.id], user) for device in devices],
        "recent_calls": history.recent(request.viewed_account, owner_id=user.id),
        "missed_count": history.leading(missed, user.id).count(),
    }
    return _page(request, "home", context)


@require_safe
@login_required(Role.USER)
def devices(request: WebRequest) -> HttpResponse:
    user = _me(request)
    found = list(Device.objects.filter(owner_id=user.id).order_by("name"))
    states = presences(found)
    realm = request.viewed_account.realm
    rows = [device_row(device, states[device.id], user) | {"realm": realm, "sip_password": ""} for device in found]
    return _page(request, "devices", {"devices": rows})


@require_safe
@login_required(Role.USER)
def calls(request: WebRequest) -> HttpResponse:
    user = _me(request)
    default = history.default_filters()
    filters = history.Filters(default.since, default.until, result=request.GET.get("result", ""))
    page = page_of(history.leading(filters, user.id), request.GET, {"started": "started"}, "-started")
    return _page(
        request, "calls", {**page.context(), "rows": history.rows(page.rows, home_region(request.viewed_account))}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required(Role.USER)
def forwarding(request: WebRequest) -> HttpResponse:
    user = _me(request)
    form = ForwardingForm(request.POST or None, document=user.to_document())
    if form.is_bound and form.is_valid():
        with form.refusing():
            replace_user(user, form.merged(), request.principal)
            messages.success(request, _("Saved. It counts from the next call."))
            return redirect("selfservice:forwarding")
    return _form_page(request, "forwarding", form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required(Role.USER)
def profile(request: WebRequest) -> HttpResponse:
    """A new password ends every other session, so this one is begun anew."""
    user = _me(request)
    form = ProfileForm(request.POST or None, document=user.to_document())
    if form.is_bound and form.is_valid():
        with form.refusing():
            _save_profile(request, user, form)
            messages.success(request, _("Your profile was saved."))
            response = redirect("selfservice:profile")
            language = offered(form.cleaned_data["language"])
            if language is not None:
                remember(response, language)
            return response
    return _form_page(request, "profile", form)


def _save_profile(request: WebRequest, user: User, form: ProfileForm) -> None:
    replace_user(user, form.merged(), request.principal)
    if form.cleaned_data["password"]:
        account = Account.objects.select_related("tenant").get(id=request.login_account.id)
        log_in(request, account, user)


def _me(request: WebRequest) -> User:
    """The person who is signed in, as his own row. Raises Http404 for a session without a person."""
    found: User | None = User.objects.filter(id=request.principal.user_id or "").first()
    if found is None:
        raise Http404
    return found


def _form_page(request: WebRequest, name: str, form: ForwardingForm | ProfileForm) -> HttpResponse:
    context = {"form": form, "field_groups": form.field_groups()}
    return _page(request, name, context, status=REFUSED if form.errors else 200)


def _page(request: WebRequest, name: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    return draw(request, f"selfservice/{name}.html", _navigation(request), context, status=status)


def _navigation(request: WebRequest) -> list[Section]:
    match = request.resolver_match
    here = match.url_name if match else ""
    pages = (
        ("home", _("My phone"), "home"),
        ("devices", _("My phones"), "device"),
        ("calls", _("My calls"), "history"),
        ("forwarding", _("Forwarding"), "forward"),
        ("profile", _("My profile"), "person"),
    )
    mine: list[Item] = [
        {"label": label, "url": reverse(f"selfservice:{name}"), "icon": icon, "active": name == here, "count": None}
        for name, label, icon in pages
    ]
    sections: list[Section] = [{"label": "", "items": mine}]
    if request.principal.role > Role.USER:
        portal = reverse("portal:home", args=[request.login_account.id])
        item: Item = {"label": _("Administration"), "url": portal, "icon": "settings", "active": False, "count": None}
        sections.append({"label": _("Account"), "items": [item]})
    return sections
