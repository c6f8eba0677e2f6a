"""Every address Django answers. An app's `urls.py` holds complete paths (`v2/accounts/…`, `docs/api`) and is found by
name; the switch's paths and the websockets are in `kazoo/asgi.py`."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe

from kazoo import discovery


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when this process answers and reaches the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    *(path("", include(module)) for module in discovery.offered("urls")),
]
