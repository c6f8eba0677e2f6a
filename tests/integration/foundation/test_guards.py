"""Start-up refuses a pooler that would mix tenants."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import call_command

from apps.foundation.tenants import guards
from apps.foundation.tenants.raw import raw_session

pytestmark = pytest.mark.django_db


def test_postgresql_itself_is_accepted() -> None:
    guards.refuse_transaction_pooling()


def test_a_shared_server_session_is_told_from_two() -> None:
    with raw_session() as one, raw_session() as other:
        assert guards.keep_settings(one, other)
        assert not guards.keep_settings(one, one)  # what a pooler in transaction mode hands out


def test_a_pooler_in_transaction_mode_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_session() as server:

        class Client:
            """A client of such a pooler: every one reaches the same server session."""

            def __enter__(self) -> psycopg.Connection[tuple[object, ...]]:
                return server

            def __exit__(self, *_: object) -> None:
                pass

        monkeypatch.setattr(guards, "raw_session", Client)
        with pytest.raises(guards.TransactionPooling, match="pool_mode = session"):
            guards.refuse_transaction_pooling()


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("calls", "apps.interfaces.freeswitch.management.commands.calls"),
        ("switch", "apps.interfaces.freeswitch.management.commands.switch"),
        ("worker", "kazoo.management.commands.worker"),
    ],
)
def test_a_process_that_uses_the_database_looks_first(
    command: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise guards.TransactionPooling

    monkeypatch.setattr(f"{module}.refuse_transaction_pooling", refuse)
    with pytest.raises(guards.TransactionPooling):
        call_command(command)
