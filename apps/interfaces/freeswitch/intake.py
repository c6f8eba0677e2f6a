"""Records that come in together are written together: a burst of hang-ups is a few transactions, not hundreds."""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from apps.commerce.cdrs.legs import FinishedLeg, NotARecord
from apps.foundation.accounts.bridge import in_directory
from apps.interfaces.freeswitch.records import read_record
from apps.interfaces.freeswitch.refusals import keep_refused, record_batch

log = logging.getLogger(__name__)

TAKEN, TRY_AGAIN = 200, 503
BATCH = 100
GATHER_SECONDS = 0.02


class Gatherer:
    """Collects legs for `GATHER_SECONDS`, or up to `BATCH` of them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[FinishedLeg, bytes, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._full = asyncio.Event()

    async def add(self, leg: FinishedLeg, body: bytes) -> None:
        """Returns when the leg is written. Raises DatabaseError."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((leg, body, written))
        if len(self._waiting) >= BATCH:
            self._full.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            try:
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._full.wait()
            except TimeoutError:
                pass
            self._full.clear()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                await in_directory(record_batch, [(leg, body) for leg, body, _ in batch])
            except Exception as error:
                for _, _, written in batch:
                    if not written.done():
                        written.set_exception(error)
            else:
                for _, _, written in batch:
                    if not written.done():
                        written.set_result(None)


_gatherers: WeakKeyDictionary[asyncio.AbstractEventLoop, Gatherer] = WeakKeyDictionary()


async def take_in(body: bytes, node: str, call_id: str) -> int:
    """The HTTP status for a posted record. 503 makes the switch try again and then keep it on its disk; what can never
    be read is kept here and answered 200, for trying again would not help."""
    try:
        try:
            leg = read_record(body, node)
        except NotARecord as error:
            log.warning("a record from %s is kept aside: %s", node, error)
            await in_directory(keep_refused, node, call_id, str(error), body)
            return TAKEN
        if leg is not None:
            gatherer = _gatherers.setdefault(asyncio.get_running_loop(), Gatherer())
            await gatherer.add(leg, body)
    except DatabaseError:
        log.exception("a record from %s could not be written", node)
        return TRY_AGAIN
    return TAKEN
