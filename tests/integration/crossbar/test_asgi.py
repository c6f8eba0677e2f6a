"""The same API through ASGI, as the web process serves it: chunks are made in database threads, not on the loop."""

from __future__ import annotations

import json

import pytest
from django.test import AsyncClient

from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("apps.foundation.crossbar.urls")]


@pytest.fixture
def company(transactional_db: None) -> object:
    made = found_company()
    yield made
    dissolve(made)


async def test_chunks_are_streamed(company: Company) -> None:
    from asgiref.sync import sync_to_async

    account = company.tree.bakery
    alice = ApiClient(company.people["alice"].token, account)
    for number in range(7):
        await sync_to_async(alice.put)("devices", {"name": f"Phone {number}"})
    path = f"/v2/accounts/{account.id}/devices?is_chunked=true&chunk_size=3"
    response = await AsyncClient().get(path, headers={"X-Auth-Token": alice.token})
    assert response.is_async
    pieces = [piece async for piece in response.streaming_content]
    assert len(pieces) == 4, "three pages and the closing keys"
    body = json.loads(b"".join(pieces))
    assert ([row["name"] for row in body["data"]], body["status"]) == ([f"Phone {n}" for n in range(7)], "success")
