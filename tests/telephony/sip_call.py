"""One dialog of a test phone: answering, holding, keys, transfers (RFC 3261, 3515, 3891, 3892)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from tests.telephony.rtp import Audio
from tests.telephony.sip_messages import Message, media_address, session_description

if TYPE_CHECKING:
    from tests.telephony.sip_phone import SipPhone

KeyWay = Literal["rfc2833", "info"]
Direction = Literal["sendrecv", "sendonly", "inactive"]
_REASONS = {403: "Forbidden", 404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Unavailable"}


class SipCall:
    """`status` is the final SIP status of its INVITE (487 where it was cancelled), `reason` its words.

    `invite` is the INVITE, sent or received; `reply` the last answer to one that was sent.
    """

    def __init__(self, phone: SipPhone, call_id: str, *, outgoing: bool) -> None:
        self.phone, self.call_id, self.outgoing = phone, call_id, outgoing
        self.local = self.remote = self.target = ""
        self.source: tuple[str, int] = phone.server
        self.invite: Message | None = None
        self.reply: Message | None = None
        self.branch = ""
        self.sequence = 1
        self.status = 0
        self.reason = ""
        self.provisional: list[int] = []
        self.direction: Direction = "sendrecv"
        self.authenticated = False
        self.audio = Audio(phone.mark)
        self.info_keys = ""
        self.progress: list[int] = []
        self.bye: Message | None = None
        self.answered, self.ended, self.rung = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def finish(self) -> None:
        self.audio.close()
        self.ended.set()

    @property
    def keys(self) -> str:
        """Keys the far end pressed, by either way."""
        return self.audio.keys + self.info_keys

    async def until(self, event: asyncio.Event, seconds: float = 15.0) -> SipCall:
        """Raises TimeoutError."""
        await asyncio.wait_for(event.wait(), seconds)
        return self

    async def answer(self) -> None:
        await self.phone.answer(self)

    async def early_media(self) -> None:
        """183 with our audio address, before the answer."""
        await self.phone.progress(self)

    def reject(self, status: int = 603, reason: str = "") -> None:
        self.phone.refuse(self, status, reason or _REASONS.get(status, "Decline"))

    def redirect(self, target: str) -> None:
        """302 to a SIP URI (RFC 3261 §21.3.3)."""
        self.phone.refuse(self, 302, "Moved Temporarily", ("contact", f"<{target}>"))

    def hang_up(self) -> None:
        """BYE an answered call, CANCEL one this side placed, refuse one that rings here."""
        if self.ended.is_set():
            return
        if self.answered.is_set():
            self.phone.send_in_dialog(self, "BYE")
            self.finish()
        elif self.outgoing:
            self.phone.cancel(self)
        elif self.invite is not None:
            self.reject(603)

    async def offer(self, direction: Direction) -> None:
        """Re-INVITE: `sendonly` holds, `sendrecv` takes it back (RFC 3264 §8.4). Raises AssertionError if refused."""
        self.direction = direction
        body = session_description(self.phone.address, self.audio.port).replace("sendrecv", direction)
        reply = await self.phone.ask_in_dialog(self, "INVITE", ("content-type", "application/sdp"), body=body)
        assert reply.status == 200, reply.start

    async def hold(self) -> None:
        await self.offer("sendonly")

    async def resume(self) -> None:
        await self.offer("sendrecv")

    async def press(self, keys: str, way: KeyWay = "rfc2833") -> None:
        """Press keys; returns when they have been sent. Raises AssertionError where an INFO is refused."""
        if way == "rfc2833":
            self.audio.press(keys)
            await asyncio.sleep(0.3 * len(keys))
            return
        for key in keys:
            body = f"Signal={key}\r\nDuration=160\r\n"
            reply = await self.phone.ask_in_dialog(self, "INFO", ("content-type", "application/dtmf-relay"), body=body)
            assert reply.status == 200, reply.start

    async def refer(self, target: str, replacing: SipCall | None = None) -> int:
        """Ask the far end to call `target` (a number or a SIP URI): a blind transfer, or, with the call it is to
        replace, an attended one. Gives the status of the answer; `progress` collects how it went on."""
        uri = target if target.startswith("sip:") else f"sip:{target}@{self.phone.realm or self.phone.server[0]}"
        if replacing is not None:
            uri = f"{replacing.target.partition(';')[0]}?Replaces={quote(replacing.replaces, safe='')}"
        headers = ("refer-to", f"<{uri}>"), ("referred-by", f"<sip:{self.phone.username}@{self.phone.realm}>")
        return (await self.phone.ask_in_dialog(self, "REFER", *headers)).status

    @property
    def replaces(self) -> str:
        """This dialog as the switch would be told to replace it: its own tag is the `to-tag` (RFC 3891 §3)."""
        return f"{self.call_id};to-tag={_tag(self.remote)};from-tag={_tag(self.local)}"

    def told(self, request: Message) -> None:
        """An INFO or NOTIFY within the dialog."""
        if request.method == "INFO" and (key := re.search(r"Signal\s*=\s*(\S)", request.body)):
            self.info_keys += key[1]
        if request.method == "NOTIFY" and (status := re.match(r"SIP/2.0 (\d{3})", request.body)):
            self.progress.append(int(status[1]))

    def hear(self, description: str) -> None:
        """Talk to where a session description says."""
        if description.strip():
            self.audio.talk_to(media_address(description))


def _tag(header: str) -> str:
    return header.partition(";tag=")[2].partition(";")[0]
