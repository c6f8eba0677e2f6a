"""The account's API key: shown, and made anew."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.foundation.identity.api_keys import ensure_api_key, rotate_api_key
from apps.foundation.identity.models import ApiKey
from apps.foundation.identity.web import WebRequest
from apps.interfaces.portal.access import for_administrators
from apps.interfaces.portal.navigation import link, portal_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def api_key(request: WebRequest, account_id: str) -> HttpResponse:
    account = request.viewed_account
    if request.method == "POST":
        rotate_api_key(account, request.principal)
        messages.success(request, _("There is a new key. The old one has stopped working."))
        return redirect(link(request, "api_key"))
    context = {
        "api_key": ensure_api_key(account),
        "created_at": ApiKey.objects.filter(account_id=account.id).values_list("modified", flat=True).first(),
        "api_url": f"{settings.PUBLIC_URL.rstrip('/')}/v2",
        "documentation_url": "/docs/api",
    }
    return portal_page(request, "api_key", context)
