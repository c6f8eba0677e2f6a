"""A reseller's brand: name, logo, colour and domain."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.foundation.identity.web import WebRequest
from apps.foundation.white_label.actions import replace_white_label, store_image
from apps.foundation.white_label.images import content_type
from apps.foundation.white_label.models import WhiteLabel
from apps.interfaces.portal.access import for_resellers
from apps.interfaces.portal.forms.branding import BrandingForm
from apps.interfaces.portal.navigation import link, portal_page
from apps.interfaces.portal.views.editing import REFUSED


@require_http_methods(["GET", "HEAD", "POST"])
@for_resellers
def branding(request: WebRequest, account_id: str) -> HttpResponse:
    account = request.viewed_account
    own = WhiteLabel.objects.filter(account_id=account.id).first()
    form = BrandingForm(request.POST or None, request.FILES or None, document=own.to_document() if own else {})
    if form.is_bound and form.is_valid():
        with form.refusing(), transaction.atomic():
            replace_white_label(account, form.merged(), request.principal)
            if form.cleaned_data["logo"]:
                store_image(account, "logo", form.cleaned_data["logo"].read(), request.principal)
        if not form.errors:
            messages.success(request, _("Saved. Your customers see it with their next page."))
            return redirect(link(request, "branding"))
    context = {
        "form": form,
        "field_groups": form.field_groups(),
        "domain_help": urlsplit(settings.PUBLIC_URL).hostname,
        "cancel_url": link(request, "home"),
    }
    return portal_page(request, "branding", context, status=REFUSED if form.errors else 200)


@require_safe
def brand_logo(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """Shown to everybody: it stands on the login page too."""
    found = WhiteLabel.objects.filter(account_id=account_id).exclude(logo="").first()
    if found is None or not default_storage.exists(found.logo):
        raise Http404
    response = FileResponse(default_storage.open(found.logo), content_type=content_type(found.logo))
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
