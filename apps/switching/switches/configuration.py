"""A FreeSWITCH node's configuration: `deploy/freeswitch/freeswitch.xml` with this installation's values filled in."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from kazoo.environment import Environment
from kazoo.variables import REPOSITORY

TEMPLATE = REPOSITORY / "deploy" / "freeswitch" / "freeswitch.xml"
#: The name of the node `manage.py up` starts.
LOCAL_NODE = "local"
#: The certificates a node trusts when it fetches media over https; this is Debian's.
CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")
_PLACE = re.compile(r"%\{(\w+)\}%")


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What differs between nodes. `esl_allowed` is the network (CIDR) event-socket clients come from."""

    name: str
    sip_ip: str
    sip_internal: int
    sip_external: int
    rtp_start: int
    rtp_end: int
    esl_ip: str
    esl_port: int
    esl_password: str
    esl_allowed: str
    xml_curl_url: str
    cdr_url: str
    node_secret: str
    log_file: Path
    cdr_spool: Path
    fax_folder: Path
    http_cache: Path
    ca_file: Path = CA_FILE
    max_sessions: int = 10_000
    sessions_per_second: int = 1_000

    @property
    def hold_music(self) -> str:
        """What a caller on hold hears where the account has no music: the installation's, from where the node asks."""
        return f"{self.xml_curl_url.removesuffix('xml')}files/melody.wav"


def local_node(environment: Environment) -> NodeSettings:
    """The node that runs beside this installation, on loopback only."""
    home, ports = environment.home / "freeswitch", environment.ports
    return NodeSettings(
        name=LOCAL_NODE,
        sip_ip="127.0.0.1",
        sip_internal=ports.sip_internal,
        sip_external=ports.sip_external,
        rtp_start=ports.rtp_start,
        rtp_end=ports.rtp_end,
        esl_ip="127.0.0.1",
        esl_port=ports.esl,
        esl_password=environment.esl_password,
        esl_allowed="127.0.0.0/8",
        xml_curl_url=environment.xml_curl_url,
        cdr_url=environment.cdr_url,
        node_secret=environment.node_secret,
        log_file=home / "log" / "freeswitch.log",
        cdr_spool=cdr_spool(environment),
        fax_folder=home / "temp",
        http_cache=home / "cache" / "http",
    )


def cdr_spool(environment: Environment) -> Path:
    """Where the node beside this installation keeps the call records nobody took."""
    return environment.home / "freeswitch" / "cdr_spool"


def render(settings: NodeSettings) -> str:
    """The node's freeswitch.xml. Values are escaped; a name the settings do not have raises KeyError."""
    known = asdict(settings) | {"hold_music": settings.hold_music}
    values = {name: escape(str(value), {'"': "&quot;"}) for name, value in known.items()}
    return _PLACE.sub(lambda place: values[place[1]], TEMPLATE.read_text(encoding="utf-8"))


def write_configuration(settings: NodeSettings, folder: Path) -> Path:
    """Write freeswitch.xml into `folder`, for our eyes only, as it holds the node's secrets. Answers where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    settings.cdr_spool.mkdir(parents=True, exist_ok=True)
    target, draft = folder / "freeswitch.xml", folder / f".freeswitch.xml.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(render(settings), encoding="utf-8")
    draft.replace(target)
    return target


@cache
def configuration_files(settings: NodeSettings) -> dict[str, str]:
    """`<configuration>` by name (`sofia.conf`), for a node that asks over HTTP."""
    root = ElementTree.fromstring(render(settings))  # noqa: S314 - our own file
    return {
        element.attrib["name"]: ElementTree.tostring(element, encoding="unicode").replace(
            "$${hold_music}", settings.hold_music
        )
        for element in root.iterfind("./section[@name='configuration']/configuration")
    }
