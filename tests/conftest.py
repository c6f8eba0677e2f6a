"""What every test stands on: services of the run's own, Django on top of them, and loud skips."""

from __future__ import annotations

import gc
import os
import shutil

import pytest
from xdist.remote import Producer

from tests.scheduling import Scheduling, gives_way
from tests.services import CLAIMED, Services, WorkerValkey, claim

claim()

# Only now, and not in pyproject.toml: settings read the environment when they are imported.
os.environ["DJANGO_SETTINGS_MODULE"] = "kazoo.settings"

import django  # noqa: E402
import hypothesis  # noqa: E402

django.setup()

from tests import emptying, static_files  # noqa: E402

emptying.instead_of_flush()
static_files.found_once()
# How long it takes to make up an input says how busy the machine is, and nothing about what is tested.
hypothesis.settings.register_profile("kazoo", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("kazoo")

NEEDS = {
    "freeswitch": ("freeswitch",),
    "sip": ("sipp",),
    "browser": ("chromium", "chromium-browser", "google-chrome"),
}
NOT_TESTED = "NOT TESTED"
_services = pytest.StashKey[Services | WorkerValkey]()


def pytest_configure(config: pytest.Config) -> None:
    """A kept home keeps its test databases too."""
    if os.environ.get("KAZOO_TEST_HOME") and not config.getoption("create_db"):
        config.option.reuse_db = True
    if config.getoption("numprocesses", default=None):
        # Workers inherit the environment. Told of the settings, pytest-django would read them before `claim` has given
        # the worker a Valkey of its own, and all would share one: each other's tasks, counters and events.
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Several workers share the tests by the rules of tests.scheduling, whatever `--dist` says."""
    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """Spare the collector what stays until the end: looking through it all stops phones for most of a second."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the services, or a worker's own Valkey, unless nothing will be run."""
    if session.config.option.collectonly:
        return
    gives_way()
    services: Services | WorkerValkey
    if os.environ[CLAIMED] == str(os.getpid()):
        services = Services()
    elif WorkerValkey.is_claimed():
        services = WorkerValkey()
    else:
        return
    session.config.stash[_services] = services
    services.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them last of all, when workers and database connections are gone."""
    if _services in config.stash:
        config.stash[_services].stop()
        del config.stash[_services]
    elif os.environ.get(CLAIMED) == str(os.getpid()) and "KAZOO_TEST_HOME" not in os.environ:
        shutil.rmtree(os.environ["KAZOO_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a program that is not here."""
    for marker, programs in NEEDS.items():
        if not any(map(shutil.which, programs)):
            reason = f"{NOT_TESTED}: `{programs[0]}` is not on the PATH"
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=reason))
    for item in items:
        if item.get_closest_marker("freeswitch"):
            # Real phones and a real switch on a machine that does other things too: a port is taken, a packet is late.
            # Once more, and told in the summary (`-r R`).
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out for want of a program: a green run without it proves less."""
    counted: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if NOT_TESTED in reason:
            text = reason.partition(f"{NOT_TESTED}: ")[2]
            counted[text] = counted.get(text, 0) + 1
    if counted:
        terminalreporter.write_sep("!", "PARTS OF THE SYSTEM WERE NOT TESTED", red=True, bold=True)
        for text, count in sorted(counted.items()):
            terminalreporter.write_line(f"{count} tests skipped: {text}", red=True, bold=True)
