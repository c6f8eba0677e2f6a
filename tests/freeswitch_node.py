"""A real FreeSWITCH of a test's own with next to no configuration: an event socket, loopback legs, and a dialplan of
the test's. What the product's configuration does is tried with `tests.telephony.stack` instead."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from apps.switching.esl.client import EslClient
from apps.switching.esl.errors import ConnectionLost

PASSWORD = "ClueCon"  # on loopback, for the length of a test
FREESWITCH = shutil.which("freeswitch")
_FOLDERS = ("conf", "log", "run", "db", "storage")
_CONFIGURATION = """<?xml version="1.0"?>
<document type="freeswitch/xml">
  <section name="configuration">
    <configuration name="modules.conf"><modules>
      <load module="mod_event_socket"/><load module="mod_commands"/><load module="mod_dptools"/>
      <load module="mod_dialplan_xml"/><load module="mod_loopback"/><load module="mod_tone_stream"/>
      <load module="mod_sndfile"/><load module="mod_sofia"/><load module="mod_conference"/>
    </modules></configuration>
    <configuration name="event_socket.conf"><settings>
      <param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="{esl}"/>
      <param name="password" value="{password}"/>
    </settings></configuration>
    <configuration name="switch.conf"><settings>
      <param name="sessions-per-second" value="5000"/><param name="max-sessions" value="5000"/>
      <param name="rtp-start-port" value="40000"/><param name="rtp-end-port" value="59998"/>
      <param name="loglevel" value="warning"/>
    </settings></configuration>
    <configuration name="sofia.conf"><profiles><profile name="internal"><settings>
      <param name="sip-ip" value="127.0.0.1"/><param name="rtp-ip" value="127.0.0.1"/>
      <param name="sip-port" value="{sip}"/><param name="dialplan" value="XML"/><param name="context" value="default"/>
      <param name="inbound-codec-prefs" value="PCMU"/><param name="outbound-codec-prefs" value="PCMU"/>
    </settings></profile></profiles></configuration>
    <configuration name="conference.conf"><caller-controls/><profiles><profile name="page">
      <param name="rate" value="8000"/><param name="interval" value="20"/><param name="caller-controls" value="none"/>
    </profile></profiles></configuration>
    <configuration name="timezones.conf"/><configuration name="acl.conf"/><configuration name="loopback.conf"/>
    <configuration name="post_load_modules.conf"><modules/></configuration>
  </section>
  <section name="dialplan"><context name="default">{dialplan}</context></section>
</document>
"""


def free_port() -> int:
    """A port nobody listens on, neither over TCP nor over UDP (SIP wants both), and below those the system gives to
    outgoing connections: one of them would take it before it is listened on."""
    while True:
        port = random.randrange(5100, 9900)
        if all(_is_free(kind, port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port


def _is_free(kind: int, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@asynccontextmanager
async def bare_freeswitch(folder: Path, dialplan: str) -> AsyncIterator[int]:
    """Run one; `dialplan` is the extensions of its only context. Gives the port of its event socket."""
    esl = free_port()
    for name in _FOLDERS:
        (folder / name).mkdir()
    sip = free_port()
    text = _CONFIGURATION.format(esl=esl, sip=sip, password=PASSWORD, dialplan=dialplan)
    (folder / "conf" / "freeswitch.xml").write_text(text)
    folders = [part for name in _FOLDERS for part in (f"-{name}", str(folder / name))]
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        str(FREESWITCH), "-nf", "-nc", "-nonat", "-nosql", *folders, stdin=silent, stdout=silent, stderr=silent
    )
    try:
        async with asyncio.timeout(60):
            while not await _is_up(esl):
                assert process.returncode is None, "freeswitch ended"
                await asyncio.sleep(0.1)
        yield esl
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _is_up(port: int) -> bool:
    try:
        client = await EslClient.connect("127.0.0.1", port, PASSWORD, timeout=2)
    except ConnectionLost:
        return False
    status = await client.api("sofia", "status profile internal")
    await client.close()
    return "RUNNING" in status.text or re.search(r"SIP-IP\s+127", status.text) is not None
