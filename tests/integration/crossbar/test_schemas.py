"""Schemas and the API's description of itself: public, complete, in step with what is served."""

from __future__ import annotations

import json

import pytest

from apps.foundation.crossbar.endpoints import endpoints
from tests.api_client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.foundation.crossbar.urls")]


def test_schemas_are_public(nobody: ApiClient) -> None:
    names = nobody.get("/v2/schemas").data
    assert {"accounts", "devices", "users", "whitelabel"} <= set(names)
    for name in names:
        schema = nobody.get(f"/v2/schemas/{name}").data
        assert schema["id"] == name
        assert schema["type"] == "object"
    assert nobody.get("/v2/schemas/unicorns").status == 404


def test_validation_saves_nothing_and_fills_defaults(nobody: ApiClient) -> None:
    reply = nobody.put("/v2/schemas/devices/validation", {"name": "A"})
    assert (reply.status, reply.data["name"], reply.data["enabled"]) == (200, "A", True)
    wrong = nobody.put("/v2/schemas/devices/validation", {})
    assert (wrong.status, list(wrong.data["name"])) == (400, ["required"])


def test_about_is_for_callers(alice: ApiClient, nobody: ApiClient) -> None:
    assert alice.get("/v2/about").data["version"]
    assert alice.get("about").data["used_memory"] > 0
    assert nobody.get("/v2/about").status == 401


def test_openapi_describes_every_operation(nobody: ApiClient) -> None:
    reply = nobody.get("/v2/openapi.json")
    document = json.loads(reply.content)
    assert document["openapi"].startswith("3.1")
    seen = set()
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            where = f"{verb} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
            answers = operation["responses"]
            assert {"400", "401", "403", "404", "429", "500"} <= answers.keys(), where
            assert any(
                "example" in media for answer in answers.values() for media in answer.get("content", {}).values()
            )
    served = {
        (f"/v2/{endpoint.pattern}".replace("<str:", "{").replace(">", "}"), verb.lower())
        for endpoint in endpoints()
        for verb in endpoint.operations
    }
    described = {(path, verb) for path, operations in document["paths"].items() for verb in operations}
    assert served == described


def test_references_resolve(nobody: ApiClient) -> None:
    text = nobody.get("/v2/openapi.json").content.decode()
    components = json.loads(text)["components"]["schemas"]
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in components


def test_the_page_to_browse_it(nobody: ApiClient) -> None:
    page = nobody.get("/docs/api")
    assert page.status == 200
    assert b"http://" not in page.content.replace(b"http://www.w3.org", b"")
    assert b"https://" not in page.content
