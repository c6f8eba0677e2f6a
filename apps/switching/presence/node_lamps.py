"""What one switch was told about lamps, and what it is still to be told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Mapping
from typing import Protocol

from apps.switching.esl.client import EslClient
from apps.switching.esl.commands import sendevent
from apps.switching.esl.errors import CommandFailed, CommandRefused, EslError
from apps.switching.presence.models import LampState
from apps.switching.presence.notices import lamp_headers, message_headers
from apps.switching.presence.queries import DARK, Counts, Lamp, LampKey, Picture, Shown

log = logging.getLogger(__name__)

#: Notices sent at once, and the pause before the next: a thousand a second. mod_sofia drops its whole queue where more
#: come than it can look up.
PORTION = 50
PAUSE_SECONDS = 0.05


class Orders(Protocol):
    """The connection for orders (`esl.persistent.PersistentClient`)."""

    @property
    def connected(self) -> bool: ...

    @property
    def client(self) -> EslClient: ...


class NodeLamps:
    """`lit` is what the switch was told and is not dark, `counts` the messages; `told` whether it was told everything
    since it was reached."""

    def __init__(self, name: str, orders: Orders) -> None:
        self.name, self._orders = name, orders
        self.lit: dict[LampKey, Shown] = {}
        self.counts: dict[LampKey, Counts] = {}
        self.told = False
        self._waiting: deque[tuple[str, dict[str, str]]] = deque()

    @property
    def is_new(self) -> bool:
        """Whether the switch can be told everything, and was not."""
        return self._orders.connected and not self.told

    def tell(self, event: str, headers: dict[str, str]) -> None:
        """Have an event sent with the next `flush`."""
        self._waiting.append((event, headers))

    def note(self, key: LampKey, lamp: Lamp) -> None:
        """The switch has been told this about a lamp."""
        if lamp.state is LampState.TERMINATED:
            self.lit.pop(key, None)
        else:
            self.lit[key] = lamp.shown

    def tell_all(self, picture: Picture) -> None:
        """Every lit lamp of the picture's accounts, every watched one lit or not, and all messages."""
        watched = {key for switch, key in picture.watched if switch == self.name}
        for key in sorted(watched | picture.lamps.keys()):
            self._tell_lamp(picture, key)
        for key in sorted(picture.messages):
            self._tell_messages(picture, key)

    def tell_changes(self, picture: Picture, accounts: Collection[str], repeat: Collection[LampKey]) -> None:
        """What differs from what was told; `repeat` anyhow. An account without phones here is told nothing."""
        here = {account for account in accounts if (self.name, account) in picture.reached}
        for account in set(accounts) - here:
            self._forget(account)
        candidates = {key for key in self.lit.keys() | picture.lamps.keys() if key[0] in here}
        for key in sorted(candidates | {key for key in repeat if key[0] in here}):
            if key in repeat or self.lit.get(key, DARK.shown) != picture.lamps.get(key, DARK).shown:
                self._tell_lamp(picture, key)
        for key in sorted(key for key in picture.messages if key[0] in here):
            if self.counts.get(key) != picture.messages[key]:
                self._tell_messages(picture, key)

    async def flush(self) -> bool:
        """Send what waits, at a bounded rate. False where it could not be: everything is told anew then."""
        while self._waiting:
            portion = [self._waiting.popleft() for _ in range(min(PORTION, len(self._waiting)))]
            try:
                client = self._orders.client
                await asyncio.gather(*(self._send(client, *one) for one in portion))
            except EslError as error:
                log.warning("switch %s could not be told of %d lamps: %s", self.name, len(self._waiting) + 1, error)
                self._waiting.clear()
                self.lit.clear()
                self.counts.clear()
                self.told = False
                return False
            if self._waiting:
                await asyncio.sleep(PAUSE_SECONDS)
        return True

    async def _send(self, client: EslClient, event: str, headers: Mapping[str, str]) -> None:
        try:
            await client.order(sendevent(event, headers))
        except (CommandRefused, CommandFailed) as error:
            log.info("switch %s is not told %s: %s", self.name, headers, error)

    def _tell_lamp(self, picture: Picture, key: LampKey) -> None:
        account_id, presence_id = key
        realm, lamp = picture.realms.get(account_id), picture.lamps.get(key, DARK)
        self.note(key, lamp)
        if realm:
            self.tell("PRESENCE_IN", lamp_headers(presence_id, realm, lamp))

    def _tell_messages(self, picture: Picture, key: LampKey) -> None:
        account_id, user = key
        realm, counts = picture.realms.get(account_id), picture.messages[key]
        self.counts[key] = counts
        if realm:
            self.tell("MESSAGE_WAITING", message_headers(user, realm, counts))

    def _forget(self, account_id: str) -> None:
        for told in (self.lit, self.counts):
            for key in [key for key in told if key[0] == account_id]:
                told.pop(key)
