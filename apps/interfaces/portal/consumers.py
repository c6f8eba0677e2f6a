"""The WebSocket of the portal's and the self-service's pages: `/ws/portal?account_id=…`, on the session's authority.

It sends `{"event": "call.answered", "data": {"id": …}}` and reads nothing. Close codes: 4401 the session has ended,
4403 not this account; the page then stops asking.
"""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.watching import DisablingWatch
from apps.foundation.events.subscription import subscription
from apps.interfaces.portal.push import (
    Audience,
    NotAllowed,
    NotSignedIn,
    audience_of,
    is_same_origin,
    session_key_of,
    told_as,
)

CLOSE_SIGNED_OUT = 4401
CLOSE_NOT_ALLOWED = 4403
#: Seconds between two looks at whether the reader still may listen, and to which accounts.
RECHECK_SECONDS = 30
#: Seconds between two sendings: what happens meanwhile is told together.
PAUSE_SECONDS = 0.05


class PortalConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    recheck_seconds: float = RECHECK_SECONDS

    async def connect(self) -> None:
        headers = dict(self.scope["headers"])
        self.session_key = session_key_of(headers)
        self.account_id = parse_qs(self.scope["query_string"].decode("latin-1")).get("account_id", [""])[0]
        self.heard: set[str] = set()
        self.waiting: dict[str, dict[str, Any]] = {}
        self.news = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.disabling = DisablingWatch()
        # Closed after accepting: before it, a browser is not told the code.
        await self.accept()
        if not is_same_origin(headers):
            await self.close(CLOSE_NOT_ALLOWED)
            return
        if await self._look():
            self.tasks = [asyncio.create_task(self._deliver()), asyncio.create_task(self._recheck())]

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        self._stop(set(self.heard))
        self.disabling.forget()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Pages have nothing to say here."""

    async def _look(self) -> bool:
        """Find out who listens to what, and listen. False, and closed, where he may not."""
        try:
            self.audience: Audience = await in_directory(audience_of, self.session_key, self.account_id)
        except NotSignedIn:
            await self.close(CLOSE_SIGNED_OUT)
            return False
        except NotAllowed:
            await self.close(CLOSE_NOT_ALLOWED)
            return False
        await self.disabling.watch(self.audience.principal.account_id)
        await self.disabling.watch(self.account_id)
        wanted = set(self.audience.account_ids)
        self._stop(self.heard - wanted)
        for account_id in wanted - self.heard:
            self.heard.add(account_id)
            await subscription().add(account_id, self._listen)
        return True

    def _stop(self, account_ids: set[str]) -> None:
        for account_id in account_ids:
            subscription().remove(account_id, self._listen)
            self.heard.discard(account_id)

    def _listen(self, key: str, data: dict[str, Any]) -> None:
        event = told_as(key)
        if event is not None and self.audience.may_hear(data):
            self.waiting[event] = {"id": key.rpartition(".")[2]}
            self.news.set()

    async def _deliver(self) -> None:
        while True:
            await self.news.wait()
            self.news.clear()
            waiting, self.waiting = self.waiting, {}
            for event, data in waiting.items():
                await self.send(json.dumps({"event": event, "data": data}))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _recheck(self) -> None:
        """Sessions end and accounts are disabled: a socket must not outlive them."""
        while True:
            await self.disabling.wait(self.recheck_seconds)
            if not await self._look():
                return
