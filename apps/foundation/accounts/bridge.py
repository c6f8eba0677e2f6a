"""The one bridge from asynchronous code to the database.

A schema is a property of a thread's connection, so no ORM call happens in an `async def` and no scope is held across an
`await`: the worker thread itself enters the scope, does the work and gives the connection back to the pool.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

from apps.foundation.accounts.scope import account_scope

P = ParamSpec("P")
R = TypeVar("R")

_workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


def _enter(account_id: str, function: Callable[..., R], *args: object, **kwargs: object) -> R:
    try:
        close_old_connections()
        with account_scope(account_id):
            return function(*args, **kwargs)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _outside(function: Callable[..., R], *args: object, **kwargs: object) -> R:
    try:
        close_old_connections()
        return function(*args, **kwargs)
    finally:
        if not connection.in_atomic_block:
            connection.close()


async def in_account(account_id: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `function` in a worker thread inside the scope of the account."""
    call = partial(_enter, account_id, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_workers, copy_context().run, call)


async def in_directory(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `function` in a worker thread with shared tables only (no account scope)."""
    call = partial(_outside, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_workers, copy_context().run, call)
