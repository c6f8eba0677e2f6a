"""Descriptions of the API for programs that other apps make, served beside OpenAPI's.

An app registers in its `api.py`:

    register_description("asyncapi.json", document_bytes)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from apps.foundation.crossbar.cors import allow_any_origin
from apps.foundation.crossbar.envelope import JSON

Content = Callable[[], bytes]
_descriptions: dict[str, Content] = {}


class DescriptionTaken(Exception):
    """Two apps want to serve one document."""


def register_description(name: str, content: Content) -> None:
    """Serve what `content` answers, as JSON and for any origin, below `/v2/`."""
    if _descriptions.setdefault(name, content) is not content:
        raise DescriptionTaken(name)


def description_patterns() -> list[URLPattern]:
    """Their addresses. To be asked after the apps' `api` modules were imported."""
    return [
        path(f"v2/{name}", require_safe(partial(_serve, content=content)), name=name.partition(".")[0])
        for name, content in sorted(_descriptions.items())
    ]


def _serve(request: HttpRequest, content: Content) -> HttpResponse:
    response = HttpResponse(content(), content_type=JSON)
    allow_any_origin(response)
    return response
