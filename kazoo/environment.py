"""The environment this copy of the system runs in: typed, checked at the start, and without Django.

`from kazoo.environment import environment` reads the process's variables on first use. The variables themselves
are described in `kazoo/variable_table.py`. `python -m kazoo.environment --write` writes the page about them,
`--check` fails when the page is stale.

A service is *embedded* when `manage.py up` runs it for this copy, *external* when its URL is in the environment.
"""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from kazoo.secret_store import Secrets, load_or_create_secrets
from kazoo.variable_table import VARIABLES
from kazoo.variables import EVERY_ADDRESS, ConfigurationError, MailServer, PortNumber, SwitchAddress

__all__ = ["ConfigurationError", "Environment", "MailServer", "Ports", "SwitchAddress", "environment"]

SwitchKind = Literal["external", "freeswitch", "lab", "none"]

_OTHERS = ("KAZOO_LAB_", "KAZOO_TEST_")  # read by the lab switch alone and by the tests
_RTP_BORDER = 16384
_RTP_PORTS = 2048


@dataclass(frozen=True)
class Ports:
    """Every port of one copy, following from its web port `p`.

    TCP and UDP up to `p + 9`; so copies whose web ports are ten apart never meet. RTP gets 2,048 ports (1,000 ringing
    legs and their RTCP): one of eight ranges chosen by `p // 10`, above 16384 for a web port below it and below
    16384 for one above, so that signalling and media never meet either. Eight copies side by side have ranges of
    their own; a ninth shares the first one's.
    """

    web: PortNumber
    postgres: PortNumber
    valkey: PortNumber
    esl: PortNumber
    outbound: PortNumber
    sip_internal: PortNumber
    sip_external: PortNumber
    rtp_start: PortNumber
    rtp_end: PortNumber

    @property
    def call_servers(self) -> tuple[PortNumber, ...]:
        """Of the first to the fourth call server: `p + 4` and `p + 7` to `p + 9`."""
        return (self.outbound, self.web + 7, self.web + 8, self.web + 9)

    @classmethod
    def after(cls, web: PortNumber) -> Ports:
        """The ports that follow from the web port."""
        first, ranges = (_RTP_BORDER, 8) if web < _RTP_BORDER else (_RTP_PORTS, 7)
        rtp_start = first + web // 10 % ranges * _RTP_PORTS
        return cls(web, web + 1, web + 2, web + 3, web + 4, web + 5, web + 6, rtp_start, rtp_start + _RTP_PORTS - 1)


@dataclass(frozen=True)
class Environment:
    """What the variables say. `*_setting` and `*_url` are None where a variable is not set; properties resolve them."""

    home: Path
    host: str
    port: PortNumber
    public_url_setting: str | None
    allowed_hosts_setting: tuple[str, ...] | None
    trusted_proxies: tuple[str, ...]
    outbound_allowed: tuple[str, ...]
    call_server_host: str
    call_servers: int
    call_server_address_setting: tuple[tuple[str, PortNumber | None], ...] | None
    debug: bool
    demo: bool
    demo_traffic: bool
    embedded_setting: bool | None
    database_url: str | None
    broker_url: str | None
    redis_url: str | None
    switches: tuple[SwitchAddress, ...]
    switch: Literal["auto", "freeswitch", "lab", "none"]
    secret_key_setting: str | None
    encryption_key_setting: str | None
    node_secret_setting: str | None
    api_tokens: int
    speech_engine: str
    speech_command: str | None
    speech_url: str | None
    speech_key: str | None
    speech_model: str
    speech_voices: Mapping[str, str]
    speech_cache_megabytes: int
    recognition_url: str | None
    recognition_key: str | None
    recognition_model: str
    mail_server: MailServer | None

    @cached_property
    def ports(self) -> Ports:
        """Every port of this copy."""
        return Ports.after(self.port)

    @cached_property
    def secrets(self) -> Secrets:
        """The generated secrets; made and written on first use."""
        return load_or_create_secrets(self.home)

    @property
    def secret_key(self) -> str:
        return self.secret_key_setting or self.secrets.secret_key

    @property
    def encryption_key(self) -> str:
        return self.encryption_key_setting or self.secrets.encryption_key

    @property
    def node_secret(self) -> str:
        return self.node_secret_setting or self.secrets.node_secret

    @property
    def esl_password(self) -> str:
        """The event-socket password of the switch `manage.py up` starts."""
        return self.secrets.esl_password

    @property
    def effective_database_url(self) -> str:
        """`DATABASE_URL`, or the embedded PostgreSQL's."""
        if self.database_url:
            return self.database_url
        return f"postgresql://kazoo:{self.secrets.database_password}@127.0.0.1:{self.ports.postgres}/kazoo"

    @property
    def effective_broker_url(self) -> str:
        """`BROKER_URL`, or database 0 of the embedded Valkey."""
        return self.broker_url or self._valkey_url(0)

    @property
    def effective_redis_url(self) -> str:
        """`REDIS_URL`, or database 1 of the embedded Valkey."""
        return self.redis_url or self._valkey_url(1)

    def _valkey_url(self, database: int) -> str:
        return f"redis://:{self.secrets.valkey_password}@127.0.0.1:{self.ports.valkey}/{database}"

    @property
    def needs_postgres(self) -> bool:
        """Whether `manage.py up` runs PostgreSQL."""
        return self.database_url is None

    @property
    def needs_valkey(self) -> bool:
        """Whether `manage.py up` runs Valkey."""
        return self.broker_url is None or self.redis_url is None

    @cached_property
    def switch_kind(self) -> SwitchKind:
        """What stands behind the event socket: `external` nodes, or what `manage.py up` starts."""
        if self.switches:
            return "external"
        if self.switch == "auto":
            # Only the lab plays the demo's traffic.
            return "freeswitch" if shutil.which("freeswitch") and not self.demo_traffic else "lab"
        return self.switch

    @property
    def effective_switches(self) -> tuple[SwitchAddress, ...]:
        """The nodes to connect to: those named, or the one `manage.py up` starts (called `local`), or none."""
        if self.switches or self.switch_kind == "none":
            return self.switches
        return (SwitchAddress("local", "127.0.0.1", self.ports.esl, self.esl_password),)

    @property
    def public_url(self) -> str:
        """The address people use, ending in a slash."""
        if self.public_url_setting:
            return self.public_url_setting
        return f"http://{_reachable(self.host)}:{self.port}/"

    @property
    def local_url(self) -> str:
        """The web process as seen from this machine, ending in a slash: what an embedded switch calls."""
        return f"http://{_reachable(self.host)}:{self.port}/"

    @property
    def xml_curl_url(self) -> str:
        """Where a switch on this machine asks for directory, dialplan and configuration (mod_xml_curl)."""
        return f"{self.local_url}freeswitch/xml"

    @property
    def cdr_url(self) -> str:
        """Where a switch on this machine posts call records (mod_json_cdr)."""
        return f"{self.local_url}freeswitch/cdr"

    @property
    def call_server_addresses(self) -> tuple[str, ...]:
        """`host:port` of every call server, as the switches are told."""
        told = self.call_server_address_setting or ((_reachable(self.call_server_host), None),)
        own = self.ports.call_servers[: self.call_servers]
        addresses = (f"{host}:{one}" for host, port in told for one in ((port,) if port else own))
        return tuple(dict.fromkeys(addresses))

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names the web process answers for, `localhost` and the loopback addresses always among them."""
        own = ("127.0.0.1", "localhost", "[::1]")
        public = self.allowed_hosts_setting or (urlsplit(self.public_url).hostname or "",)
        return tuple(dict.fromkeys((*own, *public)))

    @property
    def log_directory(self) -> Path:
        return self.home / "log"

    @property
    def mail_directory(self) -> Path:
        return self.home / "mail"

    @property
    def demo_file(self) -> Path:
        return self.home / "demo.json"


def _reachable(host: str) -> str:
    """The address to use for reaching something that listens on `host`."""
    if host in EVERY_ADDRESS:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def load_environment(variables: Mapping[str, str]) -> Environment:
    """Read and check every variable of the table.

    Raises ConfigurationError that lists all that is wrong at once, each with its name and an example. An empty
    value counts as not set.
    """
    problems: list[str] = _misspelt(variables)
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        text = variables.get(variable.name) or variable.default
        try:
            values[variable.attribute] = None if text is None else variable.parse(text)
        except ValueError as error:
            shown = "" if variable.secret else f"={text}"
            problems.append(f"{variable.name}{shown} {error}.\n  Example: {variable.name}={variable.example}")
    if not problems:
        problems = [*_missing(values), *_unreachable_call_server(values)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    values["switches"] = values["switches"] or ()
    values["trusted_proxies"] = values["trusted_proxies"] or ()
    values["outbound_allowed"] = values["outbound_allowed"] or ()
    return Environment(**values)


def _missing(values: Mapping[str, Any]) -> list[str]:
    """Once one service is external the others must be too, unless KAZOO_EMBEDDED=1 says that this is meant."""
    urls = [variable for variable in VARIABLES if variable.attribute in {"database_url", "broker_url", "redis_url"}]
    given = [variable.name for variable in urls if values[variable.attribute]]
    wanted = values["embedded_setting"]
    if wanted or (wanted is None and not given):
        return []
    because = "KAZOO_EMBEDDED=0" if wanted is False else f"{' and '.join(given)} is set"
    return [
        f"{variable.name} is missing, and {because}.\n  Example: {variable.name}={variable.example}\n"
        "  To run what is missing embedded, set KAZOO_EMBEDDED=1."
        for variable in urls
        if not values[variable.attribute]
    ]


def _unreachable_call_server(values: Mapping[str, Any]) -> list[str]:
    """Switches elsewhere cannot be told an address that only means "all of mine"."""
    if (
        not values["switches"]
        or values["call_server_host"] not in EVERY_ADDRESS
        or values["call_server_address_setting"]
    ):
        return []
    [variable] = [variable for variable in VARIABLES if variable.attribute == "call_server_address_setting"]
    return [
        f"{variable.name} is missing: KAZOO_CALL_SERVER_HOST={values['call_server_host']} does not say which address "
        f"the switches of KAZOO_SWITCHES reach.\n  Example: {variable.name}={variable.example}"
    ]


def _misspelt(variables: Mapping[str, str]) -> list[str]:
    names = {variable.name: variable for variable in VARIABLES}
    problems = []
    for name in sorted(variables):
        if name.startswith("KAZOO_") and not name.startswith(_OTHERS) and name not in names:
            for meant in difflib.get_close_matches(name, names, n=1, cutoff=0.85):
                if meant not in variables:
                    example = f"{meant}={names[meant].example}"
                    problems.append(f"{name} is not a variable; {meant} is.\n  Example: {example}")
    return problems


if TYPE_CHECKING:
    environment: Environment
else:

    def __getattr__(name: str) -> Environment:
        """Read the process's variables the first time somebody asks for `environment`."""
        if name != "environment":
            raise AttributeError(name)
        globals()["environment"] = load_environment(os.environ)
        return globals()["environment"]


if __name__ == "__main__":
    from kazoo.environment_page import main

    sys.exit(main(sys.argv[1:]))
