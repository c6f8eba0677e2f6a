"""Every page answers, for whoever may see it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.integration.identity.conftest import Cast
from tests.integration.interfaces.portal.addresses import RESELLERS_ONLY, account_pages, fill
from tests.integration.interfaces.portal.conftest import Furnished, register


@pytest.mark.parametrize("name", account_pages("GET"))
def test_every_page_answers_an_administrator_and_those_above(
    name: str, bakery: Furnished, alice: Client, nora: Client, olga: Client
) -> None:
    register(bakery.device, bakery.account)
    url = fill(name, bakery)
    for browser in (nora, olga) if name in RESELLERS_ONLY else (alice, nora, olga):
        response = browser.get(url)
        assert response.status_code == 200, (url, response.status_code)
        assert response.headers.get("Content-Security-Policy")


def test_pages_of_a_reseller_and_of_the_operator(bakery: Furnished, cast: Cast, nora: Client, olga: Client) -> None:
    for name in ("home", "customers", "live_calls", "people", "branding", "search", "call_history"):
        assert nora.get(f"/portal/{cast.tree.north.id}/{_path(name)}").status_code == 200
        assert olga.get(f"/portal/{cast.tree.master.id}/{_path(name)}").status_code == 200


def _path(name: str) -> str:
    return {"home": "", "live_calls": "live", "call_history": "calls"}.get(name, name)
