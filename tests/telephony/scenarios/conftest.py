"""One system per switch for all scenarios of this folder: starting it takes longer than most calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.telephony.cast import Running
from tests.telephony.conftest import SWITCHES, system_of
from tests.telephony.stack import Kind


@pytest.fixture(scope="package", params=SWITCHES)
def switch(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="package")
def system(switch: Kind, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Running]:
    yield from system_of(switch, django_db_blocker)
