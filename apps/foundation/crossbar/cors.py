"""Cross-origin requests: any page may call the API, since a credential is never a cookie (Fetch standard, CORS)."""

from collections.abc import Iterable

from django.http import HttpResponse
from django.http.response import HttpResponseBase

_REQUEST_HEADERS = (
    "Content-Type",
    "Depth",
    "User-Agent",
    "X-Http-Method-Override",
    "X-File-Size",
    "X-Requested-With",
    "If-Modified-Since",
    "X-File-Name",
    "Cache-Control",
    "X-Auth-Token",
    "X-Kazoo-Cluster-ID",
    "If-Match",
    "If-None-Match",
    "Authorization",
    "Accept",
    "Range",
    "X-Request-ID",
    "X-Pretty-Print",
)
_ANSWER_HEADERS = (
    "Content-Type",
    "X-Auth-Token",
    "X-Request-ID",
    "X-Kazoo-Cluster-ID",
    "Location",
    "ETag",
    "Content-Range",
    "Content-Disposition",
    "Retry-After",
)
_ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD",
    "Access-Control-Allow-Headers": ", ".join(_REQUEST_HEADERS),
    "Access-Control-Expose-Headers": ", ".join(_ANSWER_HEADERS),
    "Access-Control-Max-Age": "86400",
}


def allow_any_origin(response: HttpResponseBase) -> None:
    for name, value in _ALWAYS.items():
        response.headers[name] = value


def preflight(verbs: Iterable[str]) -> HttpResponse:
    """The answer to OPTIONS, which is never authenticated."""
    return HttpResponse(status=200, headers={"Allow": ", ".join([*verbs, "OPTIONS"])})
