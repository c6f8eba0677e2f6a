"""The websocket of the API, in KAZOO's frames: subscribe, unsubscribe, ping; replies and events.

A socket reads its events from a bounded queue. A client that does not keep up is disconnected and may come back: the
process never waits for it.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.watching import DisablingWatch
from apps.foundation.events.subscription import Listener, subscription
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.clock import now, to_gregorian
from apps.foundation.kit.ids import is_id, new_id
from apps.interfaces.websockets.access import Refused, authorise, refuse_for_users, visible
from apps.interfaces.websockets.bindings import BadBinding, Binding, parse_binding
from apps.interfaces.websockets.sessions import forget, remember

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1000
BINDINGS_PER_SOCKET = 100
FRAME_LIMIT = 65_536
#: Seconds between two looks at whether the tokens behind a socket still hold.
RECHECK_SECONDS = 30
CLOSE_TOKEN = 4401
CLOSE_TOO_SLOW = 1013


@dataclass(slots=True)
class Watch:
    """What a socket listens to in one account, and on whose authority."""

    token: str
    principal: Principal
    listener: Listener
    bindings: dict[str, Binding] = field(default_factory=dict)


class EventsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        self.session_id = new_id()
        self.started = to_gregorian(now())
        self.too_slow = False
        self.watches: dict[str, Watch] = {}
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(QUEUE_LENGTH)
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
            data = await self._answer(frame)
            await self._reply(request_id, "success", data)
        except (Refused, BadBinding) as error:
            await self._reply(request_id, "error", {"errors": [str(error)]})

    async def _answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        action = frame.get("action")
        if action == "ping":
            return {"response": "pong"}
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
            return await self._unsubscribe(account_id, wanted)
        if not wanted:
            raise BadBinding("binding is missing")
        return await self._subscribe(str(frame.get("auth_token", "")), account_id, wanted)

    async def _subscribe(self, token: str, account_id: str, wanted: list[Any]) -> dict[str, Any]:
        principal = await in_directory(authorise, token, account_id)
        bindings = [parse_binding(text, account_id) for text in wanted]
        for binding in bindings:
            refuse_for_users(principal, binding)
        if len(bindings) + sum(len(watch.bindings) for watch in self.watches.values()) > BINDINGS_PER_SOCKET:
            raise Refused(f"at most {BINDINGS_PER_SOCKET} bindings on one socket")
        watch = self.watches.get(account_id)
        if watch is None:
            watch = Watch(token, principal, self._listener(account_id))
            self.watches[account_id] = watch
            await subscription().add(account_id, watch.listener)
        await self.disabling.watch(principal.account_id)
        await self.disabling.watch(account_id)
        watch.token, watch.principal = token, principal
        watch.bindings.update({binding.text: binding for binding in bindings})
        await remember(self.cache, account_id, self._describe(watch))
        return {"subscribed": [b.text for b in bindings], "subscriptions": sorted(watch.bindings), "errors": []}

    async def _unsubscribe(self, account_id: str, wanted: list[Any]) -> dict[str, Any]:
        watch = self.watches.get(account_id)
        if watch is None:
            raise Refused("this socket listens to nothing in this account")
        gone = [text for text in (wanted or list(watch.bindings)) if isinstance(text, str) and text in watch.bindings]
        for text in gone:
            del watch.bindings[text]
        if not watch.bindings:
            await self._stop(account_id)
        else:
            await remember(self.cache, account_id, self._describe(watch))
        return {"unsubscribed": gone, "subscriptions": sorted(watch.bindings), "errors": []}

    async def _stop(self, account_id: str) -> None:
        watch = self.watches.pop(account_id)
        subscription().remove(account_id, watch.listener)
        await forget(self.cache, account_id, self.session_id)

    def _listener(self, account_id: str) -> Listener:
        def listen(key: str, data: dict[str, Any]) -> None:
            watch = self.watches.get(account_id)
            if watch is None or not visible(watch.principal, data):
                return
            for binding in watch.bindings.values():
                if binding.matches(key):
                    self._enqueue(binding, key, data)

        return listen

    def _enqueue(self, binding: Binding, key: str, data: dict[str, Any]) -> None:
        name = key.split(".")[1]
        event = {"action": "event", "subscribed_key": binding.text, "subscription_key": binding.text}
        event |= {"name": name, "routing_key": key}
        try:
            self.queue.put_nowait(event | {"data": data})
        except asyncio.QueueFull:
            if not self.too_slow:
                self.too_slow = True
                self.tasks.append(asyncio.create_task(self.close(CLOSE_TOO_SLOW)))

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

    async def _reply(self, request_id: str, status: str, data: dict[str, Any]) -> None:
        await self.send(json.dumps({"action": "reply", "request_id": request_id, "status": status, "data": data}))


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
