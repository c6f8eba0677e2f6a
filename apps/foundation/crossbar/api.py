"""Resources of the API about the API itself."""

import resource as process
from typing import Any

from django.conf import settings
from pydantic import BaseModel

from apps.foundation.crossbar import documents
from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.envelope import node
from apps.foundation.crossbar.errors import NotFound
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import SystemResource, item_route
from apps.foundation.crossbar.schemas import json_schema, shapes
from apps.foundation.crossbar.validation import parse
from apps.foundation.identity.principal import Role


class AboutResource(SystemResource):
    """Which version answers, on which node, and how much memory its process uses."""

    path = "about"
    in_accounts = True
    access = Access(read=Role.USER)
    example = {"version": "0.1.0", "node": "5f0c2d9b7a1e4c3d8f60", "used_memory": 89615664}

    def list(self, request: ApiRequest) -> dict[str, Any]:
        """Version, node and memory (bytes) of the process that answers."""
        used = process.getrusage(process.RUSAGE_SELF).ru_maxrss * 1024
        return {"version": settings.SPECTACULAR_SETTINGS["VERSION"], "node": node(), "used_memory": used}


class SchemasResource(SystemResource):
    """JSON schemas of every document, and a validation that saves nothing. Public."""

    path = "schemas"
    hex_ids = False
    access = Access(public=("GET", "PUT"))

    def list(self, request: ApiRequest) -> list[str]:
        """The names of the schemas."""
        return list(shapes())

    def find(self, request: ApiRequest) -> type[BaseModel]:
        try:
            return shapes()[request.id]
        except KeyError:
            raise NotFound(request.id) from None

    def get(self, request: ApiRequest, instance: type[BaseModel]) -> Answer:
        """One schema, complete in itself."""
        return Answer(json_schema(request.id, instance))

    @item_route("validation", methods=("PUT",), example={"name": "Front desk", "enabled": True})
    def validation(self, request: ApiRequest, instance: type[BaseModel]) -> dict[str, Any]:
        """Validate a document without saving it.

        Answers the document with defaults filled in, or the validation errors saving it would be answered with.
        """
        checked = parse(instance, documents.body_of(request))
        return checked.model_dump(mode="json", exclude_none=True, by_alias=True)
