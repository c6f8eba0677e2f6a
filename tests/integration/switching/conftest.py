"""A committed company, for what runs in threads and processes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.company import Company, dissolve, found_company


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)
