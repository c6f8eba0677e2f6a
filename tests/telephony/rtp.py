"""Audio both ways for tests: PCMU in packets of 20 ms, and keys as telephone-events (RFC 3550, RFC 4733).

An `Audio` is one RTP port. It sends its *tone* (or, where it has a *mark*, that one byte in every sample: what comes
back unchanged says who was heard), and keeps what it receives, to be asked what was heard.
"""

from __future__ import annotations

import asyncio
import collections
import random
import struct
from array import array

from tests.telephony.tones import PRESENT, SILENCE, WINDOW, linear, loudness, share_of, tone

_SAMPLES = 160
_SECONDS = 0.02
_KEYS = "0123456789*#ABCD"
_PCMU, _EVENT = 0, 101
_KEPT_PACKETS = 50 * 120
_AUDIBLE = 300.0


class Audio(asyncio.DatagramProtocol):
    """`heard` counts the packets received, by mark; `keys` are the keys that arrived."""

    def __init__(self, mark: int = SILENCE) -> None:
        self.mark = mark
        self.frequency = 0
        self.sent = 0
        self.received = 0
        self.heard: collections.Counter[int] = collections.Counter()
        self.keys = ""
        self._packets: collections.deque[bytes] = collections.deque(maxlen=_KEPT_PACKETS)
        self._pressing: collections.deque[tuple[int, int]] = collections.deque()
        self._key_stamp = -1
        self._transport: asyncio.DatagramTransport | None = None
        self._sender: asyncio.Task[None] | None = None
        self._target: tuple[str, int] = ("127.0.0.1", 9)
        self.port = 0

    async def open(self, address: str) -> Audio:
        if self._transport is None:
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(address, 0))
            self.port = self._transport.get_extra_info("sockname")[1]
        return self

    def talk_to(self, address: tuple[str, int]) -> None:
        """Send there until closed; again with another address where the far end moved its audio."""
        self._target = address
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send())

    def press(self, keys: str, milliseconds: int = 160) -> None:
        """Send keys as telephone-events, one after the other, 60 ms apart. Raises ValueError for what is no key."""
        for key in keys:
            self._pressing.append((_KEYS.index(key.upper()), milliseconds // 20))

    def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        if self._transport is not None:
            self._transport.close()

    # What was heard

    def mark_place(self) -> int:
        """Now, as a place in what is received; the questions below take one as `since`."""
        return self.received

    def samples(self, since: int = 0) -> array[int]:
        """Linear samples received since a place (the last two minutes are kept)."""
        first = max(0, len(self._packets) - (self.received - since))
        return linear(b"".join(list(self._packets)[first:]))

    def seconds_of(self, frequency: float, since: int = 0) -> float:
        """For how long the frequency was heard since a place."""
        return 0.1 * sum(share_of(window, frequency) >= PRESENT for window in self._windows(since))

    def seconds_of_sound(self, since: int = 0) -> float:
        """For how long anything but silence was heard."""
        return 0.1 * sum(loudness(window) > _AUDIBLE for window in self._windows(since))

    def _windows(self, since: int) -> list[array[int]]:
        samples = self.samples(since)
        return [samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW + 1, WINDOW)]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) <= 12:
            return
        kind, payload = data[1] & 0x7F, data[12:]
        if kind == _PCMU:
            self.received += 1
            self._packets.append(payload)
            if payload.count(payload[0]) == len(payload):
                self.heard[payload[0]] += 1
        elif kind == _EVENT and len(payload) >= 4:
            (stamp,) = struct.unpack("!I", data[4:8])
            if payload[1] & 0x80 and stamp != self._key_stamp and payload[0] < len(_KEYS):
                self._key_stamp = stamp
                self.keys += _KEYS[payload[0]]

    # Sending

    async def _send(self) -> None:
        source, sequence, loop = random.getrandbits(32), random.getrandbits(15), asyncio.get_running_loop()
        started = loop.time()
        event: tuple[int, int] | None = None
        elapsed = pause = 0
        while self._transport is not None and not self._transport.is_closing():
            stamp = self.sent * _SAMPLES & 0xFFFFFFFF
            if event is None and self._pressing and not pause:
                event, elapsed, began = self._pressing.popleft(), 0, stamp
            if event is not None:
                elapsed += 1
                last = elapsed >= event[1]
                for copy in range(3 if last else 1):
                    body = struct.pack("!BBH", event[0], (0x80 if last else 0) | 10, elapsed * _SAMPLES)
                    first = 0x80 if elapsed == 1 else 0
                    self._packet(first | _EVENT, sequence + copy, began, source, body)
                sequence += 3 if last else 1
                if last:
                    event, pause = None, 5
            else:
                pause = max(0, pause - 1)
                self._packet(_PCMU, sequence, stamp, source, self._sound())
                sequence += 1
            self.sent += 1
            await asyncio.sleep(max(0.0, started + self.sent * _SECONDS - loop.time()))

    def _packet(self, kind: int, sequence: int, stamp: int, source: int, body: bytes) -> None:
        assert self._transport is not None
        header = struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, stamp, source)
        self._transport.sendto(header + body, self._target)

    def _sound(self) -> bytes:
        if not self.frequency:
            return bytes([self.mark]) * _SAMPLES
        start = self.sent % 50 * _SAMPLES
        return tone(self.frequency)[start : start + _SAMPLES]
