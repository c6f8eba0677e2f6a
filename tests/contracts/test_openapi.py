"""The API does what its OpenAPI document says, for whatever schemathesis makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.foundation.crossbar.openapi.document import document
from tests.api_client import ApiClient
from tests.company import Company

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_schema = schemathesis.openapi.from_dict(document())
_application = get_wsgi_application()


@contextmanager
def _kept_connection() -> Iterator[None]:
    """A request would end the test's transaction with its connection, as it should everywhere else."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def known(company: Company, db: None) -> dict[str, str]:
    """Ids that exist, by resource: half of the requests are about them."""
    alice = ApiClient(company.people["alice"].token, company.tree.bakery)
    bob = str(company.people["bob"].login.pk)
    flow = {"module": "sleep", "data": {"duration": 1}, "children": {}}
    return {
        "users": bob,
        "devices": alice.put("devices", {"name": "Phone", "owner_id": bob}).data["id"],
        "groups": alice.put("groups", {"name": "Sales", "endpoints": {bob: {"type": "user"}}}).data["id"],
        "callflows": alice.put("callflows", {"name": "Flow", "numbers": ["3000"], "flow": flow}).data["id"],
    }


@_schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # the explicit phase would add hundreds of cases to each operation
    suppress_health_check=list(HealthCheck),
)
def test_conformance(case: Any, company: Company, known: dict[str, str]) -> None:
    parameters = case.path_parameters
    if "account_id" in parameters:
        parameters["account_id"] = company.tree.bakery.id
    for name in parameters:
        noun = case.path.split("/{" + name + "}")[0].rpartition("/")[2]
        if noun in known and str(parameters[name])[-1] in "02468ace":
            parameters[name] = known[noun]
    case.headers["X-Auth-Token"] = company.people["alice"].token
    case.headers.pop("Authorization", None)
    with _kept_connection():
        response = case.call(app=_application)
    case.validate_response(response, checks=CHECKS)
