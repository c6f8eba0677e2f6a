"""Parties around the lab switch, moved through `api lab` on its event socket (apps.switching.lab.remote).

There is no audio. What is heard is answered by signalling: a line hears another where both their channels are bridged
(to each other, or each to a loopback leg); it hears a tone or a sound where it is up.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.parties import HEARD_SECONDS, Behaviour, Carrier, Invited, Line, Party, Phone, spelled
from tests.telephony.sip_call import KeyWay
from tests.telephony.stack import until
from tests.telephony.worlds import LabSide

_BEHAVIOURS: dict[Behaviour, dict[str, Any]] = {
    "answer": {"kind": "answer", "after": 0.3},
    "ring": {"kind": "ring"},
    "busy": {"kind": "busy"},
}
Seen = dict[str, Any]


class LabLine(Line):
    def __init__(self, lab: LabSide, identity: int, invited: Invited) -> None:
        self._lab, self._id, self.invited = lab, identity, invited
        self.tone = 0
        self._last: Seen = {"uuid": "", "ringing": False, "answered": False, "ended": False, "status": 0, "digits": ""}

    async def _seen(self) -> Seen:
        state = await self._lab.do("state")
        invites = [one for phone in state["phones"] for one in phone["rang"]]
        for one in [*state["placed"], *state["carrier"], *invites]:
            if one["id"] == self._id:
                self._last = one
        return self._last

    async def _uuid(self) -> str:
        return str((await self._seen())["uuid"])

    async def is_ringing(self) -> bool:
        seen = await self._seen()
        return bool(seen["ringing"]) and not seen["ended"]

    async def is_answered(self) -> bool:
        seen = await self._seen()
        return bool(seen["answered"]) and not seen["ended"]

    async def is_ended(self) -> bool:
        return bool((await self._seen())["ended"])

    async def status(self) -> int:
        return int((await self._seen())["status"])

    async def speak_early(self) -> None:
        await self._lab.do("early", uuid=await self._uuid())

    async def answer(self) -> None:
        await self._lab.do("answer", uuid=await self._uuid())

    async def reject(self, status: int = 603) -> None:
        await self._lab.do("reject", uuid=await self._uuid(), status=status)

    async def hang_up(self) -> None:
        if not await self.is_ended():
            await self._lab.do("hang_up", uuid=await self._uuid())

    async def hold(self) -> None:
        await self._lab.do("hold", uuid=await self._uuid(), on=True)

    async def resume(self) -> None:
        await self._lab.do("hold", uuid=await self._uuid(), on=False)

    async def press(self, keys: str, way: KeyWay = "rfc2833") -> None:
        await self._lab.do("dtmf", uuid=await self._uuid(), digits=keys)

    async def keys(self) -> str:
        return str((await self._seen())["digits"])

    async def transfer(self, number: str) -> None:
        await self._lab.do("refer", uuid=await self._uuid(), number=number)

    async def transfer_to(self, other: Line) -> None:
        assert isinstance(other, LabLine)
        await self._lab.do("refer", uuid=await self._uuid(), other=await other._uuid())

    async def hears(self, other: Line, seconds: float = 8.0) -> None:
        assert isinstance(other, LabLine)

        async def bridged() -> bool:
            mine, theirs = await self._uuid(), await other._uuid()
            channels = {one["uuid"]: one for one in (await self._lab.do("state"))["channels"]}
            if mine not in channels or theirs not in channels:
                return False
            partners = [channels.get(channels[one]["bridged_to"] or "") for one in (mine, theirs)]
            direct = partners[0] is not None and partners[0]["uuid"] == theirs
            around = all(one is not None and one["name"].startswith("loopback/") for one in partners)
            return direct or around

        await until(bridged, "the two are bridged", seconds)

    async def hears_tone(self, frequency: int, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        await self.hears_sound(seconds)

    async def hears_sound(self, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        async def is_up() -> bool:
            mine = await self._uuid()
            channels = {one["uuid"]: one for one in (await self._lab.do("state"))["channels"]}
            return mine in channels and channels[mine]["answer_state"] in ("early", "answered")

        await until(is_up, "the call is up", seconds)


class LabParty(Party):
    _lab: LabSide

    async def got(self) -> list[Line]:
        return [
            LabLine(
                self._lab,
                one["id"],
                Invited(
                    one["number"],
                    one["caller_id_name"],
                    one["caller_id_number"],
                    {name.lower(): text for name, text in one["headers"].items()},
                ),
            )
            for one in await self._invites()
        ]

    async def _invites(self) -> list[Seen]:
        raise NotImplementedError


class LabPartyPhone(LabParty, Phone):
    def __init__(self, lab: LabSide, username: str, realm: str, password: str) -> None:
        self._lab, self.username, self.realm, self.password = lab, username, realm, password
        self._behaviour: Behaviour = "ring"

    @property
    def _name(self) -> dict[str, str]:
        return {"username": self.username, "realm": self.realm}

    async def register(self) -> int:
        request = {**self._name, "password": self.password, "behaviour": _BEHAVIOURS[self._behaviour]}
        return int((await self._lab.do("register", **request))["status"])

    async def unregister(self) -> int:
        return int((await self._lab.do("unregister", **self._name))["status"])

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self._lab.do("behave", **self._name, behaviour=_BEHAVIOURS[behaviour])

    async def dial(self, number: str, **headers: str) -> Line:
        done = await self._lab.do("call", **self._name, number=number, headers=spelled(headers))
        return LabLine(self._lab, done["id"], Invited(number))

    async def _invites(self) -> list[Seen]:
        phones = (await self._lab.do("state"))["phones"]
        return [one for phone in phones if phone.items() >= self._name.items() for one in phone["rang"]]


class LabPartyCarrier(LabParty, Carrier):
    host, port = "127.0.0.1", 5090

    def __init__(self, lab: LabSide) -> None:
        self._lab = lab

    async def open(self) -> LabPartyCarrier:
        """What it got before, in another test, is not ours."""
        await self.behave("ring")
        self._before = {one["id"] for one in (await self._lab.do("state"))["carrier"]}
        return self

    async def behave(self, behaviour: Behaviour) -> None:
        await self._lab.do("carrier", behaviour=_BEHAVIOURS[behaviour])

    async def dial(self, number: str, caller: str = "+12125550177", name: str = "Pat", **headers: str) -> Line:
        request = {"from": caller, "to": number, "name": name, "headers": spelled(headers)}
        done = await self._lab.do("carrier_call", **request)
        return LabLine(self._lab, done["id"], Invited(number))

    async def _invites(self) -> list[Seen]:
        return [one for one in (await self._lab.do("state"))["carrier"] if one["id"] not in self._before]


def sip_only(what: str) -> None:
    """Skip, loudly, what only the real switch can do."""
    pytest.skip(f"the lab switch has no {what}")
