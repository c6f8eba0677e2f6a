"""The fixtures of tests.telephony.cast, with a system for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.telephony.cast import LAB_CARRIER_PORT, Cast, Running, running_system
from tests.telephony.sipp import free_port
from tests.telephony.stack import Kind, Stack

SWITCHES = [
    pytest.param("lab", marks=pytest.mark.django_db),
    pytest.param("freeswitch", marks=[pytest.mark.django_db, pytest.mark.freeswitch]),
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a scenario that fails comes what the processes said last."""
    report = yield
    system = getattr(item, "funcargs", {}).get("system")
    if report.failed and isinstance(system, Running):
        report.sections.append(("the system's processes", system.stack.logs()))
    return report


def system_of(kind: Kind, blocker: DjangoDbBlocker, call_servers: int = 1) -> Iterator[Running]:
    port = LAB_CARRIER_PORT if kind == "lab" else free_port("127.0.0.1")
    with running_system(kind, blocker, port, call_servers) as system:
        yield system


@pytest.fixture(scope="module", params=SWITCHES)
def switch(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def system(switch: Kind, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Running]:
    yield from system_of(switch, django_db_blocker)


@pytest.fixture
def stack(system: Running) -> Stack:
    return system.stack


@pytest.fixture
async def cast(system: Running) -> AsyncIterator[Cast]:
    async with Cast(system) as made:
        yield made
