"""Phones and a carrier around a switch, the same words for both kinds: real SIP around FreeSWITCH, the lab's around the
lab switch.

A `Phone` has registered and does what it was told to when it rings; a `CarrierCall` is a call from outside as the
carrier sees it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal, Protocol

from apps.switching.esl.client import EslClient
from tests.telephony.sip_phone import Behaviour, SipCall, SipPhone
from tests.telephony.sipp import Sipp
from tests.telephony.stack import Stack, until

#: How many 20 ms packets of the right audio are enough to call it heard: half a second.
HEARD = 25
CARRIER_MARK, PHONE_MARK = 0x2A, 0x35


class Phone(Protocol):
    async def behave(self, behaviour: Behaviour) -> None: ...
    async def rang(self) -> int:
        """How often it was called so far."""


class CarrierCall(Protocol):
    async def rings(self) -> None: ...
    async def answered(self) -> None: ...
    async def ended(self) -> int:
        """Wait for the end; gives the final SIP status of the INVITE."""

    async def audio_both_ways(self) -> None:
        """Wait until either end has heard the other. Nothing to wait for where there is no audio."""

    async def hang_up(self) -> None: ...


class World(Protocol):
    async def register(self, username: str, realm: str, password: str, *, real: bool = False) -> Phone: ...
    async def carrier_call(self, caller: str, number: str) -> CarrierCall: ...
    async def close(self) -> None: ...


class SippPhone:
    """A phone that is sipp: it echoes what it hears, so that a caller who hears himself was heard."""

    def __init__(self, sipp: Sipp, server: tuple[str, int]) -> None:
        self._sipp, self._server = sipp, server

    async def behave(self, behaviour: Behaviour) -> None:
        await self._sipp.stop()
        await self._sipp.start(behaviour, self._server)

    async def rang(self) -> int:
        return self._sipp.calls()


class OwnPhone:
    """A phone that is our own SIP user agent."""

    def __init__(self, phone: SipPhone) -> None:
        self.phone = phone

    async def behave(self, behaviour: Behaviour) -> None:
        self.phone.behaviour = behaviour

    async def rang(self) -> int:
        return len(self.phone.rang)


class SipCarrierCall:
    def __init__(self, call: SipCall, phones: list[OwnPhone]) -> None:
        self.call, self._phones = call, phones

    async def rings(self) -> None:
        await self.call.until(self.call.rung)

    async def answered(self) -> None:
        await self.call.until(self.call.answered)

    async def ended(self) -> int:
        await self.call.until(self.call.ended, 40)
        return self.call.status

    async def audio_both_ways(self) -> None:
        def both() -> bool:
            heard = self.call.audio.heard
            echoed = heard[CARRIER_MARK] >= HEARD  # sipp's echo: it went there and came back
            talked = any(call.audio.heard[CARRIER_MARK] >= HEARD for phone in self._phones for call in phone.phone.rang)
            return echoed or (talked and heard[PHONE_MARK] >= HEARD)

        await until(both, "audio passes both ways", 10)

    async def hang_up(self) -> None:
        self.call.hang_up()


class SipWorld:
    """Real SIP and RTP on loopback: sipp and our own user agents."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._sipps: list[Sipp] = []
        self._phones: list[OwnPhone] = []
        self._carriers: list[SipPhone] = []

    async def register(self, username: str, realm: str, password: str, *, real: bool = False) -> Phone:
        """`real`: a phone that is sipp."""
        if real:
            sipp = Sipp()
            self._sipps.append(sipp)
            await sipp.register(self.stack.internal, username, realm, password)
            return SippPhone(sipp, self.stack.internal)
        phone = await SipPhone(username, realm, password, mark=PHONE_MARK).open(self.stack.internal)
        self._phones.append(OwnPhone(phone))
        assert await phone.register() == 200
        return self._phones[-1]

    async def carrier_call(self, caller: str, number: str) -> CarrierCall:
        carrier = await SipPhone(mark=CARRIER_MARK).open(self.stack.external)
        self._carriers.append(carrier)
        host, port = self.stack.external
        return SipCarrierCall(await carrier.call(number, f"{host}:{port}", caller, "Pat"), self._phones)

    async def close(self) -> None:
        for phone in [*self._carriers, *(one.phone for one in self._phones)]:
            phone.close()
        for sipp in self._sipps:
            await sipp.close()


class LabSide:
    """The lab's world, reached through `api lab` on the node's event socket."""

    def __init__(self, client: EslClient) -> None:
        self.client = client

    async def do(self, action: str, **request: Any) -> dict[str, Any]:
        answer = await self.client.api("lab", json.dumps({"do": action, **request}))
        done: dict[str, Any] = json.loads(answer.text)
        assert done["ok"], done
        return done


class RemoteLabPhone:
    def __init__(self, lab: LabSide, username: str, realm: str) -> None:
        self._lab, self._name = lab, {"username": username, "realm": realm}

    async def behave(self, behaviour: Behaviour) -> None:
        kinds: dict[Behaviour, dict[str, Any]] = {
            "answer": {"kind": "answer", "after": 0.5},
            "ring": {"kind": "ring"},
            "busy": {"kind": "busy"},
        }
        await self._lab.do("behave", **self._name, behaviour=kinds[behaviour])

    async def rang(self) -> int:
        phones = (await self._lab.do("state"))["phones"]
        return sum(len(phone["rang"]) for phone in phones if phone.items() >= self._name.items())


class LabCarrierCall:
    def __init__(self, lab: LabSide, place: int) -> None:
        self._lab, self._place = lab, place

    async def _seen(self) -> dict[str, Any]:
        placed = [call for call in (await self._lab.do("state"))["placed"] if call["by"] == "carrier"]
        seen: dict[str, Any] = placed[self._place]
        return seen

    async def _until(self, key: Literal["ringing", "answered", "ended"], seconds: float = 15) -> dict[str, Any]:
        async def reached() -> dict[str, Any] | None:
            seen = await self._seen()
            return seen if seen[key] else None

        found: dict[str, Any] = await until(reached, f"the carrier's call is {key}", seconds)
        return found

    async def rings(self) -> None:
        await self._until("ringing")

    async def answered(self) -> None:
        await self._until("answered")

    async def ended(self) -> int:
        return int((await self._until("ended", 40))["status"])

    async def audio_both_ways(self) -> None:
        """The lab has no audio; that both channels are bridged to one another is what it can say."""

        async def bridged() -> bool:
            channels = (await self._lab.do("state"))["channels"]
            return sum(bool(channel["bridged_to"]) for channel in channels) == 2

        await until(bridged, "the two are bridged", 10)
        await asyncio.sleep(1)  # as long as it takes to hear something

    async def hang_up(self) -> None:
        await self._lab.do("hang_up", uuid=(await self._seen())["uuid"])


class LabWorld:
    def __init__(self, lab: LabSide) -> None:
        self._lab, self._placed = lab, 0

    async def register(self, username: str, realm: str, password: str, *, real: bool = False) -> Phone:
        done = await self._lab.do("register", username=username, realm=realm, password=password)
        assert done["status"] == 200, done
        return RemoteLabPhone(self._lab, username, realm)

    async def carrier_call(self, caller: str, number: str) -> CarrierCall:
        await self._lab.do("carrier_call", **{"from": caller, "to": number, "name": "Pat"})
        self._placed += 1
        return LabCarrierCall(self._lab, self._placed - 1)

    async def close(self) -> None:
        await self._lab.client.close()


async def world_around(stack: Stack) -> World:
    return SipWorld(stack) if stack.kind == "freeswitch" else LabWorld(LabSide(await stack.esl()))
