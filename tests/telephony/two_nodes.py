"""The same system with two real FreeSWITCH nodes: `local`, as ever, and `other`, with ports of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.foundation.accounts.bridge import in_directory
from apps.switching.esl.client import EslClient
from apps.switching.switches.models import NodeState, SwitchNode
from kazoo.embedded.freeswitch import start_command
from kazoo.environment import Ports, load_environment
from kazoo.variables import REPOSITORY
from tests.services import free_web_port
from tests.telephony.stack import Stack, until

OTHER = "other"


class TwoNodes(Stack):
    def __init__(self, kind: Any = "freeswitch", **options: Any) -> None:
        super().__init__("freeswitch", **options)
        own, password = self.environment.ports, self.environment.esl_password
        self.ports = _ports_beside(own)
        self.variables |= {
            "KAZOO_NODE_SECRET": self.environment.node_secret,
            "KAZOO_SWITCHES": ",".join(
                f"{name}=esl://:{password}@127.0.0.1:{port}"
                for name, port in (("local", own.esl), (OTHER, self.ports.esl))
            ),
        }
        self.environment = load_environment(self.variables)

    @property
    def other(self) -> tuple[str, int]:
        """Where the other node takes calls of phones."""
        return "127.0.0.1", self.ports.sip_internal

    async def other_esl(self) -> EslClient:
        return await EslClient.connect("127.0.0.1", self.ports.esl, self.environment.esl_password)

    def end_other(self) -> None:
        """Lose it, with all its calls."""
        self.end(OTHER, roughly=True)

    def is_running(self, name: str) -> bool:
        return any(process.poll() is None for running, process in self._running if running == name)

    def _begin_node(self) -> None:
        super()._begin_node()
        home = self.home / OTHER
        settings = replace(self.environment, home=home, port=self.ports.web)
        own = {key: text for key, text in self.variables.items() if key != "KAZOO_SWITCHES"}
        own |= {"KAZOO_HOME": str(home), "KAZOO_PORT": str(self.ports.web)}
        command = start_command(settings)
        for folder in command[command.index("-conf") + 1 :: 2]:
            if str(folder).startswith(str(home)):
                Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {
            "--name": OTHER,
            "--esl-password": self.environment.esl_password,
            "--xml-curl-url": self.environment.xml_curl_url,
            "--cdr-url": self.environment.cdr_url,
        }
        words = [word for pair in options.items() for word in pair]
        subprocess.run(
            [sys.executable, "manage.py", "render_switch", str(home / "freeswitch" / "conf"), *words],
            cwd=REPOSITORY, env={**os.environ, **own}, check=True, capture_output=True,
        )  # fmt: skip
        self._run(OTHER, command)

    async def node_is_up(self) -> bool:
        def both() -> bool:
            ports = {"local": self.environment.ports.esl, OTHER: self.ports.esl}
            up = SwitchNode.objects.filter(state=NodeState.UP).values_list("name", "port")
            return dict(up).items() >= ports.items()

        return await in_directory(both)

    async def other_is_down(self) -> None:
        async def down() -> bool:
            return not await self.node_is_up()

        await until(down, "the loss of the other node is noticed", 30)


def _ports_beside(own: Ports) -> Ports:
    """Those of a copy whose media ports are others, too."""
    while True:
        ports = Ports.after(free_web_port())
        if ports.rtp_start != own.rtp_start and abs(ports.web - own.web) >= 10:
            return ports
