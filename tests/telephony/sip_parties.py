"""Parties around the real switch: our own SIP user agents, with audio."""

from __future__ import annotations

import itertools
import re

from tests.telephony.parties import HEARD_SECONDS, Behaviour, Carrier, Invited, Line, Party, Phone, spelled
from tests.telephony.sip_call import KeyWay, SipCall
from tests.telephony.sip_carrier import SipCarrier
from tests.telephony.sip_messages import Message
from tests.telephony.sip_phone import SipPhone
from tests.telephony.stack import until
from tests.telephony.tones import SILENCE

_TONES = itertools.cycle(range(400, 3000, 70))
_FROM = re.compile(r'^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<sips?:(?:([^@;>]*)@)?')


class SipLine(Line):
    """`call` is the dialog itself, for what only SIP can ask: headers, statuses, RTP."""

    def __init__(self, call: SipCall, invited: Invited) -> None:
        self.call, self.invited = call, invited
        self.tone = call.audio.frequency = next(_TONES)

    async def is_ringing(self) -> bool:
        return self.call.rung.is_set() and not self.call.ended.is_set()

    async def is_answered(self) -> bool:
        return self.call.answered.is_set() and not self.call.ended.is_set()

    async def is_ended(self) -> bool:
        return self.call.ended.is_set()

    async def status(self) -> int:
        return self.call.status

    async def speak_early(self) -> None:
        await self.call.early_media()

    async def answer(self) -> None:
        await self.call.answer()

    async def reject(self, status: int = 603) -> None:
        self.call.reject(status)

    async def hang_up(self) -> None:
        self.call.hang_up()

    async def hold(self) -> None:
        await self.call.hold()

    async def resume(self) -> None:
        await self.call.resume()

    async def press(self, keys: str, way: KeyWay = "rfc2833") -> None:
        await self.call.press(keys, way)

    async def keys(self) -> str:
        return self.call.keys

    async def transfer(self, number: str) -> None:
        assert await self.call.refer(number) == 202

    async def transfer_to(self, other: Line) -> None:
        assert isinstance(other, SipLine)
        assert await self.call.refer("", other.call) == 202

    async def hears(self, other: Line, seconds: float = 8.0) -> None:
        await self.hears_tone(other.tone, seconds)

    async def hears_tone(self, frequency: int, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        audio, since = self.call.audio, self.call.audio.mark_place()
        await until(lambda: audio.seconds_of(frequency, since) >= lasting, f"{frequency} Hz is heard", seconds)

    async def hears_sound(self, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
        audio, since = self.call.audio, self.call.audio.mark_place()
        await until(lambda: audio.seconds_of_sound(since) >= lasting, "a sound is heard", seconds)


class SipParty(Party):
    agent: SipPhone
    _lines: dict[str, SipLine]

    async def got(self) -> list[Line]:
        return [self._line(call) for call in self.agent.rang]

    def _line(self, call: SipCall) -> SipLine:
        if call.call_id not in self._lines:
            assert call.invite is not None
            self._lines[call.call_id] = SipLine(call, read_invite(call.invite))
        return self._lines[call.call_id]

    async def behave(self, behaviour: Behaviour) -> None:
        self.agent.behaviour = behaviour


class SipPartyPhone(SipParty, Phone):
    def __init__(self, username: str, realm: str, password: str, server: tuple[str, int]) -> None:
        self.username, self.realm, self.password, self._server = username, realm, password, server
        self.agent = SipPhone(username, realm, password, mark=SILENCE)
        self.agent.behaviour = "ring"
        self._lines = {}

    async def open(self) -> SipPartyPhone:
        await self.agent.open(self._server)
        return self

    async def register(self) -> int:
        self.agent.username, self.agent.password, self.agent.realm = self.username, self.password, self.realm
        return await self.agent.register()

    async def unregister(self) -> int:
        return await self.agent.register(0)

    async def dial(self, number: str, **headers: str) -> Line:
        extra = spelled(headers).items()
        return SipLine(await self.agent.call(number, self.realm, self.username, "", *extra), Invited(number))


class SipPartyCarrier(SipParty, Carrier):
    """`agent` is a `SipCarrier`: gateways can register with it (`agent.accounts`)."""

    agent: SipCarrier

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self.agent = SipCarrier(mark=SILENCE)
        self.agent.behaviour = "ring"
        self._lines = {}

    async def open(self, port: int) -> SipPartyCarrier:
        await self.agent.open(self._server, port=port)
        self.host, self.port = self.agent.address, self.agent.port
        return self

    async def dial(self, number: str, caller: str = "+12125550177", name: str = "Pat", **headers: str) -> Line:
        host, port = self._server
        extra = spelled(headers)
        target = extra.pop("target", "")
        call = await self.agent.call(number, f"{host}:{port}", caller, name, *extra.items(), target=target)
        return SipLine(call, Invited(number))


def read_invite(invite: Message) -> Invited:
    """Who calls is what From shows."""
    found = _FROM.match(invite.header("from"))
    name = (found[1] or found[2] or "") if found else ""
    return Invited(
        number=invite.uri.partition(":")[2].partition("@")[0] if "@" in invite.uri else "",
        caller_name=name.replace('\\"', '"'),
        caller_number=(found[3] or "") if found else "",
        headers=dict(reversed(invite.headers)),
    )
