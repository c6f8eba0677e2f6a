"""Who takes part in a scenario: phones, the carrier, and the calls they have, each as its own side sees it.

A `Line` is one call of one party. A `Phone` has a device's credentials; the `Carrier` is everybody outside. What they
are made of is in `sip_parties` (real SIP and RTP, for the real switch) and `lab_parties` (for the lab switch).
"""

from __future__ import annotations

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.telephony.sip_call import KeyWay
from tests.telephony.stack import until

Behaviour = Literal["ring", "answer", "busy"]
#: How much of a tone, in seconds, is taken for heard.
HEARD_SECONDS = 0.4


@dataclass(frozen=True)
class Invited:
    """What an INVITE said: the user part of its request URI, who is shown as calling, and its headers (small letters;
    on the lab switch those the product sets itself, and no others)."""

    number: str = ""
    caller_name: str = ""
    caller_number: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def answers_itself(self) -> bool:
        """Whether the phone is asked to answer by itself."""
        told = f"{self.headers.get('call-info', '')} {self.headers.get('alert-info', '')}".lower()
        return "answer-after=0" in told or "auto" in told or "intercom=true" in told


class Line(ABC):
    """One call of a phone or of the carrier. Every waiting method raises AssertionError when it takes too long."""

    invited: Invited
    #: What this side says all the time, in hertz.
    tone: int

    @property
    def number(self) -> str:
        return self.invited.number

    @property
    def caller_name(self) -> str:
        return self.invited.caller_name

    @property
    def caller_number(self) -> str:
        return self.invited.caller_number

    @property
    def headers(self) -> Mapping[str, str]:
        return self.invited.headers

    @abstractmethod
    async def is_ringing(self) -> bool: ...
    @abstractmethod
    async def is_answered(self) -> bool:
        """Answered, and not over."""

    @abstractmethod
    async def is_ended(self) -> bool: ...
    @abstractmethod
    async def status(self) -> int:
        """The final SIP status of the INVITE; 0 where there is none yet."""

    @abstractmethod
    async def speak_early(self) -> None:
        """183: heard before the answer."""

    @abstractmethod
    async def answer(self) -> None: ...
    @abstractmethod
    async def reject(self, status: int = 603) -> None: ...
    @abstractmethod
    async def hang_up(self) -> None:
        """BYE, CANCEL, or 603 where it rings here."""

    @abstractmethod
    async def hold(self) -> None: ...
    @abstractmethod
    async def resume(self) -> None: ...
    @abstractmethod
    async def press(self, keys: str, way: KeyWay = "rfc2833") -> None: ...
    @abstractmethod
    async def keys(self) -> str:
        """Keys that arrived from the other end."""

    async def gets_keys(self, wanted: str, seconds: float = 5.0) -> None:
        """Wait until exactly these keys have arrived from the other end."""
        last = ""
        ends = time.monotonic() + seconds
        while (last := await self.keys()) != wanted:
            assert time.monotonic() < ends, f"the keys {last!r} arrived, not {wanted!r}"
            await asyncio.sleep(0.05)

    @abstractmethod
    async def transfer(self, number: str) -> None:
        """Blind: REFER the other end to a number."""

    @abstractmethod
    async def transfer_to(self, other: Line) -> None:
        """Attended: REFER the other end to whom `other`, another call of this phone, talks to (with Replaces)."""

    @abstractmethod
    async def hears(self, other: Line, seconds: float = 8.0) -> None:
        """Wait until the other line's tone is heard here."""

    @abstractmethod
    async def hears_tone(self, frequency: int, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        """Wait until this frequency was heard for so long."""

    @abstractmethod
    async def hears_sound(self, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        """Wait until anything but silence was heard."""

    async def rings(self, seconds: float = 10.0) -> Line:
        await until(self._rings_or_further, "the other end rings", seconds)
        assert not await self.is_ended(), f"refused with {await self.status()}"
        return self

    async def answered(self, seconds: float = 15.0) -> Line:
        await until(self._answered_or_over, "the call is answered", seconds)
        assert await self.is_answered(), f"not answered: {await self.status()}"
        return self

    async def ended(self, seconds: float = 20.0) -> int:
        """Wait for its end; gives the final SIP status of the INVITE (200 where it was answered)."""
        await until(self.is_ended, "the call is over", seconds)
        return await self.status()

    async def _rings_or_further(self) -> bool:
        return await self.is_ringing() or await self._answered_or_over()

    async def _answered_or_over(self) -> bool:
        return await self.is_answered() or await self.is_ended()


class Party(ABC):
    """A phone or the carrier: places calls, and is called."""

    #: How many of the calls it got a test has taken with `rings`.
    taken: int = 0

    @abstractmethod
    async def got(self) -> list[Line]:
        """Every call it got, the first one first."""

    @abstractmethod
    async def behave(self, behaviour: Behaviour) -> None:
        """What it does by itself with calls from now on: `ring` (the default) leaves all to the test, `answer` answers
        after a moment, `busy` refuses with 486."""

    async def rings(self, seconds: float = 10.0) -> Line:
        """The next call it gets that was not taken before."""

        async def come() -> bool:
            return len(await self.got()) > self.taken

        await until(come, f"{self} is called", seconds)
        self.taken += 1
        return (await self.got())[self.taken - 1]

    async def stays_silent(self, seconds: float = 1.5) -> None:
        """Nobody calls it for so long."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            assert len(await self.got()) == self.taken, f"{self} was called"
            await asyncio.sleep(0.1)


class Phone(Party):
    """`device_id` and `owner_id` are its device and user in the API; `registered` whether it says it is."""

    username: str
    realm: str
    password: str
    device_id: str = ""
    owner_id: str = ""

    def __str__(self) -> str:
        return f"{self.username}@{self.realm}"

    @abstractmethod
    async def register(self) -> int:
        """REGISTER with digest; gives the final SIP status."""

    @abstractmethod
    async def unregister(self) -> int: ...
    @abstractmethod
    async def dial(self, number: str, **headers: str) -> Line:
        """Call a number. A header `x_account` is sent as `x-account`."""


class Carrier(Party):
    """Everybody outside: numbers that are called, and those who call. One place with one address (`host`, `port`)."""

    host: str
    port: int

    def __str__(self) -> str:
        return "the carrier"

    @abstractmethod
    async def dial(self, number: str, caller: str = "+12125550177", name: str = "Pat", **headers: str) -> Line:
        """Send a call to a number of ours."""


def spelled(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names as keyword arguments have them: `remote_party_id` is `remote-party-id`."""
    return {re.sub("_", "-", name): text for name, text in headers.items()}


async def talk(one: Line, other: Line) -> None:
    """Both are answered and hear each other."""
    await one.answered()
    await other.answered()
    await one.hears(other)
    await other.hears(one)
