"""A little life for demos: register every phone of a file, and keep a few calls going.

The file: ``{"url": …, "accounts": [{"id", "realm", "devices": [{"sip_username", "sip_password"}],
"numbers": ["+1…"]}]}``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.switching.lab.world import Answer, Behaviour, Busy, LabCarrier, LabPhone, Ring

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch
    from apps.switching.lab.world import LabCall

logger = logging.getLogger(__name__)
_CALLERS = ("Ada Byron", "Grace Murray", "Katherine Coleman", "Alan Turing", "Hedy Kiesler", "Radia Joy")


class BadTrafficFileError(ValueError):
    """The file is missing, not JSON, or of another shape; the text says which."""


@dataclass
class Account:
    """One customer's phones and numbers."""

    realm: str
    phones: list[LabPhone]
    numbers: list[str]


def load(path: Path) -> list[Account]:
    """Read a traffic file. Raises `BadTrafficFileError`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return [_account(one) for one in data["accounts"]]
    except OSError as error:
        raise BadTrafficFileError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadTrafficFileError(f"{path} is not a traffic file: {error!r}") from error


def _account(data: dict[str, Any]) -> Account:
    realm = str(data["realm"])
    phones = [
        LabPhone(str(one["sip_username"]), realm, str(one["sip_password"]), display_name=str(one.get("name", "")))
        for one in data.get("devices", [])
    ]
    return Account(realm, phones, [str(one) for one in data.get("numbers", [])])


class Traffic:
    """Registers, re-registers and calls until cancelled. `interval`: mean seconds between calls."""

    def __init__(
        self, switch: LabSwitch, accounts: list[Account], interval: float = 4.0, seed: int | None = None
    ) -> None:
        self.switch = switch
        self.accounts = accounts
        self.interval = interval
        self.random = random.Random(seed)  # noqa: S311 - demo traffic, not a secret
        self.carrier = switch.connect(LabCarrier(behaviour=Answer(after=2.0)))
        self.calls_made = 0

    def behaviour(self) -> Behaviour:
        """Mostly answer; some are busy, some do not pick up."""
        dice = self.random.random()
        if dice < 0.08:
            return Busy()
        if dice < 0.18:
            return Ring()
        return Answer(after=self.random.uniform(1.5, 6.0), hang_up_after=self.random.uniform(8.0, 60.0))

    async def register_all(self, attempts: int = 5) -> int:
        """Register every phone, a few tries each; gives how many are registered."""
        registered = 0
        for phone in [one for account in self.accounts for one in account.phones]:
            for attempt in range(attempts):
                if await self.switch.register(phone) == 200:
                    registered += 1
                    break
                if attempt + 1 < attempts:
                    await asyncio.sleep(2.0)
            else:
                logger.warning("traffic: %s@%s was refused", phone.username, phone.realm)
        return registered

    async def run(self) -> None:
        """Keep traffic going for ever."""
        logger.info("traffic: %d phones registered", await self.register_all())
        loop = asyncio.get_running_loop()
        again = loop.time() + 1200
        while True:
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * self.interval)
            if loop.time() >= again:
                await self.register_all(attempts=1)
                again = loop.time() + 1200
            self.place_call()

    def place_call(self) -> LabCall | None:
        """One call: from outside to a number, between phones, or out to the carrier."""
        usable = [account for account in self.accounts if account.phones]
        if not usable:
            return None
        account = self.random.choice(usable)
        for phone in account.phones:
            phone.behaviour = self.behaviour()
        kinds = ["out"] + (["in", "in"] if account.numbers else []) + (["between"] if len(account.phones) > 1 else [])
        kind = self.random.choice(kinds)
        stranger = f"+1312555{self.random.randint(0, 9999):04d}"
        if kind == "in":
            call = self.carrier.call(stranger, self.random.choice(account.numbers), self.random.choice(_CALLERS))
        elif kind == "between":
            caller, callee = self.random.sample(account.phones, 2)
            call = caller.call(callee.username)
        else:
            call = self.random.choice(account.phones).call(stranger)
        call.later(self.random.uniform(10.0, 75.0), call.hang_up)
        self.calls_made += 1
        return call
