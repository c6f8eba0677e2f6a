"""Waiting for the moment an account may have been disabled, in code that must not outlive it."""

from __future__ import annotations

import asyncio
from typing import Any

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.events.subscription import subscription

_KIND = "account.disabled"


class DisablingWatch:
    """Wakes whoever waits when one of the watched accounts, or an account above one, is disabled.

    It says that something happened, not to whom: look again at what you hold. `forget` when done.
    """

    def __init__(self) -> None:
        self._watched: set[str] = set()
        self._happened = asyncio.Event()

    async def watch(self, account_id: str) -> None:
        """Watch an account and those above it."""
        for one in await in_directory(_path, account_id):
            if one not in self._watched:
                self._watched.add(one)
                await subscription().add(one, self._listen, _KIND)

    async def wait(self, seconds: float) -> None:
        """Until an account is disabled, `seconds` at the longest."""
        try:
            await asyncio.wait_for(self._happened.wait(), seconds)
        except TimeoutError:
            pass
        self._happened.clear()

    def forget(self) -> None:
        for one in self._watched:
            subscription().remove(one, self._listen, _KIND)
        self._watched.clear()

    def _listen(self, key: str, data: dict[str, Any]) -> None:
        self._happened.set()


def _path(account_id: str) -> list[str]:
    ancestors = Account.objects.filter(id=account_id).values_list("ancestors", flat=True).first()
    return [*(ancestors or ()), account_id]
