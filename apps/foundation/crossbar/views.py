"""The API's description for programs and for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from apps.foundation.crossbar.cors import allow_any_origin
from apps.foundation.crossbar.envelope import JSON
from apps.foundation.crossbar.errors import Gone
from apps.foundation.crossbar.openapi.document import document_bytes
from apps.foundation.crossbar.pipeline import begin, fail, finish


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1."""
    response = HttpResponse(document_bytes(), content_type=JSON)
    allow_any_origin(response)
    return response


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """A page to read the description and to try requests."""
    return render(request, "crossbar/browse.html")


@csrf_exempt
def version_one(request: HttpRequest, rest: str) -> HttpResponse:
    """The first version of the API is gone, and says so."""
    exchange = begin(request)
    response = fail(exchange, Gone({"message": "version 1 of the API is gone: use /v2"}))
    finish(exchange, response)
    return response
