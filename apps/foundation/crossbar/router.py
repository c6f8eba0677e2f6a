"""From registered resources to Django's URL patterns below /v2/."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path, resolve
from django.urls.exceptions import Resolver404
from django.utils.module_loading import autodiscover_modules
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from apps.foundation.crossbar.endpoints import Endpoint, endpoints
from apps.foundation.crossbar.openapi.operations import EndpointSchema
from apps.foundation.crossbar.pipeline import answer, unknown_address

View = Callable[..., HttpResponseBase]
Pattern = URLPattern | URLResolver

ACCOUNT = "accounts/<str:account_id>"


class EndpointView(APIView):
    """A REST framework view, so that drf-spectacular finds it; conventions are crossbar's (`pipeline.answer`)."""

    endpoint: ClassVar[Endpoint]
    schema = EndpointSchema()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return answer(request, self.endpoint, kwargs)


def view_of(endpoint: Endpoint) -> View:
    handlers = dict.fromkeys((verb.lower() for verb in endpoint.operations), EndpointView.dispatch)
    made = type(f"{endpoint.resource.__name__}View", (EndpointView,), {"endpoint": endpoint, **handlers})
    view: View = made.as_view()  # type: ignore[attr-defined]
    return view


def patterns(found: list[Endpoint]) -> list[Pattern]:
    """Grouped by their first segments: a request is compared with its own noun's addresses only."""
    system = [endpoint for endpoint in found if not endpoint.pattern.startswith(f"{ACCOUNT}/")]
    of_account: dict[str, list[Pattern]] = {}
    for endpoint in found:
        if endpoint.pattern.startswith(f"{ACCOUNT}/"):
            noun, _, rest = endpoint.pattern.removeprefix(f"{ACCOUNT}/").partition("/")
            of_account.setdefault(noun, []).append(path(rest, view_of(endpoint), name=endpoint.resource.path))
    below: list[Pattern] = []
    for noun, routes in of_account.items():
        bare = [route for route in routes if str(route.pattern) == ""]
        below += [path(noun, route.callback, name=noun) for route in bare if isinstance(route, URLPattern)]
        deeper = [route for route in routes if str(route.pattern)]
        below += [path(f"{noun}/", include(deeper))] if deeper else []
    return [
        *(path(endpoint.pattern, view_of(endpoint), name=endpoint.resource.path) for endpoint in system),
        path(f"{ACCOUNT}/", include(below)),
        path("account/", include(below)),
    ]


@csrf_exempt
def no_such_address(request: HttpRequest, rest: str) -> HttpResponseBase:
    """A trailing slash is forgiven; everything else that led here is 404 in the envelope."""
    if rest.endswith("/") and not rest.endswith("//"):
        try:
            found = resolve(request.path_info.rstrip("/"))
        except Resolver404:
            return unknown_address(request)
        return found.func(request, *found.args, **found.kwargs)  # type: ignore[no-any-return]
    return unknown_address(request)


def urlpatterns() -> list[Pattern]:
    """Import every app's `api` and make the addresses of what they registered."""
    autodiscover_modules("api")
    return [path("v2/", include(patterns(endpoints()))), re_path(r"^v2/(?P<rest>.*)$", no_such_address)]
