"""One customer's office with phones, people and callflows.

Calls are handled in worker threads with connections of their own, so that what they read must be committed: a test's
own transaction would hide it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import connection

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.kit.clock import now
from apps.foundation.tenants.actions import create_tenant
from apps.foundation.tenants.models import Tenant
from apps.pbx.callflows.models import Callflow, CallflowNumber
from apps.pbx.devices.models import Device
from apps.pbx.groups.models import Group
from apps.pbx.users.models import User
from apps.switching.registrar.models import Registration
from tests.emptying import empty

T = TypeVar("T")
REALM = "office.test"
MASTER = "a" * 32


class Office:
    """Adds things to the account; rows are made directly, so that nothing but calls is under test."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.id = account.id

    def within(self, work: Callable[[], T]) -> T:
        with account_scope(self.id):
            return work()

    def user(self, name: str, **document: Any) -> User:
        return self.within(lambda: User.objects.create(account_id=self.id, username=name, document=document))

    def device(
        self, name: str, *, owner: User | None = None, registered: bool = True, contact: str = "", **options: Any
    ) -> Device:
        """`options` that are columns become columns, the others the document."""
        columns = {key: options.pop(key) for key in ("enabled", "device_type") if key in options}
        options.setdefault("sip", {"username": name})
        device: Device = self.within(
            lambda: Device.objects.create(
                account_id=self.id, name=name, owner_id=owner.id if owner else None, document=options, **columns
            )
        )
        if registered:
            self.register(device, contact or f"sip:{name}@192.0.2.7:5060")
        return device

    def devices(self, names: list[str]) -> list[Device]:
        """Many of them, registered, at once."""
        made = self.within(
            lambda: Device.objects.bulk_create(
                Device(account_id=self.id, name=name, document={"sip": {"username": name}}) for name in names
            )
        )
        Registration.objects.bulk_create(_registration(device, f"sip:{device.name}@192.0.2.7:5060") for device in made)
        return made

    def register(self, device: Device, contact: str, seconds: int = 3600) -> None:
        _registration(device, contact, seconds).save(force_insert=True)

    def group(self, name: str, **members: str) -> Group:
        """`members`: id to type."""
        endpoints = {identifier.removeprefix("_"): {"type": kind} for identifier, kind in members.items()}
        return self.within(
            lambda: Group.objects.create(account_id=self.id, name=name, document={"endpoints": endpoints})
        )

    def callflow(self, numbers: list[str], flow: dict[str, Any], patterns: list[str] | None = None) -> Callflow:
        def write() -> Callflow:
            made: Callflow = Callflow.objects.create(
                account_id=self.id, numbers=numbers, patterns=patterns or [], flow=flow
            )
            CallflowNumber.objects.bulk_create(
                CallflowNumber(account_id=self.id, number=number, callflow_id=made.id) for number in numbers
            )
            return made

        return self.within(write)

    def set(self, **fields: Any) -> None:
        """Change the account itself."""
        Account.objects.filter(id=self.id).update(**fields)

    def clear(self) -> None:
        """Remove everything in it, and in its operator's account, whose schema it shares."""
        empty([self.account.tenant.schema_name])
        Registration.objects.filter(account_id=self.id).delete()
        self.set(enabled=True, document={})


def _registration(device: Device, contact: str, seconds: int = 3600) -> Registration:
    return Registration(
        realm=REALM,
        username=device.name,
        account_id=device.account_id,
        device_id=device.id,
        contact=contact,
        profile="internal",
        switch="fs1",
        call_id=f"{device.id}-{contact}",
        expires=now() + timedelta(seconds=seconds),
    )


_made: list[str] = []


def _open() -> Account:
    """Rows are flushed after every test that commits; the schema is made once and only emptied."""
    if not _made:
        with connection.cursor() as cursor:
            # Those of earlier runs on a kept database.
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [f"tenant\\_{MASTER}%"])
            for (schema,) in cursor.fetchall():
                cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
        tenant = create_tenant(MASTER)
        _made.append(str(tenant.schema_name))
    else:
        tenant = Tenant.objects.create(schema_name=_made[0], account_id=MASTER)
    master = Account.objects.create(id=MASTER, name="Operator", realm="operator.test", tenant=tenant)
    return Account.objects.create(
        id="b" * 32, name="Office", realm=REALM, parent=master, ancestors=[MASTER], tenant=tenant
    )


@pytest.fixture
def office(transactional_db: None) -> Office:
    """The office, empty."""
    opened = Office(_open())
    opened.clear()
    return opened


def run(work: Any) -> Any:
    """Run a coroutine from a test that uses the database itself: scopes are refused inside a running loop."""
    return asyncio.run(work)
