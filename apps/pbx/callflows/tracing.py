"""Keeping the traces of calls without a query for each step: they are written together, every few seconds and at the
end of a call."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from weakref import WeakKeyDictionary

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.pbx.callflows.ending import EndedCall
from apps.pbx.callflows.trace_rows import Trace, finish_traces, write_traces

log = logging.getLogger(__name__)
#: How old what is written of a living call may be.
WRITE_SECONDS = 2.0
#: How long an ended call waits for others that end with it.
GATHER_SECONDS = 0.05
Ending = tuple[Trace, EndedCall, "asyncio.Future[None]"]


class Tracer:
    """The traces of one event loop's calls."""

    def __init__(self) -> None:
        self._living: dict[str, Trace] = {}
        self._ended: list[Ending] = []
        self._writing: asyncio.Task[None] | None = None
        self._finishing: asyncio.Task[None] | None = None

    def changed(self, trace: Trace) -> None:
        """Write it with the next batch."""
        self._living[trace.call_id] = trace
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_later())

    async def finish(self, trace: Trace, ended: EndedCall) -> None:
        """Returns when it is written and the call's duties are done. Never raises."""
        self._living.pop(trace.call_id, None)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended.append((trace, ended, done))
        if self._finishing is None or self._finishing.done():
            self._finishing = asyncio.get_running_loop().create_task(self._finish_soon())
        await done

    async def write(self) -> None:
        """Write what has changed now."""
        living, self._living = self._living, {}
        by_account: dict[str, list[Trace]] = defaultdict(list)
        for trace in living.values():
            by_account[trace.account_id].append(trace)
        for account_id, traces in by_account.items():
            try:
                await in_account(account_id, write_traces, traces)
            except AccountUnknown:
                continue
            except Exception:
                log.exception("the steps of %d calls could not be written", len(traces))

    async def _write_later(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            if not self._living:
                return
            await self.write()

    async def _finish_soon(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        while self._ended:
            batch, self._ended = self._ended, []
            by_account: dict[str, list[Ending]] = defaultdict(list)
            for one in batch:
                by_account[one[0].account_id].append(one)
            await asyncio.gather(*(self._finish(account_id, ending) for account_id, ending in by_account.items()))

    @staticmethod
    async def _finish(account_id: str, endings: list[Ending]) -> None:
        try:
            await in_account(account_id, finish_traces, [(trace, ended) for trace, ended, _ in endings])
        except AccountUnknown:
            pass
        except Exception:
            log.exception("%d calls could not be finished", len(endings))
        finally:
            for _, _, done in endings:
                if not done.done():
                    done.set_result(None)


_tracers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tracer] = WeakKeyDictionary()


def tracer() -> Tracer:
    """The running loop's."""
    return _tracers.setdefault(asyncio.get_running_loop(), Tracer())
