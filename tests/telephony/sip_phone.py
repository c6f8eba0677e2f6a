"""A SIP user agent for tests: registers with digest, calls and is called, with real RTP both ways (RFC 3261, UDP).

A `SipPhone` is one UDP port; a `SipCall` one dialog. What a phone does when it rings is its `behaviour`: `answer`,
`ring` (until cancelled) or `busy`. A carrier is a phone that never registers.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal

from tests.telephony.rtp import Audio
from tests.telephony.sip_messages import (
    Message,
    digest_answer,
    media_address,
    parse,
    response_to,
    session_description,
    uri_in,
)

Behaviour = Literal["answer", "ring", "busy"]
_RETRANSMIT_SECONDS = 0.5
_USER_AGENT = "kazoo-test-phone"


class SipCall:
    """One dialog. `status` is the final SIP status of its INVITE (487 where it was cancelled)."""

    def __init__(self, phone: SipPhone, call_id: str, *, outgoing: bool) -> None:
        self.phone, self.call_id, self.outgoing = phone, call_id, outgoing
        self.local = self.remote = self.target = ""
        self.invite: Message | None = None
        self.branch = ""
        self.sequence = 1
        self.status = 0
        self.provisional: list[int] = []
        self.authenticated = False
        self.audio = Audio(phone.mark)
        self.answered, self.ended, self.rung = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def finish(self) -> None:
        self.audio.close()
        self.ended.set()

    def hang_up(self) -> None:
        """BYE an answered call, CANCEL one this side placed, refuse one that rings here."""
        if self.answered.is_set():
            self.sequence += 1
            self.phone.send_in_dialog(self, "BYE")
            self.finish()
        elif self.outgoing:
            self.phone.cancel(self)
        elif self.invite is not None:
            self.phone.refuse(self, 603, "Decline")

    async def until(self, event: asyncio.Event, seconds: float = 15.0) -> SipCall:
        """Raises TimeoutError."""
        await asyncio.wait_for(event.wait(), seconds)
        return self


class SipPhone(asyncio.DatagramProtocol):
    def __init__(self, username: str = "", realm: str = "", password: str = "", mark: int = 0x2A) -> None:
        self.username, self.realm, self.password, self.mark = username, realm, password, mark
        self.behaviour: Behaviour = "answer"
        self.server: tuple[str, int] = ("127.0.0.1", 5060)
        self.address, self.port = "127.0.0.1", 0
        self.calls: dict[str, SipCall] = {}
        self.rang: list[SipCall] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, server: tuple[str, int], address: str = "127.0.0.1") -> SipPhone:
        """Bind a port at `address`; `server` is the switch's SIP profile."""
        self.server, self.address = server, address
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(address, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        for call in self.calls.values():
            call.finish()
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    @property
    def contact(self) -> str:
        return f"sip:{self.username or 'carrier'}@{self.address}:{self.port}"

    # Registering

    async def register(self, expires: int = 300, seconds: float = 10.0) -> int:
        """REGISTER, answering a challenge; gives the final status."""
        call_id, tag, authorisation = secrets.token_hex(12), secrets.token_hex(4), ""
        uri = f"sip:{self.realm}"
        for sequence in (1, 2):
            identity = f"<sip:{self.username}@{self.realm}>"
            request = self._request("REGISTER", uri, call_id, sequence, f"{identity};tag={tag}", identity)
            request.headers += [("contact", f"<{self.contact}>"), ("expires", str(expires))]
            if authorisation:
                request.headers.append(("authorization", authorisation))
            reply = await self._ask(request, seconds)
            if reply.status not in (401, 407) or authorisation:
                return reply.status
            authorisation = self._authorise(reply, "REGISTER", uri)[1]
        raise AssertionError("unreachable")

    async def _ask(self, request: Message, seconds: float) -> Message:
        branch = request.header("via").partition("branch=")[2]
        future = self._replies[branch] = asyncio.get_running_loop().create_future()
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            self._send(request)
            done, _ = await asyncio.wait({future}, timeout=_RETRANSMIT_SECONDS)
            if done:
                return future.result()
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"no final answer to {request.start}")

    def _authorise(self, reply: Message, method: str, uri: str) -> tuple[str, str]:
        name = "authorization" if reply.status == 401 else "proxy-authorization"
        challenge = reply.header("www-authenticate" if reply.status == 401 else "proxy-authenticate")
        return name, digest_answer(challenge, method, uri, self.username, self.password)

    # Calling

    async def call(self, number: str, domain: str, caller: str, name: str = "") -> SipCall:
        """INVITE `number`; `caller` is the user part of From. Returns at once: wait for the call's events."""
        call = SipCall(self, secrets.token_hex(12), outgoing=True)
        self.calls[call.call_id] = call
        await call.audio.open(self.address)
        call.target = f"sip:{number}@{domain}"
        display = f'"{name}" ' if name else ""
        call.local, call.remote = f"{display}<sip:{caller}@{domain}>;tag={secrets.token_hex(4)}", f"<{call.target}>"
        self._invite(call)
        self._spawn(self._retransmit(call))
        return call

    def _invite(self, call: SipCall, *authorisation: tuple[str, str]) -> None:
        call.invite = self._request("INVITE", call.target, call.call_id, call.sequence, call.local, call.remote)
        call.branch = call.invite.header("via").partition("branch=")[2]
        call.invite.headers += [("contact", f"<{self.contact}>"), ("content-type", "application/sdp"), *authorisation]
        call.invite.body = session_description(self.address, call.audio.port)
        self._send(call.invite)

    async def _retransmit(self, call: SipCall) -> None:
        while True:
            await asyncio.sleep(_RETRANSMIT_SECONDS)
            if call.provisional or call.status or call.invite is None:
                return
            self._send(call.invite)

    def cancel(self, call: SipCall) -> None:
        assert call.invite is not None
        kept = [(n, v) for n, v in call.invite.headers if n in ("via", "from", "to", "call-id", "max-forwards")]
        self._send(Message(f"CANCEL {call.invite.uri} SIP/2.0", [*kept, ("cseq", f"{call.sequence} CANCEL")]))

    def send_in_dialog(self, call: SipCall, method: str) -> None:
        self._send(self._request(method, call.target, call.call_id, call.sequence, call.local, call.remote))

    def _invite_answered(self, call: SipCall, reply: Message) -> None:
        if reply.status < 200:
            call.provisional.append(reply.status)
            if reply.status in (180, 183):
                call.rung.set()
            return
        if reply.status < 300:
            call.remote, call.target = reply.header("to"), uri_in(reply.header("contact"))
            self.send_in_dialog(call, "ACK")
            if not call.answered.is_set():
                call.status = reply.status
                call.audio.talk_to(media_address(reply.body))
                call.answered.set()
            return
        assert call.invite is not None
        acknowledgement = self._request(
            "ACK", call.invite.uri, call.call_id, call.sequence, call.local, reply.header("to")
        )
        acknowledgement.headers[0] = call.invite.headers[0]
        self._send(acknowledgement)
        if reply.status in (401, 407) and self.password and not call.authenticated:
            call.authenticated = True
            call.sequence += 1
            self._invite(call, self._authorise(reply, "INVITE", call.target))
        elif not call.ended.is_set():
            call.status = reply.status
            call.finish()

    # Being called

    async def _ring(self, request: Message) -> None:
        call = SipCall(self, request.header("call-id"), outgoing=False)
        self.calls[call.call_id] = call
        call.invite, call.remote, call.target = request, request.header("from"), uri_in(request.header("contact"))
        tag = secrets.token_hex(4)
        call.local = f"{request.header('to')};tag={tag}"
        self.rang.append(call)
        self._send(response_to(request, 100, "Trying", tag))
        if self.behaviour == "busy":
            self.refuse(call, 486, "Busy Here")
            return
        self._send(self._response(call, 180, "Ringing"))
        call.rung.set()
        if self.behaviour == "answer":
            await asyncio.sleep(0.3)
            await self.answer(call)

    async def answer(self, call: SipCall) -> None:
        """200 with our audio address; does nothing where the caller has gone."""
        if call.invite is None or call.ended.is_set():
            return
        await call.audio.open(self.address)
        body = session_description(self.address, call.audio.port)
        self._send(self._response(call, 200, "OK", body))
        call.status = 200
        call.audio.talk_to(media_address(call.invite.body))
        call.answered.set()

    def refuse(self, call: SipCall, status: int, reason: str) -> None:
        self._send(self._response(call, status, reason))
        call.status = status
        call.finish()

    def _response(self, call: SipCall, status: int, reason: str, body: str = "") -> Message:
        assert call.invite is not None
        tag = call.local.partition(";tag=")[2]
        return response_to(call.invite, status, reason, tag, contact=self.contact, body=body)

    # The wire

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 10:
            return  # a keep-alive
        message = parse(data)
        call = self.calls.get(message.header("call-id"))
        if message.is_response:
            future = self._replies.get(message.header("via").partition("branch=")[2].partition(";")[0])
            if message.method == "INVITE" and call is not None:
                self._invite_answered(call, message)
            elif future is not None and not future.done() and message.status >= 200:
                future.set_result(message)
        else:
            self._requested(message, call)

    def _requested(self, request: Message, call: SipCall | None) -> None:
        if request.method == "ACK":
            return
        if request.method == "INVITE" and call is None:
            self._spawn(self._ring(request))
            return
        if request.method == "INVITE" and call is not None:
            if call.status == 200:  # a repeated or a new offer: the same answer
                call.invite = request
                self._send(self._response(call, 200, "OK", session_description(self.address, call.audio.port)))
            return
        self._send(response_to(request, 200, "OK", secrets.token_hex(4)))
        if call is not None and request.method == "CANCEL" and not call.status:
            self.refuse(call, 487, "Request Terminated")
        elif call is not None and request.method == "BYE":
            call.finish()

    def _request(self, method: str, uri: str, call_id: str, sequence: int, sender: str, to: str) -> Message:
        via = f"SIP/2.0/UDP {self.address}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        headers = [("via", via), ("max-forwards", "70"), ("from", sender), ("to", to), ("call-id", call_id)]
        headers += [("cseq", f"{sequence} {method}"), ("user-agent", _USER_AGENT)]
        return Message(f"{method} {uri} SIP/2.0", headers)

    def _send(self, message: Message) -> None:
        assert self._transport is not None
        if message.is_response:
            host, port = self.server
            self._transport.sendto(message.encode(), (host, port))
        else:
            self._transport.sendto(message.encode(), self.server)

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
