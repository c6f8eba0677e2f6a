"""The desk tells every switch what the lamps show, and answers when a switch asks for one.

It hears the installation's events, notes whose lamps may have changed, looks those accounts up a few times a second and
sends each switch what differs from what it was told last. Nothing is kept but that: a switch that was away, and one
that is reached for the first time since this process began, is told everything anew. What a lost event left wrong is
put right by the look round every half minute.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis.asyncio
from django.conf import settings
from django.db import DatabaseError

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.events.live import CHANNEL
from apps.switching.esl.events import Event
from apps.switching.presence import notices
from apps.switching.presence.actions import Watching, forget_expired_subscriptions, look, remember_subscriptions
from apps.switching.presence.node_lamps import NodeLamps, Orders
from apps.switching.presence.notices import LampQuestion, MessageQuestion, lamp_headers, message_headers
from apps.switching.presence.queries import (
    DARK,
    Counts,
    LampKey,
    Picture,
    accounts_of_realms,
    accounts_on,
    lively_accounts,
    picture_of,
)

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
SWEEP_SECONDS = 30.0
RETRY_SECONDS = 1.0
#: Accounts that are looked up at once.
MOST_ACCOUNTS = 200
#: What an event's key begins with where a lamp may have changed.
_CONCERNS = (
    "call.",
    "registration.registered",
    "presence.update",
    "presence.repeat",
    "presence.mwi_updates",
    "object.doc_created.",
    "object.doc_edited.",
    "object.doc_deleted.",
)
_DOCUMENTS = ("user", "device", "callflow", "account")
Question = tuple[str, LampQuestion | MessageQuestion]


class LampDesk:
    """One per process that holds connections to switches. `start`, and `stop` when done.

    It watches the listeners of `switches.listener` (its `Watcher`): `events`, `heard` and `connected` are for them.
    """

    events = ("PRESENCE_PROBE", "MESSAGE_QUERY")

    def __init__(self) -> None:
        self._nodes: dict[str, NodeLamps] = {}
        self._concerned: set[str] = set()
        self._repeat: set[LampKey] = set()
        self._questions: list[Question] = []
        self._awake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(work) for work in (self._work(), self._follow(), self._look_round())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What listeners and events say. Nothing here waits.

    def heard(self, node: str, event: Event) -> None:
        """A switch asks: somebody subscribed or registered there."""
        ask = notices.lamp_question if event.name == "PRESENCE_PROBE" else notices.message_question
        question = ask(event)
        if question is not None:
            self._questions.append((node, question))
            self._awake.set()

    def connected(self, node: str, orders: Orders) -> None:
        """The switch is there (again): it knows nothing, or what was true once."""
        self._nodes[node] = NodeLamps(node, orders)
        self._awake.set()

    def concerns(self, account_id: str, key: str, data: Mapping[str, Any]) -> None:
        """An event of the installation."""
        if not account_id or not key.startswith(_CONCERNS):
            return
        if key.startswith("object.") and key.split(".")[2] not in _DOCUMENTS:
            return
        if key == "presence.repeat":
            self._repeat.update((account_id, str(one)) for one in data.get("presence_ids", ()))
        self._concerned.add(account_id)
        self._awake.set()

    # The three tasks

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._awake.clear()
            try:
                await self._answer()
                await self._tell_newcomers()
                await self._tell_changes()
            except DatabaseError:
                log.exception("lamps wait for the database")
                await asyncio.sleep(RETRY_SECONDS)
                self._awake.set()
            except Exception:
                log.exception("lamps could not be told; the next look round tells them")

    async def _follow(self) -> None:
        while True:
            try:
                async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as connection, connection.pubsub() as heard:
                    await heard.subscribe(CHANNEL)
                    await self._note_all()
                    async for message in heard.listen():
                        if message["type"] == "message":
                            for event in json.loads(message["data"]):
                                self.concerns(event["account_id"], event["key"], event["data"])
            except (redis.RedisError, OSError, ValueError, DatabaseError):
                log.warning("what lights lamps cannot be heard; trying again in a second")
                await asyncio.sleep(RETRY_SECONDS)

    async def _look_round(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            with suppress(DatabaseError):
                await in_directory(forget_expired_subscriptions)
                await self._note_all()

    async def _note_all(self) -> None:
        told = {account for node in self._nodes.values() for account, _lamp in node.lit}
        lively = await in_directory(lively_accounts)
        self._concerned |= told | lively
        self._awake.set()

    # The work

    async def _answer(self) -> None:
        questions, self._questions = self._questions, []
        if not questions:
            return
        try:
            accounts = await in_directory(accounts_of_realms, {question.realm for _node, question in questions})
            await in_directory(remember_subscriptions, _watching(questions, accounts))
            picture = await self._picture(set(accounts.values()))
        except DatabaseError:
            self._questions = questions + self._questions
            raise
        for node, question in questions:
            account_id, lamps = accounts.get(question.realm), self._nodes.get(node)
            if account_id is None or lamps is None:
                continue
            if isinstance(question, MessageQuestion):
                counts = picture.messages.get((account_id, question.user), Counts())
                lamps.tell("MESSAGE_WAITING", message_headers(question.user, question.realm, counts, question))
            elif question.event != "message-summary" and question.seconds:
                lamp = picture.lamps.get((account_id, question.presence_id), DARK)
                lamps.tell("PRESENCE_IN", lamp_headers(question.presence_id, question.realm, lamp))
                lamps.note((account_id, question.presence_id), lamp)
        await self._flush()

    async def _tell_newcomers(self) -> None:
        for node in [node for node in self._nodes.values() if node.is_new]:
            accounts = await in_directory(accounts_on, node.name)
            for some in _portions(accounts):
                node.tell_all(await self._picture(some))
            node.told = True
        await self._flush()

    async def _tell_changes(self) -> None:
        concerned, self._concerned = self._concerned, set()
        repeat, self._repeat = self._repeat, set()
        try:
            for some in _portions(concerned):
                picture = await in_directory(look, some)
                for node in self._nodes.values():
                    node.tell_changes(picture, some, repeat)
        except DatabaseError:
            self._concerned |= concerned
            self._repeat |= repeat
            raise
        await self._flush()

    async def _flush(self) -> None:
        sent = await asyncio.gather(*(node.flush() for node in self._nodes.values()))
        if not all(sent) or not all(node.told for node in self._nodes.values()):
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._awake.set)

    async def _picture(self, accounts: Iterable[str]) -> Picture:
        return await in_directory(picture_of, list(accounts))


def _watching(questions: Sequence[Question], accounts: Mapping[str, str]) -> list[Watching]:
    found = []
    for node, question in questions:
        if isinstance(question, MessageQuestion) or question.realm not in accounts:
            continue
        found.append(
            Watching(
                switch=node,
                call_id=question.call_id,
                account_id=accounts[question.realm],
                presence_id=question.presence_id,
                event=question.event,
                subscriber=question.subscriber,
                seconds=question.seconds,
            )
        )
    return found


def _portions(accounts: Iterable[str]) -> list[list[str]]:
    listed = sorted(accounts)
    return [listed[start : start + MOST_ACCOUNTS] for start in range(0, len(listed), MOST_ACCOUNTS)]
