"""Callers of the API: Alice and Nora administer Bakery and its reseller, Bob is a plain user, Carol a neighbour."""

from __future__ import annotations

import pytest

from tests.api_client import ApiClient, client_of
from tests.integration.identity.conftest import Cast, _module_cast, cast

__all__ = ["_module_cast", "cast"]


@pytest.fixture
def alice(cast: Cast) -> ApiClient:
    return client_of(cast.tree.bakery, cast.alice)


@pytest.fixture
def bob(cast: Cast) -> ApiClient:
    return client_of(cast.tree.bakery, cast.bob)


@pytest.fixture
def carol(cast: Cast) -> ApiClient:
    return client_of(cast.tree.clinic, cast.carol)


@pytest.fixture
def nora(cast: Cast) -> ApiClient:
    return client_of(cast.tree.north, cast.nora)


@pytest.fixture
def olga(cast: Cast) -> ApiClient:
    return client_of(cast.tree.master, cast.olga)


@pytest.fixture
def nobody(cast: Cast) -> ApiClient:
    return ApiClient("", cast.tree.bakery)
