"""A SIP user agent for tests: registers with digest, calls and is called, with real RTP both ways (RFC 3261, UDP).

A `SipPhone` is one UDP port; a `SipCall` one dialog. What a phone does when it rings is its `behaviour`: `answer`,
`ring` (until somebody does something about it) or `busy`. A carrier is a phone that never registers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any, Literal

from tests.telephony.sip_call import SipCall
from tests.telephony.sip_messages import Message, digest_answer, parse, response_to, session_description, uri_in

__all__ = ["Behaviour", "SipCall", "SipPhone"]
Behaviour = Literal["answer", "ring", "busy"]
Address = tuple[str, int]
_RETRANSMIT_SECONDS = 0.5
_USER_AGENT = "kazoo-test-phone"


class SipPhone(asyncio.DatagramProtocol):
    """`rang` are the calls it got, `notified` the NOTIFYs (with those of a subscription), `replies` to any request."""

    def __init__(self, username: str = "", realm: str = "", password: str = "", mark: int = 0x2A) -> None:
        self.username, self.realm, self.password, self.mark = username, realm, password, mark
        self.behaviour: Behaviour = "answer"
        self.user_agent = _USER_AGENT
        self.server: Address = ("127.0.0.1", 5060)
        self.address, self.port = "127.0.0.1", 0
        self.calls: dict[str, SipCall] = {}
        self.rang: list[SipCall] = []
        self.notified: list[Message] = []
        self.messages: list[Message] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, server: Address, address: str = "127.0.0.1", port: int = 0) -> SipPhone:
        """Bind a port at `address` (0: a free one); `server` is the switch's SIP profile."""
        self.server, self.address = server, address
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(address, port))
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

    # Requests of our own

    async def register(self, expires: int = 300, seconds: float = 10.0) -> int:
        """REGISTER, answering a challenge; gives the final status. `expires` 0 unregisters."""
        identity = f"<sip:{self.username}@{self.realm}>"
        headers = ("contact", f"<{self.contact}>"), ("expires", str(expires))
        reply = await self.ask("REGISTER", f"sip:{self.realm}", identity, *headers, seconds=seconds)
        return reply.status

    async def subscribe(self, event: str, target: str, *headers: tuple[str, str], expires: int = 300) -> int:
        """SUBSCRIBE to `target` (a number or user of our realm); gives the final status. What it brings is in
        `notified` (RFC 6665)."""
        identity = f"<sip:{target}@{self.realm}>"
        own = ("event", event), ("contact", f"<{self.contact}>"), ("expires", str(expires))
        return (await self.ask("SUBSCRIBE", f"sip:{target}@{self.realm}", identity, *own, *headers)).status

    async def message(self, target: str, text: str) -> int:
        """MESSAGE (RFC 3428); gives the final status."""
        identity, kind = f"<sip:{target}@{self.realm}>", ("content-type", "text/plain")
        return (await self.ask("MESSAGE", f"sip:{target}@{self.realm}", identity, kind, body=text)).status

    async def ask(
        self, method: str, uri: str, to: str, *headers: tuple[str, str], body: str = "", seconds: float = 10.0
    ) -> Message:
        """A request outside a dialog, repeated with credentials where they are asked for; gives the final answer."""
        call_id, sender = secrets.token_hex(12), f"<sip:{self.username}@{self.realm}>;tag={secrets.token_hex(4)}"
        authorisation: list[tuple[str, str]] = []
        for sequence in (1, 2):
            request = self._request(method, uri, call_id, sequence, sender, to)
            request.headers += [*headers, *authorisation]
            request.body = body
            reply = await self._ask(request, seconds)
            if reply.status not in (401, 407) or authorisation:
                return reply
            authorisation = [self._authorise(reply, method, uri)]
        raise AssertionError("unreachable")

    async def ask_in_dialog(self, call: SipCall, method: str, *headers: tuple[str, str], body: str = "") -> Message:
        """A request within a dialog; gives its final answer. A re-INVITE is acknowledged."""
        call.sequence += 1
        request = self._request(method, call.target, call.call_id, call.sequence, call.local, call.remote)
        request.headers += [("contact", f"<{self.contact}>"), *headers]
        request.body = body
        sequence = call.sequence
        reply = await self._ask(request, 10)
        if reply.status in (401, 407):
            call.sequence += 1
            sequence = call.sequence
            request = self._request(method, call.target, call.call_id, sequence, call.local, call.remote)
            request.headers += [("contact", f"<{self.contact}>"), *headers, self._authorise(reply, method, call.target)]
            request.body = body
            reply = await self._ask(request, 10)
        if method == "INVITE":
            self._send(self._request("ACK", call.target, call.call_id, sequence, call.local, call.remote))
            if reply.status == 200:
                call.hear(reply.body)
        return reply

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

    async def call(
        self, number: str, domain: str, caller: str, name: str = "", *headers: tuple[str, str], target: str = ""
    ) -> SipCall:
        """INVITE `number`; `caller` is the user part of From, `target` another request URI. Returns at once: wait for
        the call's events."""
        call = SipCall(self, secrets.token_hex(12), outgoing=True)
        self.calls[call.call_id] = call
        await call.audio.open(self.address)
        call.target = target or f"sip:{number}@{domain}"
        display = f'"{name}" ' if name else ""
        call.local = f"{display}<sip:{caller}@{domain}>;tag={secrets.token_hex(4)}"
        call.remote = f"<sip:{number}@{domain}>"
        self._invite(call, *headers)
        self._spawn(self._retransmit(call))
        return call

    def _invite(self, call: SipCall, *headers: tuple[str, str]) -> None:
        call.invite = self._request("INVITE", call.target, call.call_id, call.sequence, call.local, call.remote)
        call.branch = call.invite.header("via").partition("branch=")[2]
        call.invite.headers += [("contact", f"<{self.contact}>"), ("content-type", "application/sdp"), *headers]
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
        sequence = call.invite.header("cseq").partition(" ")[0]
        self._send(Message(f"CANCEL {call.invite.uri} SIP/2.0", [*kept, ("cseq", f"{sequence} CANCEL")]))

    def send_in_dialog(self, call: SipCall, method: str) -> None:
        """A request whose answer nobody waits for."""
        call.sequence += method != "ACK"
        self._send(self._request(method, call.target, call.call_id, call.sequence, call.local, call.remote))

    def _invite_answered(self, call: SipCall, reply: Message) -> None:
        call.reply = reply
        if reply.status < 200:
            call.provisional.append(reply.status)
            if reply.status in (180, 183):
                if reply.body:
                    call.hear(reply.body)
                call.rung.set()
            return
        if reply.status < 300:
            call.remote, call.target = reply.header("to"), uri_in(reply.header("contact"))
            sequence = int(reply.header("cseq").partition(" ")[0])
            self._send(self._request("ACK", call.target, call.call_id, sequence, call.local, call.remote))
            if not call.answered.is_set():
                call.status = reply.status
                call.hear(reply.body)
                call.answered.set()
            return
        self._refused(call, reply)

    def _refused(self, call: SipCall, reply: Message) -> None:
        assert call.invite is not None
        acknowledgement = self._request(
            "ACK", call.invite.uri, call.call_id, call.sequence, call.local, reply.header("to")
        )
        acknowledgement.headers[0] = call.invite.headers[0]
        self._send(acknowledgement)
        if reply.status in (401, 407) and self.password and not call.authenticated:
            call.authenticated = True
            call.sequence += 1
            extra = [pair for pair in call.invite.headers if pair[0].startswith(("x-", "p-")) or pair[0] in _REPEATED]
            self._invite(call, *extra, self._authorise(reply, "INVITE", call.target))
        elif not call.ended.is_set():
            call.status, call.reason = reply.status, reply.start.split(" ", 2)[-1]
            call.finish()

    # Being called

    async def _ring(self, request: Message, source: Address) -> None:
        call = SipCall(self, request.header("call-id"), outgoing=False)
        self.calls[call.call_id] = call
        call.invite, call.remote, call.target = request, request.header("from"), uri_in(request.header("contact"))
        call.source = source
        tag = secrets.token_hex(4)
        call.local = f"{request.header('to')};tag={tag}"
        self.rang.append(call)
        self._send(response_to(request, 100, "Trying", tag), source)
        if self.behaviour == "busy":
            self.refuse(call, 486, "Busy Here")
            return
        self._send(self._response(call, 180, "Ringing"), source)
        call.rung.set()
        if self.behaviour == "answer":
            await asyncio.sleep(0.3)
            await self.answer(call)

    async def progress(self, call: SipCall) -> None:
        """183 with our audio address."""
        if call.invite is None or call.ended.is_set():
            return
        await call.audio.open(self.address)
        body = session_description(self.address, call.audio.port)
        self._send(self._response(call, 183, "Session Progress", body), call.source)
        call.hear(call.invite.body)

    async def answer(self, call: SipCall) -> None:
        """200 with our audio address; does nothing where the caller has gone."""
        if call.invite is None or call.ended.is_set():
            return
        await call.audio.open(self.address)
        body = session_description(self.address, call.audio.port)
        self._send(self._response(call, 200, "OK", body), call.source)
        call.status = 200
        call.hear(call.invite.body)
        call.answered.set()

    def refuse(self, call: SipCall, status: int, reason: str, *headers: tuple[str, str]) -> None:
        response = self._response(call, status, reason)
        response.headers += headers
        self._send(response, call.source)
        call.status = status
        call.finish()

    def _response(self, call: SipCall, status: int, reason: str, body: str = "") -> Message:
        assert call.invite is not None
        tag = call.local.partition(";tag=")[2]
        contact = "" if 300 <= status < 400 else self.contact
        return response_to(call.invite, status, reason, tag, contact=contact, body=body)

    # The wire

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if len(data) < 10:
            return  # a keep-alive
        message = parse(data)
        call = self.calls.get(message.header("call-id"))
        if not message.is_response:
            self._requested(message, call, addr)
            return
        branch = message.header("via").partition("branch=")[2].partition(";")[0]
        future = self._replies.get(branch)
        if future is not None:
            if not future.done() and message.status >= 200:
                future.set_result(message)
        elif message.method == "INVITE" and call is not None:
            self._invite_answered(call, message)

    def _requested(self, request: Message, call: SipCall | None, source: Address) -> None:
        if request.method == "ACK":
            return
        if request.method == "INVITE":
            self._invited(request, call, source)
            return
        self._send(response_to(request, 200, "OK", secrets.token_hex(4)), source)
        if request.method == "NOTIFY":
            self.notified.append(request)
        if request.method == "MESSAGE":
            self.messages.append(request)
        if call is None:
            return
        call.told(request)
        if request.method == "CANCEL" and not call.status:
            self.refuse(call, 487, "Request Terminated")
        elif request.method == "BYE":
            call.bye = request
            call.finish()

    def _invited(self, request: Message, call: SipCall | None, source: Address) -> None:
        if call is None:
            self._spawn(self._ring(request, source))
        elif call.status == 200:  # a repeated or a new offer: the same answer
            call.hear(request.body)
            body = session_description(self.address, call.audio.port).replace("sendrecv", call.direction)
            tag = call.local.partition(";tag=")[2]
            self._send(response_to(request, 200, "OK", tag, contact=self.contact, body=body), source)

    def _request(self, method: str, uri: str, call_id: str, sequence: int, sender: str, to: str) -> Message:
        via = f"SIP/2.0/UDP {self.address}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}"
        headers = [("via", via), ("max-forwards", "70"), ("from", sender), ("to", to), ("call-id", call_id)]
        headers += [("cseq", f"{sequence} {method}"), ("user-agent", self.user_agent)]
        return Message(f"{method} {uri} SIP/2.0", headers)

    def _send(self, message: Message, where: Address | None = None) -> None:
        assert self._transport is not None
        self._transport.sendto(message.encode(), where or self.server)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


#: Headers of ours that are sent again with the credentials.
_REPEATED = frozenset({"privacy", "remote-party-id", "alert-info", "call-info", "referred-by", "replaces"})
