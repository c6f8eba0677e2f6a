"""Hundreds of phones behind one UDP port, for groups of that size."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.freeswitch_node import free_port
from tests.telephony.sip_messages import Message, parse, response_to, session_description, uri_in

#: How long anything of a call to all of them may take.
SECONDS = 90


class Phones(asyncio.DatagramProtocol):
    """Told apart by the user part of the request URI. `invited` counts their calls, `cancelled` and `over` are those
    whose call ended before and after the answer. Those named in `answering` answer at once, at these RTP ports."""

    def __init__(self) -> None:
        self.answering: Mapping[str, int] = {}
        self.over: set[str] = set()
        self.invited: Counter[str] = Counter()
        self.cancelled: set[str] = set()
        self.invites: dict[str, tuple[Message, tuple[str, int]]] = {}
        #: How many were ringing, the new one among them, whenever one began to: noted as the INVITE came in, for a
        #: test that is waiting may wake when the next one rings already.
        self.ringing: list[int] = []
        self._known: set[str] = set()
        self.changed = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024 * 1024)

    @property
    def port(self) -> int:
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = parse(data)
        if request.is_response or request.method == "ACK":
            return
        name = request.uri.removeprefix("sip:").partition("@")[0]
        if request.method == "INVITE":
            if request.header("call-id") not in self._known:
                self._known.add(request.header("call-id"))
                self.invited[name] += 1
                self.invites[name] = request, addr
                self.ringing.append(len(set(self.invited) - self.cancelled))
            if name in self.answering:
                self.answer(name, self.answering[name])
            else:
                self._send(response_to(request, 180, "Ringing", name, contact=self._contact(name)), addr)
        else:
            self._send(response_to(request, 200, "OK", name), addr)
            if request.method == "BYE":
                self.over.add(name)
            if request.method == "CANCEL" and name not in self.cancelled:
                self.cancelled.add(name)
                invite, where = self.invites[name]
                self._send(response_to(invite, 487, "Request Terminated", name), where)
        self.changed.set()

    def answer(self, name: str, rtp_port: int = 0) -> None:
        invite, where = self.invites[name]
        body = session_description("127.0.0.1", rtp_port or free_port())
        self._send(response_to(invite, 200, "OK", name, contact=self._contact(name), body=body), where)

    def hang_up(self, name: str) -> None:
        """BYE from the phone that answered (RFC 3261 §15)."""
        invite, where = self.invites[name]
        via = f"SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bKbye{name}"
        headers = [
            ("via", via),
            ("max-forwards", "70"),
            ("from", f"{invite.header('to')};tag={name}"),
            ("to", invite.header("from")),
            ("call-id", invite.header("call-id")),
            ("cseq", "1 BYE"),
        ]
        self._send(Message(f"BYE {uri_in(invite.header('contact'))} SIP/2.0", headers), where)

    async def until(self, ready: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while not ready():
                self.changed.clear()
                await self.changed.wait()

    def _contact(self, name: str) -> str:
        return f"sip:{name}@127.0.0.1:{self.port}"

    def _send(self, message: Message, where: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.sendto(message.encode(), where)
