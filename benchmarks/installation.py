"""A temporary installation for benchmarks: embedded services on free ports in a home that is removed afterwards.

Import this before anything that reads Django's settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services import Services, claim

claim()
os.environ["KAZOO_SWITCH"] = "lab"  # not started; the directory knows a node named `local`
os.environ["DJANGO_SETTINGS_MODULE"] = "kazoo.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # a benchmark prepares and reads counters between its rounds

import django  # noqa: E402

django.setup()


@contextmanager
def installation() -> Iterator[None]:
    """PostgreSQL (without waiting for the disk) and Valkey, every schema migrated."""
    from django.core.management import call_command
    from django.db import connections

    services = Services()
    services.start()
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        for connection in connections.all():
            connection.close()
            if getattr(connection, "pool", None):
                connection.close_pool()  # type: ignore[attr-defined]
        services.stop()
