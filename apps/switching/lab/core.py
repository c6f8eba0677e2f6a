"""The node: its settings, channels, phones and carriers, and how calls enter it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import httpx

from apps.switching.lab import cdr, dialplan
from apps.switching.lab.channel import Channel
from apps.switching.lab.events import Clock, EventBus, Origin
from apps.switching.lab.inbound import carrier_variables, phone_variables
from apps.switching.lab.presence import LabPresence
from apps.switching.lab.profile import CallerProfile, Redirect
from apps.switching.lab.registrar import FORBIDDEN, Registrar
from apps.switching.lab.reports import uptime_text
from apps.switching.lab.server import EventSocketServer
from apps.switching.lab.world import LabCall, LabCarrier, LabPhone
from apps.switching.lab.xml_curl import CONFIGURATION, GATEWAYS, NETWORK_LIST, START_CONFIGURATIONS, XmlCurl

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from apps.switching.lab.conference import Conference

logger = logging.getLogger(__name__)

VERSION = "1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit"
_HEARTBEAT = Origin("switch_core.c", "send_heartbeat", 95)
_API = Origin("switch_loadable_module.c", "switch_api_execute", 2954)


@dataclass
class LabSettings:
    """How one lab node is set up. Seconds unless named otherwise; an empty URL switches that client off."""

    name: str = "lab1"
    hostname: str = "lab"
    esl_host: str = "127.0.0.1"
    esl_port: int = 0
    esl_password: str = "ClueCon"  # noqa: S105 - FreeSWITCH's documented default
    xml_curl_url: str = ""
    cdr_url: str = ""
    node_secret: str = ""
    http_username: str = "freeswitch"
    cdr_spool: Path | None = None
    recordings: Path | None = None
    """Where recordings are written; None takes a folder of the node's own below the system's temporary one."""
    cdr_retries: int = 2
    cdr_delay: float = 5.0
    heartbeat: float = 20.0
    message_count: bool = True
    message_query: bool = False
    file_seconds: float = 1.0
    media_seconds: dict[str, float] = field(default_factory=dict)
    sessions_per_second: int = 2000
    max_sessions: int = 5000
    internal_port: int = 5060
    external_port: int = 5080
    unauthenticated_seconds: float = 25.0
    ask_configuration: bool = True


class LabSwitch:
    """One FreeSWITCH node. `await start()`, use, `await stop()`."""

    def __init__(self, settings: LabSettings | None = None) -> None:
        self.settings = settings or LabSettings()
        self.core_uuid = str(uuid.uuid4())
        self.clock = Clock()
        self.started_at = time.time()
        self.bus = EventBus(self.core_uuid, self.settings.hostname, self.settings.name, self.clock)
        self.channels: dict[str, Channel] = {}
        self.phones: dict[tuple[str, str], LabPhone] = {}
        self.carriers: list[LabCarrier] = []
        self.gateways: dict[str, str] = {}
        self.gateways_known = False
        self.contexts: dict[str, str] = {"external": "public"}
        """The contexts of the SIP profiles, from sofia.conf; a phone's user_context goes before."""
        self.registrar = Registrar(self)
        self.session_count = 0
        self.peak_sessions = 0
        self.recordings = (
            self.settings.recordings or Path(tempfile.gettempdir()) / f"kazoo-lab-{os.getuid()}" / "recordings"
        ).resolve()
        self.http = httpx.AsyncClient(timeout=15.0, trust_env=False, follow_redirects=True)
        self.fetched: dict[str, float] = {}
        """The length in seconds of what was fetched to be played, by URL (mod_http_cache)."""
        self.conferences: dict[str, Conference] = {}
        self.globals: dict[str, str] = {
            "recordings_dir": str(self.recordings),
            "hostname": self.settings.hostname,
            "switch_serial": "000000000000",
            "local_ip_v4": "127.0.0.1",
            "domain": self.settings.name,
            "core_uuid": self.core_uuid,
        }
        self.xml = XmlCurl(
            self.settings.xml_curl_url, self.bus,
            node_secret=self.settings.node_secret, username=self.settings.http_username,
        )  # fmt: skip
        self.cdr = cdr.CdrPoster(
            self.settings.cdr_url, node_secret=self.settings.node_secret, username=self.settings.http_username,
            spool=self.settings.cdr_spool, retries=self.settings.cdr_retries, delay=self.settings.cdr_delay,
        )  # fmt: skip
        self.presence = LabPresence(self)
        self.server = EventSocketServer(self)
        self._recent: deque[float] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Ask for the configuration, listen on the event socket, begin to beat."""
        if self.settings.ask_configuration and self.settings.xml_curl_url:
            await self.load_configuration()
        await self.server.start(self.settings.esl_host, self.settings.esl_port)
        self.spawn(self._beat())

    async def stop(self) -> None:
        """Hang up everything, deliver the CDRs, close."""
        for channel in list(self.channels.values()):
            channel.hang_up("SYSTEM_SHUTDOWN")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                while self.channels:
                    await next(iter(self.channels.values())).reported.wait()
                await self.cdr.drain()
        await self.server.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cdr.close()
        await self.http.aclose()
        await self.xml.close()

    async def __aenter__(self) -> LabSwitch:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    @property
    def esl_port(self) -> int:
        """The port the event socket really listens on."""
        return self.server.port

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something until the switch stops; an exception is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("lab switch task failed", exc_info=task.exception())

    async def load_configuration(self) -> None:
        """What the real node asks for at start; only sofia.conf's gateways matter here."""
        for name in START_CONFIGURATIONS:
            await self.xml.configuration(name)
        await self.load_sofia()
        for profile in ("internal", "external"):
            fields = [("purpose", "gateways"), ("profile", profile)]
            await self.xml.ask("directory", "", "", "", fields, GATEWAYS)
        fields = [("domain", self.globals["domain"]), ("purpose", "network-list")]
        await self.xml.ask(
            "directory", "domain", "name", self.globals["domain"], fields, NETWORK_LIST, event_name="GENERAL"
        )

    async def load_sofia(self) -> None:
        """Read sofia.conf again: gateways and where they lead, contexts, whether REGISTER asks for messages."""
        sofia = await self.xml.configuration("sofia.conf", CONFIGURATION)
        if sofia is None:
            return
        self.gateways_known = True
        for profile in sofia.iterfind("./profiles/profile"):
            settings = {one.get("name", ""): one.get("value", "") for one in profile.iterfind("./settings/param")}
            if settings.get("context"):
                self.contexts[profile.get("name", "")] = settings["context"]
            if profile.get("name") == "internal":
                asks = settings.get("send-message-query-on-register")
                self.settings.message_query = asks == "first-only"
                self.settings.message_count = self.settings.message_count and asks not in ("false", "first-only")
        self.gateways = {
            gateway.get("name", ""): _param(gateway, "proxy") or _param(gateway, "realm")
            for gateway in sofia.iterfind("./profiles/profile/gateways/gateway")
        }

    async def _beat(self) -> None:
        sweep_at = time.monotonic() + 5
        while True:
            await asyncio.sleep(min(self.settings.heartbeat, 5))
            if time.monotonic() >= sweep_at:
                self.registrar.sweep()
                sweep_at = time.monotonic() + 5
            if time.time() - getattr(self, "_beaten", 0.0) >= self.settings.heartbeat:
                self._beaten = time.time()
                self.fire_heartbeat()

    def fire_heartbeat(self) -> None:
        uptime = int((time.time() - self.started_at) * 1000)
        self.bus.fire("HEARTBEAT", _HEARTBEAT, [
            ("Event-Info", "System Ready"),
            ("Up-Time", uptime_text(time.time() - self.started_at)),
            ("FreeSWITCH-Version", VERSION),
            ("Uptime-msec", str(uptime)),
            ("Session-Count", str(len(self.channels))),
            ("Max-Sessions", str(self.settings.max_sessions)),
            ("Session-Per-Sec", str(self.settings.sessions_per_second)),
            ("Session-Per-Sec-Last", str(self.sessions_last_second())),
            ("Session-Per-Sec-Max", str(self.peak_sessions)),
            ("Session-Per-Sec-FiveMin", str(self.peak_sessions)),
            ("Session-Since-Startup", str(self.session_count)),
            ("Session-Peak-Max", str(self.peak_sessions)),
            ("Session-Peak-FiveMin", str(self.peak_sessions)),
            ("Idle-CPU", "97.000000"),
        ])  # fmt: skip

    # ------------------------------------------------------------------ channels

    def sessions_last_second(self) -> int:
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 1:
            self._recent.popleft()
        return len(self._recent)

    def add_channel(self, channel: Channel) -> bool:
        """Count a new session in. False is FreeSWITCH's "Throttle Error!": over sessions-per-second or max-sessions."""
        over = self.sessions_last_second() >= self.settings.sessions_per_second
        if over or len(self.channels) >= self.settings.max_sessions:
            logger.warning("Throttle Error! %d sessions", len(self.channels))
            return False
        self._recent.append(time.monotonic())
        self.session_count += 1
        self.channels[channel.uuid] = channel
        self.peak_sessions = max(self.peak_sessions, len(self.channels))
        channel.run_message = lambda message: dialplan.run_message(channel, message)
        return True

    def run(self, channel: Channel, redirect: Redirect | None = None) -> None:
        """Give a channel a dialplan task of its own."""
        if redirect is not None:
            channel.redirect = redirect
        if channel.task is None and not channel.reported.is_set():
            channel.task = self.spawn(dialplan.run(channel))

    def transfer(self, channel: Channel, redirect: Redirect) -> None:
        """Send a channel elsewhere, whatever it does now."""
        channel.redirect = redirect
        channel.wake()
        if channel.task is None and channel.bridged_to is None:
            self.run(channel)

    def report(self, channel: Channel) -> None:
        """A channel reports: its CDR leaves."""
        self.cdr.post(channel.uuid, cdr.record(channel, self.core_uuid, self.settings.name))

    def media_variables(self, channel: Channel) -> dict[str, str]:
        """What a negotiated codec sets. There is no audio; the ports are the phone's own."""
        return {
            "remote_audio_media_flow": "sendrecv",
            "remote_video_media_flow": "inactive",
            "remote_text_media_flow": "inactive",
            "audio_media_flow": "sendrecv",
            "rtp_use_codec_string": "OPUS,PCMU,PCMA",
            "rtp_use_codec_name": "PCMU",
            "rtp_use_codec_rate": "8000",
            "rtp_use_codec_ptime": "20",
            "rtp_use_codec_channels": "1",
            "rtp_last_audio_codec_string": "PCMU@8000h@20i@1c",
            "read_codec": "PCMU",
            "original_read_codec": "PCMU",
            "read_rate": "8000",
            "original_read_rate": "8000",
            "write_codec": "PCMU",
            "write_rate": "8000",
            "dtmf_type": "rfc2833",
            "local_media_ip": "127.0.0.1",
            "advertised_media_ip": "127.0.0.1",
            "remote_media_ip": "127.0.0.1",
            "rtp_2833_send_payload": "101",
            "rtp_2833_recv_payload": "101",
        }

    def global_value(self, name: str) -> str:
        return self.globals.get(name, "")

    async def run_command(self, line: str) -> str:
        """Run an api command: its name and arguments."""
        from apps.switching.lab import commands

        name, _, argument = line.partition(" ")
        return await commands.run(self, name, argument.strip())

    def fire_api(self, command: str, argument: str) -> None:
        """The API event every api command (also one inside a text) is announced with."""
        headers = [("API-Command", command)]
        if argument:
            headers.append(("API-Command-Argument", argument))
        self.bus.fire("API", _API, headers)

    # ------------------------------------------------------------------ phones and carriers

    def attach(self, phone: LabPhone) -> LabPhone:
        """Plug a phone in without registering it."""
        phone.switch = self
        self.phones[phone.username, phone.realm] = phone
        return phone

    async def register(self, phone: LabPhone, expires: int = 3600) -> int:
        """Register a phone; gives the SIP status, 200 or 403."""
        self.attach(phone)
        return await self.registrar.register(phone, expires)

    async def unregister(self, phone: LabPhone) -> int:
        return await self.registrar.register(phone, 0)

    def connect(self, carrier: LabCarrier) -> LabCarrier:
        """Plug a carrier in."""
        carrier.switch = self
        if carrier not in self.carriers:
            self.carriers.append(carrier)
        return carrier

    def carrier_at(self, address: str) -> LabCarrier | None:
        """The carrier at ``host[:port]``, else the first one there is."""
        host, _, port = address.partition(":")
        for carrier in self.carriers:
            if carrier.ip == host and (not port or str(carrier.port) == port):
                return carrier
        return self.carriers[0] if self.carriers else None

    def phone_calls(self, phone: LabPhone, call: LabCall, number: str, headers: dict[str, str]) -> None:
        """An INVITE from a phone on the internal profile."""
        call_id = uuid.uuid4().hex
        name = f"sofia/internal/{phone.username}@{phone.realm}"
        profile = CallerProfile(
            username=phone.username,
            caller_id_name=phone.display_name or phone.username,
            caller_id_number=phone.username,
            network_addr=phone.ip,
            ani=phone.username,
            destination_number=number,
        )
        profile.orig_caller_id_name, profile.orig_caller_id_number = profile.caller_id_name, profile.caller_id_number
        channel = Channel(self, name, "inbound", profile)
        if not self.add_channel(channel):
            call.end("SWITCH_CONGESTION", 503)
            return
        self._begin(channel, call)
        self.spawn(self._admit_phone(phone, call, channel, number, call_id, headers))

    async def _admit_phone(
        self, phone: LabPhone, call: LabCall, channel: Channel, number: str, call_id: str, headers: dict[str, str]
    ) -> None:
        user = await self.registrar.authenticate(phone, "INVITE", number, call_id)
        self.registrar.fire_attempt(phone, call_id, 0, user is not None)
        if user is None or not channel.up:
            self.channels.pop(channel.uuid, None)
            channel.reported.set()
            if not call.is_ended:
                call.end("CALL_REJECTED", FORBIDDEN)
            return
        channel.variables = phone_variables(self, channel, phone, user, number, call_id, headers)
        channel.presence_id = user.variables.get("presence_id") or f"{phone.username}@{phone.realm}"
        channel.profile.context = user.variables.get("user_context") or self.contexts.get("internal", phone.realm)
        channel.created()
        self.run(channel)

    def carrier_calls(
        self, carrier: LabCarrier, call: LabCall, from_number: str, number: str, from_name: str, headers: dict[str, str]
    ) -> None:
        """An INVITE from a carrier on the external profile; context public, no authentication."""
        name = f"sofia/external/{from_number}@{carrier.ip}:{self.settings.external_port}"
        profile = CallerProfile(
            username=from_number,
            caller_id_name=from_name or from_number,
            caller_id_number=from_number,
            network_addr=carrier.ip,
            ani=from_number,
            destination_number=number,
            context=self.contexts["external"],
        )
        profile.orig_caller_id_name, profile.orig_caller_id_number = profile.caller_id_name, profile.caller_id_number
        channel = Channel(self, name, "inbound", profile)
        if not self.add_channel(channel):
            call.end("SWITCH_CONGESTION", 503)
            return
        self._begin(channel, call)
        channel.variables = carrier_variables(self, channel, carrier, number, from_number, from_name, headers)
        channel.has_media = True
        channel.variables.update(self.media_variables(channel))
        channel.created()
        self.run(channel)

    def _begin(self, channel: Channel, call: LabCall) -> None:
        call.channel = channel
        channel.endpoint = call
        channel.set_state("CS_NEW")


def _param(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"./param[@name='{name}']")
    return found.get("value", "") if found is not None else ""
