"""The websocket of the API, in KAZOO's frames: subscribe, unsubscribe, ping; replies and events.

`subscribe` with `"snapshot": true` is ours: its reply says what is going on now (`snapshot`) and a `sequence`, and what
follows is everything that changed since, each frame with the next number. Should events be lost on their way here, the
socket is closed with 1012: subscribe again.

A socket reads its events from a bounded queue. A client that does not keep up is disconnected with 1013 and may come
back: the process never waits for it.
"""

import asyncio
import json
import logging
from typing import Any

import redis.asyncio
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from apps.foundation.accounts.bridge import in_account, in_directory
from apps.foundation.accounts.scope import AccountUnknown
from apps.foundation.accounts.watching import DisablingWatch
from apps.foundation.events.subscription import subscription
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import is_id, new_id
from apps.interfaces.websockets.access import Refused, authorise, refuse_for_users
from apps.interfaces.websockets.bindings import BadBinding, Binding, parse_binding
from apps.interfaces.websockets.sessions import forget, remember
from apps.interfaces.websockets.snapshots import take_snapshot
from apps.interfaces.websockets.watch import Frame, Watch

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1000
BINDINGS_PER_SOCKET = 100
FRAME_LIMIT = 65_536
#: Seconds between two looks at whether the tokens behind a socket still hold.
RECHECK_SECONDS = 30
CLOSE_TOKEN = 4401
CLOSE_TOO_SLOW = 1013
CLOSE_MISSED = 1012


class EventsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.session_id = new_id()
        self.started = to_gregorian(now())
        self.dropped = False
        self.watches: dict[str, Watch] = {}
        self.queue: asyncio.Queue[Frame] = asyncio.Queue(QUEUE_LENGTH)
        self.cache = redis.asyncio.Redis.from_url(settings.REDIS_URL)
        self.disabling = DisablingWatch()
        await self.accept()
        self.tasks = [asyncio.create_task(self._deliver()), asyncio.create_task(self._recheck())]

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        for account_id in list(self.watches):
            await self._stop(account_id)
        self.disabling.forget()
        await self.cache.aclose()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        request_id = ""
        try:
            frame = _frame(text_data)
            request_id = str(frame.get("request_id", ""))[:128]
            await self._answer(frame, request_id)
        except (Refused, BadBinding) as error:
            self._reply(request_id, "error", {"errors": [str(error)]})

    async def _answer(self, frame: dict[str, Any], request_id: str) -> None:
        action = frame.get("action")
        if action == "ping":
            self._reply(request_id, "success", {"response": "pong"})
            return
        if action not in ("subscribe", "unsubscribe"):
            raise Refused("unknown action: use subscribe, unsubscribe or ping")
        given = frame.get("data")
        data: dict[str, Any] = given if isinstance(given, dict) else {}
        account_id = data.get("account_id")
        if not isinstance(account_id, str) or not is_id(account_id):
            raise Refused("account_id is missing or is no account id")
        wanted = data.get("bindings", [data["binding"]] if "binding" in data else [])
        if not isinstance(wanted, list):
            raise BadBinding("bindings is a list of texts")
        if action == "unsubscribe":
            self._reply(request_id, "success", await self._unsubscribe(account_id, wanted))
            return
        if not wanted:
            raise BadBinding("binding is missing")
        watch, bindings = await self._subscribe(str(frame.get("auth_token", "")), account_id, wanted)
        answer = {"subscribed": [b.text for b in bindings], "subscriptions": sorted(watch.bindings), "errors": []}
        if data.get("snapshot"):
            await self._follow(account_id, watch, bindings, request_id, answer)
        else:
            for binding in bindings:
                watch.horizons.pop(binding.text, None)
            watch.bindings.update({binding.text: binding for binding in bindings})
            answer["subscriptions"] = sorted(watch.bindings)
            await remember(self.cache, account_id, self._describe(watch))
            self._reply(request_id, "success", answer)

    async def _follow(
        self, account_id: str, watch: Watch, bindings: list[Binding], request_id: str, answer: dict[str, Any]
    ) -> None:
        """Take a snapshot and reply with it; what arrives meanwhile comes after it, where it is not in it."""
        texts = [binding.text for binding in bindings]
        with watch.held():
            try:
                state, horizon = await in_account(account_id, take_snapshot, watch.principal, bindings)
            except (DatabaseError, AccountUnknown) as error:
                log.warning("no snapshot of %s: %s", account_id, error)
                raise Refused("the present state cannot be read now: try again") from error
            watch.bindings.update(dict(zip(texts, bindings, strict=True)))
            watch.horizons.update(dict.fromkeys(texts, horizon))
            watch.sequence = watch.sequence or 0
            answer |= {"subscriptions": sorted(watch.bindings), "sequence": watch.sequence, "snapshot": state}
            self._reply(request_id, "success", answer)
        await remember(self.cache, account_id, self._describe(watch))

    async def _subscribe(self, token: str, account_id: str, wanted: list[Any]) -> tuple[Watch, list[Binding]]:
        """The watch of the account, listening, and the bindings to be added to it."""
        principal = await in_directory(authorise, token, account_id)
        bindings = [parse_binding(text, account_id) for text in wanted]
        for binding in bindings:
            refuse_for_users(principal, binding)
        if len(bindings) + sum(len(watch.bindings) for watch in self.watches.values()) > BINDINGS_PER_SOCKET:
            raise Refused(f"at most {BINDINGS_PER_SOCKET} bindings on one socket")
        watch = self.watches.get(account_id)
        if watch is None:
            watch = Watch(token, principal, self._enqueue, lambda: self._drop(CLOSE_MISSED))
            self.watches[account_id] = watch
            await subscription().follow(account_id, watch)
        await self.disabling.watch(principal.account_id)
        await self.disabling.watch(account_id)
        watch.token, watch.principal = token, principal
        return watch, bindings

    async def _unsubscribe(self, account_id: str, wanted: list[Any]) -> dict[str, Any]:
        watch = self.watches.get(account_id)
        if watch is None:
            raise Refused("this socket listens to nothing in this account")
        gone = [text for text in (wanted or list(watch.bindings)) if isinstance(text, str) and text in watch.bindings]
        watch.forget(gone)
        if not watch.bindings:
            await self._stop(account_id)
        else:
            await remember(self.cache, account_id, self._describe(watch))
        return {"unsubscribed": gone, "subscriptions": sorted(watch.bindings), "errors": []}

    async def _stop(self, account_id: str) -> None:
        watch = self.watches.pop(account_id)
        subscription().unfollow(account_id, watch)
        await forget(self.cache, account_id, self.session_id)

    def _enqueue(self, frame: Frame) -> None:
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._drop(CLOSE_TOO_SLOW)

    def _drop(self, code: int) -> None:
        """Give the socket up. Nothing that waits for it is sent any more."""
        if self.dropped:
            return
        self.dropped = True
        for watch in self.watches.items():
            subscription().unfollow(*watch)
        self.queue = asyncio.Queue()
        for task in self.tasks:
            task.cancel()
        self.tasks = [asyncio.create_task(self.close(code))]

    async def _deliver(self) -> None:
        while True:
            await self.send(json.dumps(await self.queue.get()))

    async def _recheck(self) -> None:
        """Tokens expire and are revoked, accounts are disabled: a socket must not outlive them."""
        while True:
            await self.disabling.wait(RECHECK_SECONDS)
            for account_id, watch in list(self.watches.items()):
                try:
                    watch.principal = await in_directory(authorise, watch.token, account_id)
                except Refused:
                    await self.close(CLOSE_TOKEN)
                    return
                await remember(self.cache, account_id, self._describe(watch))

    def _describe(self, watch: Watch) -> dict[str, Any]:
        client, server = self.scope.get("client") or ("", 0), self.scope.get("server") or ("", 0)
        return {
            "websocket_session_id": self.session_id,
            "bindings": sorted(watch.bindings),
            "timestamp": self.started,
            "source": client[0],
            "destination": server[0],
        }

    def _reply(self, request_id: str, status: str, data: dict[str, Any]) -> None:
        """Behind what waits to be sent, so that a reply comes after what happened before it."""
        self._enqueue({"action": "reply", "request_id": request_id, "status": status, "data": data})


def _frame(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > FRAME_LIMIT:
        raise Refused("a frame is a JSON text of at most 64 KiB")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("the frame is not valid JSON") from None
    if not isinstance(frame, dict):
        raise Refused("a frame is a JSON object")
    return frame
