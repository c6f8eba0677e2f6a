"""What handling calls costs: set up per second and core, messages per verb, memory per call, beside a bare `bridge`.

    python -m benchmarks.callflow [--quick]

The call server with its database runs in this process; the lab switch, the phone and the callers in another. The same
calls also go straight to the phone (`bridge` in the dialplan, no call server), in rounds that take turns (see
docs/benchmarks/callflow.md).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks.installation import installation  # first: it sets the environment

from apps.foundation.accounts.actions import create_account, create_master  # isort: skip
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.clock import now
from apps.pbx.callflows.actions import create_callflow
from apps.pbx.callflows.engine import handle_call
from apps.pbx.devices.actions import create_device
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.port import Call
from apps.switching.calls.socket_call import SocketCall
from apps.switching.esl.errors import CallHungUp
from apps.switching.esl.peer import Peer
from apps.switching.esl.session import OutboundSession
from apps.switching.registrar.models import Registration
from benchmarks.callflow_node import BARE

RINGS, BY_HAND = "+13125550101", "+13125550199"
VERBS = "+1312555{:04d}"


@dataclass
class Node:
    """The other process."""

    process: asyncio.subprocess.Process
    contact: str

    async def call(self, number: str, calls: int, at_once: int, **more: Any) -> dict[str, float]:
        assert self.process.stdin is not None
        request = {"number": number, "calls": calls, "at_once": at_once, **more}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        return await self.read()

    async def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            raise SystemExit("the switch's process ended")
        found: dict[str, Any] = json.loads(line)
        return found


async def start_node(account_id: str, port: int) -> Node:
    words = [sys.executable, "-m", "benchmarks.callflow_node", account_id, str(port)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    node = Node(process, "")
    node.contact = str((await node.read())["contact"])
    return node


def furnish() -> tuple[Account, str, dict[str, str]]:
    """A customer with one phone; a number that rings it, and a number for each verb that is measured."""
    master = create_master({"name": "Operator", "realm": "operator.example.com"})
    customer = create_account(master, {"name": "Customer", "realm": "acme.test"}, system_principal(master.id))
    admin = system_principal(customer.id)
    numbers: dict[str, str] = {}
    with account_scope(customer.id):
        device = create_device({"name": "Desk", "sip": {"username": "1001"}}, admin)
        ring = {"module": "device", "data": {"id": device.id}}
        create_callflow({"numbers": ["1001"], "patterns": [pattern(RINGS)], "flow": ring}, admin)
        for place, (name, node) in enumerate(measured(device.id).items()):
            numbers[name] = VERBS.format(place)
            create_callflow({"patterns": [pattern(numbers[name])], "flow": node}, admin)
    return customer, device.id, numbers


def pattern(number: str) -> str:
    return rf"^\+?{number.lstrip('+')}$"


def measured(device_id: str) -> dict[str, dict[str, Any]]:
    """Flows of one verb each; `no verb` is what every call costs."""
    member = {"id": device_id, "endpoint_type": "device"}
    return {
        "no verb": {"module": "noop", "data": {"skip_module": True}},
        "noop": {"module": "noop", "data": {}},
        "answer": {"module": "answer", "data": {}},
        "set_cid": {"module": "set_cid", "data": {"caller_id_name": "A", "caller_id_number": "1"}},
        "sleep": {"module": "sleep", "data": {"duration": 0}},
        "play": {"module": "play", "data": {"id": "silence_stream://10"}},
        "device": {"module": "device", "data": {"id": device_id}},
        "ring_group": {"module": "ring_group", "data": {"endpoints": [member]}},
        "response": {"module": "response", "data": {"code": 486}},
    }


def register(account: Account, device_id: str, contact: str) -> None:
    Registration.objects.create(
        realm="acme.test",
        username="1001",
        account_id=account.id,
        device_id=device_id,
        contact=contact,
        profile="internal",
        switch="local",
        call_id="benchmark",
        expires=now() + timedelta(hours=1),
    )


async def by_hand(call: Call) -> None:
    """The least a call server can do for the same call: one bridge, without account, flow, limits or trace."""
    assert isinstance(call, SocketCall)
    with suppress(CallHungUp):
        await call._session.execute("bridge", f"sofia/internal/{_CONTACT[0]}")
    await call.hang_up()


_CONTACT = [""]


async def handler(call: Call) -> None:
    await (by_hand(call) if call.destination.endswith(BY_HAND.lstrip("+")) else handle_call(call))


async def set_ups(node: Node, calls: int, at_once: int, rounds: int) -> float:
    """Print the table; returns what a callflow costs beside a call server that only bridges."""
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    titles = {"bridge in the dialplan": BARE, "call server, one bridge": BY_HAND, "call server, callflow": RINGS}
    for turn in range(rounds):
        for title, number in list(titles.items())[:: 1 if turn % 2 else -1]:
            cpu = time.process_time()
            told = await node.call(number, calls, at_once)
            spent = time.process_time() - cpu
            row = (told["seconds"] / calls, spent / calls, told["cpu"] / calls, told["median"])
            rows.setdefault(title, []).append(row)
    print(f"\n{calls} calls, {at_once} at once, {rounds} rounds; medians")
    print(f"{'':26}{'calls/s':>9}{'ms/call here':>14}{'calls/s/core':>14}{'ms/call switch':>16}{'set up ms':>11}")
    medians = {
        title: [statistics.median(column) for column in zip(*found, strict=True)] for title, found in rows.items()
    }
    for title in titles:
        wall, ours, theirs, setup = medians[title]
        per_core = "" if title.startswith("bridge") else f"{1 / ours:.0f}"
        print(f"{title:26}{1 / wall:9.0f}{ours * 1000:14.2f}{per_core:>14}{theirs * 1000:16.2f}{setup * 1000:11.1f}")
    bare, hand, engine = (medians[title] for title in titles)
    print(
        f"wall time beside the bare bridge: one bridge {hand[0] / bare[0]:.1f} x, callflow {engine[0] / bare[0]:.1f} x"
    )
    print(f"switch's CPU beside it: one bridge {hand[2] / bare[2]:.1f} x, callflow {engine[2] / bare[2]:.1f} x")
    return engine[1] / hand[1]


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Count messages to the switch, and how often its answer was waited for."""
    found = {"sent": 0, "waited": 0}
    post, execute = Peer.post, OutboundSession.execute

    def counted_post(self: Peer, command: bytes) -> Any:
        found["sent"] += 1
        return post(self, command)

    async def counted_execute(self: OutboundSession, *args: Any, **options: Any) -> Any:
        found["waited"] += 1
        return await execute(self, *args, **options)

    Peer.post, OutboundSession.execute = counted_post, counted_execute  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Peer.post, OutboundSession.execute = post, execute  # type: ignore[method-assign]


async def messages(node: Node, server: CallServer, numbers: dict[str, str]) -> None:
    """What each verb sends, without what every call sends."""
    counts: dict[str, tuple[int, int]] = {}
    for name, number in numbers.items():
        await idle(server)
        with counting() as found:
            await node.call(number, 1, 1, rejected=name not in ("device", "ring_group"))
            await idle(server)
            counts[name] = found["sent"], found["waited"]
    sent, waited = counts["no verb"]
    print(f"\nevery call: {sent} messages, {waited} waited for (beside the hang-up)")
    print(f"{'verb':14}{'messages':>10}{'round trips':>13}")
    for name, (more, trips) in counts.items():
        if name != "no verb":
            print(f"{name:14}{more - sent:10d}{trips - waited:13d}")


async def memory(node: Node, calls: int) -> None:
    """What Python holds for one call more while people talk (`tracemalloc`): without buffers of the kernel."""
    tracemalloc.start()
    gc.collect()
    before, _peak = tracemalloc.get_traced_memory()
    seconds = 5.0 + calls / 10
    talking = asyncio.create_task(node.call(RINGS, calls, calls, hold=seconds))
    await asyncio.sleep(seconds - 1.0)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"\nmemory: {held / calls / 1024:.1f} KB for each of {calls} calls that go on")
    await talking


async def idle(server: CallServer) -> None:
    """Wait until the last call has been dealt with."""
    while server.calls:
        await asyncio.sleep(0.01)


async def compare(account: Account, device_id: str, numbers: dict[str, str], quick: bool) -> float:
    server = CallServer(handler)
    await server.start()
    node = await start_node(account.id, server.port)
    try:
        await asyncio.to_thread(register, account, device_id, node.contact)
        _CONTACT[0] = node.contact
        await node.call(RINGS, 20, 5)
        await messages(node, server, numbers)
        await memory(node, 60 if quick else 120)
        return await set_ups(node, 100 if quick else 400, 20, 3 if quick else 5)
    finally:
        assert node.process.stdin is not None
        node.process.stdin.close()
        await node.process.wait()
        await server.stop(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Callflows beside a bare bridge.")
    parser.add_argument("--quick", action="store_true", help="fewer calls: under 30 seconds")
    options = parser.parse_args()
    logging.disable(logging.INFO)
    with installation():
        account, device_id, numbers = furnish()
        ratio = asyncio.run(compare(account, device_id, numbers, options.quick))
        print(f"a callflow costs the call server {ratio:.1f} times the CPU of a bridge without one")


if __name__ == "__main__":
    main()
