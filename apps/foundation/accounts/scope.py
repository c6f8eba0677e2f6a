"""Scope or raise: a tenant table is read and written only inside `account_scope(account)`.

The scope names one account; it selects the reseller's schema and makes every default manager see that account's rows
only. Outside a scope a tenant query raises `ScopeRequired`.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connection

from apps.foundation.accounts.models import Account


class ScopeRequired(Exception):
    """A tenant table was used without saying for which account."""


class AccountUnknown(Exception):
    """No present account has this id."""


class AccountElsewhere(Exception):
    """The account was moved to another schema, or removed, since its scope was entered. Try again from the start."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`account_id` is None only inside `schema_scope`, for work on a whole schema (moves, monthly tables)."""

    account_id: str | None
    schema: str
    #: As it was read on the way in; None where somebody else had read it before.
    account: Account | None = field(default=None, compare=False)


_HOLD = """
    SELECT 1 FROM public.accounts_account account JOIN public.tenants_tenant tenant ON tenant.id = account.tenant_id
    WHERE account.id = %s AND tenant.schema_name = %s FOR KEY SHARE OF account
"""

_current: ContextVar[Scope | None] = ContextVar("account_scope", default=None)


def current_scope() -> Scope:
    scope = _current.get()
    if scope is None:
        raise ScopeRequired("this query needs an account: use account_scope(account)")
    return scope


def current_account_id() -> str:
    account_id = current_scope().account_id
    if account_id is None:
        raise ScopeRequired("this query needs one account, but the scope covers a whole schema")
    return account_id


def current_account() -> Account:
    """The scope's account, as it was when the scope was entered by its id: for those who only read, without a query."""
    scope = current_scope()
    return scope.account or Account.objects.select_related("tenant").get(id=current_account_id())


def hold_account() -> None:
    """Keep the scope's account where it is until the transaction ends; every write of a tenant row begins with it.

    Moving an account locks it, so a write either comes first and is moved too, or waits here and learns that the
    account now lives in another schema. Raises AccountElsewhere.
    """
    account_id, schema = current_account_id(), current_scope().schema
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [account_id, schema])
        if cursor.fetchone() is None:
            raise AccountElsewhere(account_id)


@contextmanager
def account_scope(account: Account | str) -> Iterator[Account]:
    """Enter the scope of an account. Raises AccountUnknown where it does not exist or is deleted."""
    was_read_here = isinstance(account, str)
    if isinstance(account, str):
        try:
            account = Account.objects.select_related("tenant").get(id=account, deleted=None)
        except Account.DoesNotExist:
            raise AccountUnknown(account) from None
    with _enter(Scope(account.id, str(account.tenant.schema_name), account if was_read_here else None)):
        yield account


@contextmanager
def schema_scope(schema: str) -> Iterator[None]:
    """Enter a whole schema, for work that is about no single account. Default managers refuse to guess one."""
    with _enter(Scope(None, schema)):
        yield


@contextmanager
def _enter(scope: Scope) -> Iterator[None]:
    _refuse_event_loop()
    previous = str(connection.schema_name)  # type: ignore[attr-defined]
    token = _current.set(scope)
    if previous != scope.schema:
        connection.set_schema(scope.schema)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        _current.reset(token)
        if previous != scope.schema:
            connection.set_schema(previous)  # type: ignore[attr-defined]


def _refuse_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise ScopeRequired("a scope cannot be held in asynchronous code: use in_account()")
