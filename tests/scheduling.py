"""Who runs what, where several workers share the tests (`make test`, `pytest -n 3`).

A module is run by one worker, for its fixtures are made once per module; so are the telephony scenarios of one switch,
which share a running system, or a part of them. Telephony waits most of its time and the rest computes all the time:
the last worker takes what computes, and gives way (`gives_way`), so that phones and switches, which the others run,
keep their time. What takes long begins first, or everybody would wait for it in the end.
"""

from __future__ import annotations

import os
import re
from zlib import crc32

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TELEPHONY = "tests/telephony/"
SCENARIOS = f"{TELEPHONY}scenarios/"
#: Seconds on two cores, where the number of tests is no measure of them.
SECONDS = {
    f"{SCENARIOS}[freeswitch/0]": 700,
    f"{SCENARIOS}[freeswitch/1]": 700,
    f"{SCENARIOS}[lab/0]": 600,
    f"{TELEPHONY}test_ring_group_sizes.py": 200,
    f"{TELEPHONY}test_two_nodes.py[freeswitch]": 100,
    "tests/browser/test_portal.py": 150,
    "tests/integration/pbx/test_ringing.py": 60,
    "tests/integration/kazoo/test_embedded.py": 60,
}
#: On FreeSWITCH they take longest: two workers share them, each with a running system of its own.
SCENARIO_PARTS = {"lab": 1, "freeswitch": 2}
_SWITCH = re.compile(r"[\[-](lab|freeswitch)[\]-]")
_NICENESS = 5


class Scheduling(LoadScopeScheduling):
    """Hands a worker the longest unit of its kind, then of the other kind."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        computes = is_last(node.gateway.id, self.numnodes)
        units = [unit for unit in self.workqueue if unit.startswith(TELEPHONY) != computes] or list(self.workqueue)
        longest = max(units, key=lambda unit: SECONDS.get(unit, len(self.workqueue[unit]) / 10))
        tests = self.assigned_work[node][longest] = self.workqueue.pop(longest)
        # By place and not by name: schemathesis gives the tests of all operations one name.
        collected = enumerate(self.registered_collections[node])
        node.send_runtest_some([place for place, nodeid in collected if tests.get(nodeid) is False])


def unit_of(nodeid: str) -> str:
    """What one worker runs in one go: a module, or the part of it on one switch, or all scenarios on one switch."""
    path, _, name = nodeid.partition("::")
    switch = _SWITCH.search(name) if path.startswith(TELEPHONY) else None
    if switch is None:
        return path
    if not path.startswith(SCENARIOS):
        return f"{path}[{switch[1]}]"
    part = crc32(path.encode()) % SCENARIO_PARTS[switch[1]]
    return f"{SCENARIOS}[{switch[1]}/{part}]"


def is_last(worker: str, workers: int) -> bool:
    """Whether a worker, of the name xdist gives it (`gw0` …), is the one that computes. Alone it does everything."""
    return workers > 1 and worker == f"gw{workers - 1}"


def gives_way() -> None:
    """Let the others go first, where this process is the worker that computes."""
    if is_last(os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))):
        os.nice(_NICENESS)
