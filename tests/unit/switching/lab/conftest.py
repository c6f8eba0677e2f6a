from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.world import LabPhone
from tests.unit.switching.lab.support import REALM, Client, Office


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    server = Office()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def lab(office: Office) -> AsyncIterator[LabSwitch]:
    settings = LabSettings(
        name="fs1.test", xml_curl_url=f"{office.url}/fs", cdr_url=f"{office.url}/cdr", ask_configuration=False
    )
    async with LabSwitch(settings) as switch:
        yield switch


@pytest.fixture
async def client(lab: LabSwitch) -> AsyncIterator[Client]:
    connection = await Client.open(lab.esl_port)
    yield connection
    connection.close()


@pytest.fixture
async def phones(lab: LabSwitch) -> list[LabPhone]:
    """1001 … 1004, registered."""
    made = [LabPhone(f"100{number}", REALM, "1234", display_name=f"User 100{number}") for number in range(1, 5)]
    for phone in made:
        assert await lab.register(phone) == 200
    return made
