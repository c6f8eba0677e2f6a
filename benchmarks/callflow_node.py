"""The switch of `benchmarks.callflow`, in a process of its own: the lab switch, one phone that answers, and callers.

Reads one JSON request a line, `{"number", "calls", "at_once", "hold"}`, and answers each with one line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.world import Answer, LabCarrier, LabPhone
from tests.unit.switching.lab.support import Office, dialplan

#: Goes straight to the phone, without a call server.
BARE = "+13125550100"


def actions(number: str, contact: str, account_id: str, port: str) -> list[tuple[str, str]]:
    if number == BARE:
        return [("set", "hangup_after_bridge=true"), ("bridge", f"sofia/internal/{contact}")]
    exported = {"account_id": account_id, "call_kind": "inbound", "interaction_id": "63900000000-deadbeef"}
    return [
        *[("export", f"{name}={value}") for name, value in exported.items()],
        ("socket", f"127.0.0.1:{port} async full"),
        ("respond", "503 No call server"),
    ]


async def serve(account_id: str, port: str) -> None:
    office = Office()
    phone = LabPhone("1001", "acme.test", "1234", Answer(after=0.0))
    office.dialplan = lambda request: dialplan(
        request["Caller-Context"], actions(request["Caller-Destination-Number"], phone.contact, account_id, port)
    )
    await office.start()
    settings = LabSettings(xml_curl_url=f"{office.url}/fs", ask_configuration=False)
    async with LabSwitch(settings) as lab:
        carrier = lab.connect(LabCarrier())
        await lab.register(phone)
        answer(contact=phone.contact)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            answer(**await run(carrier, json.loads(line)))
    await office.stop()


async def run(carrier: LabCarrier, request: dict[str, Any]) -> dict[str, Any]:
    """Place the calls, `at_once` at a time; each is hung up by the caller after `hold` seconds."""
    waiting = iter(range(request["calls"]))
    setups: list[float] = []

    async def caller() -> None:
        for _ in waiting:
            before = time.perf_counter()
            call = carrier.call("+12125550100", request["number"])
            if request.get("rejected"):
                await call.ended()
                setups.append(time.perf_counter() - before)
                continue
            await call.answered()
            setups.append(time.perf_counter() - before)
            await asyncio.sleep(request.get("hold", 0))
            call.hang_up()
            await call.ended()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(request["at_once"])))
    seconds = time.perf_counter() - began
    setups.sort()
    return {
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "median": setups[len(setups) // 2],
        "slow": setups[int(len(setups) * 0.95)],
    }


def answer(**found: Any) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
