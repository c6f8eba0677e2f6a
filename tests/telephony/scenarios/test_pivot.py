"""`pivot`: a web server of the customer's, outside of the system, says what calls do."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import soundfile

from tests.telephony.cast import Cast, talk
from tests.telephony.stack import until
from tests.web_server import Answer, CustomerServer, customer_server


@pytest.fixture
def server() -> Iterator[CustomerServer]:
    with customer_server() as found:
        yield found


def sine(hertz: int, seconds: float = 3.0) -> bytes:
    written = io.BytesIO()
    tone = 0.4 * numpy.sin(2 * numpy.pi * hertz * numpy.arange(int(44_100 * seconds)) / 44_100)
    soundfile.write(written, tone, 44_100, format="FLAC")
    return written.getvalue()


async def test_a_callflow_that_was_fetched(cast: Cast, server: CustomerServer) -> None:
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben")
    flow: dict[str, Any] = {"module": "device", "data": {"id": ben.device_id}, "children": {}}
    server.pages |= {"/flow": Answer(json.dumps(flow), "application/json"), "/cdr": Answer()}
    data = {"voice_url": f"{server.url}/flow", "cdr_url": f"{server.url}/cdr", "debug": True}
    await bakery.flow(["8000"], "pivot", data)
    call = await anna.dial("8000")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await call.hang_up()
    await ring.ended()
    await until(lambda: server.requests("/cdr"), "the call's record is sent", 30)
    (asked,) = server.requests("/flow")
    (told,) = server.requests("/cdr")
    assert told.form["Call-ID"] == asked.query["Call-ID"]
    (summary,) = await bakery.get("pivot/debug")
    assert (summary["call_id"], summary["status_code"]) == (asked.query["Call-ID"], "200")
    parts = await bakery.get(f"pivot/debug/{summary['call_id']}")
    assert json.loads(parts[2]["resp_body"]) == flow


async def test_a_menu_in_twiml(cast: Cast, server: CustomerServer) -> None:
    """What it plays is fetched by the web process from the customer's server, and heard."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben", extension="1002")
    server.pages |= {
        "/low": Answer(status=302, headers={"Location": "/low.flac"}),
        "/low.flac": Answer(sine(700), "audio/flac"),
        "/voice": Answer(
            '<Response><Gather numDigits="1" action="/key" timeout="10">'
            f"<Play>{server.url}/low</Play></Gather></Response>",
            "text/xml",
        ),
        "/key": lambda asked: Answer(f"<Response><Dial>100{asked.form['Digits']}</Dial></Response>", "text/xml"),
    }
    await bakery.flow(["8000"], "pivot", {"voice_url": f"{server.url}/voice", "req_format": "twiml"})
    call = await anna.dial("8000")
    await call.answered()
    await call.hears_tone(700, lasting=0.6)
    if cast.is_real:
        assert server.requests("/low.flac")
    await call.press("2")
    ring = await ben.rings()
    await ring.answer()
    await talk(call, ring)
    await call.hang_up()
    await ring.ended()


async def test_a_server_that_is_no_business_of_the_customer_s(cast: Cast) -> None:
    """The web process itself, on loopback, is not asked; the flow goes on."""
    bakery = await cast.customer()
    anna = await bakery.phone("anna")
    ben = await bakery.phone("ben")
    inside = f"{cast.stack.environment.local_url}v2/"
    rest = {"_": {"module": "device", "data": {"id": ben.device_id}, "children": {}}}
    await bakery.flow(["8000"], "pivot", {"voice_url": inside, "debug": True}, children=rest)
    call = await anna.dial("8000")
    ring = await ben.rings()
    (summary,) = await bakery.get("pivot/debug")
    assert "no public address" in summary["error"]
    await call.hang_up()
    await ring.ended()
