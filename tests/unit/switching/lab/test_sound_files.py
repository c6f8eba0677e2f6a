"""Media over HTTP, as mod_http_cache has it: fetched once, played as long as it is, and sent to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.sound_files import SoundMissing, file_seconds, wav_seconds, write_wav


class Files:
    """`GET /sound.wav` and `PUT` of anything; all else is 404."""

    def __init__(self, sound: bytes) -> None:
        self.sound, self.asked, self.taken, self.port = sound, [], {}, 0  # type: ignore[var-annotated]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split(" ")
        self.asked.append((method, path))
        lines = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")[1:]}
        status, body = 404, b""
        if method == "PUT" and path.startswith("/put"):
            status, self.taken[path] = 201, await reader.readexactly(int(lines["content-length"]))
        elif path == "/sound.wav":
            status, body = 200, self.sound
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    write_wav(tmp_path / "sound.wav", 0.4)
    found = Files((tmp_path / "sound.wav").read_bytes())
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[LabSwitch]:
    async with LabSwitch(LabSettings(recordings=tmp_path / "recordings", file_seconds=1.0)) as found:
        yield found


async def test_a_sound_is_fetched_once_and_plays_as_long_as_it_is(switch: LabSwitch, files: Files) -> None:
    url = f"http_cache://http://127.0.0.1:{files.port}/sound.wav"
    assert [await file_seconds(switch, url), await file_seconds(switch, url)] == pytest.approx([0.4, 0.4])
    assert files.asked == [("GET", "/sound.wav")]
    with pytest.raises(SoundMissing):
        await file_seconds(switch, f"http_cache://http://127.0.0.1:{files.port}/none.wav")
    with pytest.raises(SoundMissing):
        await file_seconds(switch, str(switch.recordings / "none.wav"))
    assert await file_seconds(switch, "/usr/share/sounds/hello.wav") == 1.0


async def test_a_recording_is_put_and_removed(switch: LabSwitch, files: Files) -> None:
    path = switch.recordings / "acme" / "one.wav"
    write_wav(path, 0.2, channels=2)
    there = f"http://127.0.0.1:{files.port}"
    assert await switch.run_command(f"http_put {there}/put/one {path}") == "+OK 201\n"
    assert wav_seconds(files.taken["/put/one"]) == pytest.approx(0.2)
    assert (await switch.run_command(f"http_put {there}/none {path}")).startswith("-ERR")
    assert (await switch.run_command(f"http_put {there}/put/one {path}.none")).startswith("-ERR")
    assert await switch.run_command(f"system rm -f {path} && echo +OK") == "+OK\n"
    assert not path.exists()
    for command in ("rm -f /etc/passwd", "rm -rf /", f"mkdir -p {switch.recordings}/../x", "date"):
        assert await switch.run_command(f"system {command}") == "-ERR the lab switch has no shell\n"
