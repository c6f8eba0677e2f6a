"""sipp as a phone or carrier. Its scenarios are in tests/telephony/sip; words between @ are filled in here."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import tempfile
from pathlib import Path

_SCENARIOS = Path(__file__).parent / "sip"
_GRACE_SECONDS = 5.0


class Sipp:
    """One sipp process on a port of its own. Raises AssertionError with sipp's own words where a scenario fails."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address, self.port = address, free_port(address)
        self._folder = Path(tempfile.mkdtemp(prefix="sipp-"))
        self._process: asyncio.subprocess.Process | None = None

    async def register(self, server: tuple[str, int], username: str, realm: str, password: str) -> None:
        words = {"USERNAME": username, "REALM": realm, "PASSWORD": password}
        await self._run("register", server, words)

    async def start(self, scenario: str, server: tuple[str, int]) -> None:
        """Serve calls by `scenario` (answer, ring or busy) until closed."""
        arguments = [*self._arguments(scenario, server, {}), "-mp", str(free_port(self.address, even=True))]
        self._process = await self._spawn([*arguments, "-rtp_echo", "-aa", "-trace_msg"])

    def calls(self) -> int:
        """How many INVITEs it has received."""
        logs = "".join(path.read_text(errors="replace") for path in self._folder.glob("*_messages.log"))
        return len(set(re.findall(r"received.*?\n\nINVITE .*?call-id:\s*(\S+)", logs, re.DOTALL | re.IGNORECASE)))

    async def call(self, server: tuple[str, int], caller: str, number: str, mark: int) -> None:
        """A carrier's call of about two seconds that is answered, says `mark` all the time, and hangs up."""
        audio = self._folder / "audio.ulaw"
        audio.write_bytes(bytes([mark]) * 8000)
        words = {"CALLER": caller, "NUMBER": number, "AUDIO": str(audio)}
        await self._run("carrier", server, words, "-mp", str(free_port(self.address, even=True)))

    async def close(self) -> None:
        await self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def stop(self) -> None:
        """Serve no more calls."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _run(self, scenario: str, server: tuple[str, int], words: dict[str, str], *more: str) -> None:
        arguments = self._arguments(scenario, server, words)
        process = await self._spawn([*arguments, "-m", "1", "-timeout", "30", *more])
        output, _ = await process.communicate()
        problems = "".join(path.read_text() for path in self._folder.glob("*errors.log"))
        assert process.returncode == 0, f"sipp {scenario}: {problems or output.decode()[-2000:]}"

    def _arguments(self, scenario: str, server: tuple[str, int], words: dict[str, str]) -> list[str]:
        text = (_SCENARIOS / f"{scenario}.xml").read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        filled = self._folder / f"{scenario}.xml"
        filled.write_text(text)
        host, port = server
        return ["sipp", f"{host}:{port}", "-sf", str(filled), "-i", self.address, "-p", str(self.port), "-trace_err"]

    async def _spawn(self, arguments: list[str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *arguments,
            "-nostdin",
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE if "-m" in arguments else asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.STDOUT,
        )


def free_port(address: str, *, even: bool = False) -> int:
    """A UDP port nobody has; `even` for RTP, whose next port is RTCP's (RFC 3550 §11)."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
            port: int = probe.getsockname()[1]
        if not even or port % 2 == 0:
            return port
