"""A real FreeSWITCH on the configuration we render, with our call server behind it. Its audio is what the switch makes
itself: a caller is a loopback leg that plays a tone, so no SIP is needed to hear whether sound passes."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType

from apps.switching.calls.call_server import CallServer
from apps.switching.calls.port import Call
from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import ConnectionLost
from apps.switching.switches.configuration import NodeSettings, render
from kazoo.embedded.freeswitch import module_folder
from tests.services import free_web_port

FREESWITCH = shutil.which("freeswitch")
PASSWORD = "loopback-only"
TONE = "tone_stream://%(10000,0,600);loops=-1"
FAX_TONE = "tone_stream://%(500,3000,1100);loops=-1"
SILENCE = "silence_stream://-1"
_FOLDERS = ("conf", "log", "db", "run", "storage", "recordings", "cache", "certs", "temp")


class RealNode:
    """`handlers` by number dialled: what our side does with a call to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.handlers: dict[str, Callable[[Call], Awaitable[None]]] = {}
        self.server = CallServer(self._handle)
        self.esl_port = free_web_port()
        self._process: asyncio.subprocess.Process | None = None
        self._client: EslClient | None = None

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"

    async def __aenter__(self) -> RealNode:
        for name in _FOLDERS:
            (self.home / name).mkdir(parents=True, exist_ok=True)
        await self.server.start()
        (self.home / "conf" / "freeswitch.xml").write_text(self._configuration(), encoding="utf-8")
        assert FREESWITCH is not None
        folders = [word for name in _FOLDERS for word in (f"-{name}", str(self.home / name))]
        modules = str(module_folder(Path(FREESWITCH)))
        self._process = await asyncio.create_subprocess_exec(
            *(FREESWITCH, "-nf", "-nc", "-nonat", *folders, "-mod", modules),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await self._reach()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print((self.home / "log" / "freeswitch.log").read_text(errors="replace")[-6000:])  # noqa: T201
        await self._stop()

    async def api(self, command: str, arguments: str = "") -> str:
        assert self._client is not None
        return (await self._client.api(command, arguments)).text

    async def call(self, number: str, sound: str = SILENCE) -> str:
        """Somebody calls and, once answered, says `sound`. Returns at once, with the id of that person's channel: what
        it reads is what they hear."""
        person = str(uuid.uuid4())
        await self.api(
            "bgapi",
            f"originate {{origination_uuid={person},loopback_bowout=false,loopback_bowout_on_execute=false}}"
            f"loopback/{number}/internal &endless_playback({sound})",
        )
        return person

    async def _handle(self, call: Call) -> None:
        await self.handlers[call.destination](call)

    async def _reach(self) -> None:
        for _ in range(300):
            assert self._process is not None
            assert self._process.returncode is None, "freeswitch ended"
            try:
                self._client = await EslClient.connect("127.0.0.1", self.esl_port, PASSWORD, timeout=1)
                return
            except ConnectionLost:
                await asyncio.sleep(0.1)
        raise AssertionError("freeswitch did not come up")

    async def _stop(self) -> None:
        if self._client is not None:
            await self._client.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 15)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self.server.stop(grace=1)

    def _configuration(self) -> str:
        settings = NodeSettings(
            name="proof", sip_ip="127.0.0.1", sip_internal=free_web_port(), sip_external=free_web_port(),
            rtp_start=41000, rtp_end=41999, esl_ip="127.0.0.1", esl_port=self.esl_port, esl_password=PASSWORD,
            esl_allowed="127.0.0.0/8", xml_curl_url="http://127.0.0.1:9/", cdr_url="http://127.0.0.1:9/",
            node_secret="none", log_file=self.home / "log" / "freeswitch.log", cdr_spool=self.home / "temp",
            fax_folder=self.home / "temp", http_cache=self.home / "cache" / "http",
        )  # fmt: skip
        text = render(settings)
        # Nobody is asked: every call of the test is handed to the test's call server.
        text = re.sub(r"<load module=\"mod_(xml_curl|json_cdr)\"[^>]*/>", "", text)
        ours = f'<action application="socket" data="127.0.0.1:{self.server.port} async full"/>'
        return text.replace('<action application="respond" data="503 Service Unavailable"/>', ours)


def is_complete(path: Path) -> bool:
    """Whether the switch has finished writing a WAV file: it does a moment after the channel is gone."""
    try:
        return seconds_of(path) > 0
    except (OSError, EOFError, wave.Error):
        return False


def seconds_of(path: Path) -> float:
    """How long a WAV file is."""
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def loudness(path: Path, channel: int = 0) -> float:
    """The mean absolute sample of one channel of a 16-bit WAV file."""
    with wave.open(str(path)) as file:
        count = file.getnchannels()
        samples = memoryview(file.readframes(file.getnframes())).cast("h")[channel::count]
    return sum(abs(sample) for sample in samples) / max(1, len(samples))
