"""Audio both ways for tests: PCMU packets of 20 ms whose every sample is one byte, the sender's *mark* (RFC 3550).

A byte that comes back or arrives at the other end unchanged says who was heard; silence would be 0xFF.
"""

from __future__ import annotations

import asyncio
import collections
import random
import struct

_SAMPLES = 160
_SECONDS = 0.02


class Audio(asyncio.DatagramProtocol):
    """One RTP port. `heard` counts the packets received, by mark."""

    def __init__(self, mark: int) -> None:
        self.mark = mark
        self.sent = 0
        self.heard: collections.Counter[int] = collections.Counter()
        self._transport: asyncio.DatagramTransport | None = None
        self._sender: asyncio.Task[None] | None = None
        self.port = 0

    async def open(self, address: str) -> Audio:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(address, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    def talk_to(self, address: tuple[str, int]) -> None:
        """Send until closed."""
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send(address))

    def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        payload = data[12:]
        if len(data) > 12 and data[1] & 0x7F == 0 and payload.count(payload[0]) == len(payload):
            self.heard[payload[0]] += 1

    async def _send(self, address: tuple[str, int]) -> None:
        source, sequence, loop = random.getrandbits(32), random.getrandbits(15), asyncio.get_running_loop()
        started = loop.time()
        while self._transport is not None and not self._transport.is_closing():
            stamp = self.sent * _SAMPLES & 0xFFFFFFFF
            header = struct.pack("!BBHII", 0x80, 0, (sequence + self.sent) & 0xFFFF, stamp, source)
            self._transport.sendto(header + bytes([self.mark]) * _SAMPLES, address)
            self.sent += 1
            await asyncio.sleep(max(0.0, started + self.sent * _SECONDS - loop.time()))
