"""The table of environment variables: every one this system reads, described once.

A row drives three things: parsing, the message an operator gets when the value is wrong, and the page
`docs/administrators/settings.md`. A variable that is not in this table is not read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parent.parent

PortNumber = int
#: Of something that listens: on every address of the machine.
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class ConfigurationError(Exception):
    """The environment cannot be used. The text names each variable, says what is wrong and gives an example."""


@dataclass(frozen=True)
class SwitchAddress:
    """One FreeSWITCH node's inbound event socket (mod_event_socket)."""

    name: str
    host: str
    port: PortNumber
    password: str


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. At most one of `starttls` and `tls` is true."""

    host: str
    port: PortNumber
    username: str
    password: str
    starttls: bool
    tls: bool


@dataclass(frozen=True)
class Variable:
    """One environment variable. `default` is written as it would be in the environment; None means "not set"."""

    name: str
    attribute: str
    kind: str
    description: str
    example: str
    readers: tuple[str, ...]
    parse: Callable[[str], Any]
    default: str | None = None
    default_note: str = ""
    secret: bool = False


def parse_boolean(text: str) -> bool:
    """`1`, `true`, `yes`, `on` and their opposites, in any case."""
    value = text.strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ValueError("is neither 1 nor 0")


def parse_port(text: str) -> PortNumber:
    """The web port. The ports after it are used too, hence the upper limit."""
    if not (text.isascii() and text.isdecimal()) or not 1024 <= int(text) <= 65520:
        raise ValueError("is not a port between 1024 and 65520 (a proxy in front serves 80 and 443)")
    return int(text)


def parse_count(text: str) -> int:
    """A whole number above 0."""
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= 1_000_000_000:
        raise ValueError("is not a number between 1 and 1000000000")
    return int(text)


def parse_host(text: str) -> str:
    """An address or a host name to listen on, without a port."""
    value = text.strip("[]")
    try:
        return str(ip_address(value))
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
            return value
    raise ValueError("is not an address or a host name")


def parse_host_and_port(text: str) -> tuple[str, PortNumber | None]:
    """A host name or an IPv4 address that others can connect to, and a port where one is given."""
    host, colon, port = text.strip().partition(":")
    if colon and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("has a port that is not a number below 65536")
    host = parse_host(host)
    if host in EVERY_ADDRESS:
        raise ValueError("is no address anybody can connect to")
    return host, int(port) if colon else None


def parse_addresses(text: str) -> tuple[tuple[str, PortNumber | None], ...]:
    """What `parse_host_and_port` reads, separated by commas."""
    addresses = tuple(parse_host_and_port(part) for part in text.split(",") if part.strip())
    if not addresses:
        raise ValueError("is empty")
    return addresses


def parse_call_servers(text: str) -> int:
    """How many call servers; there are ports for four."""
    if text not in {"1", "2", "3", "4"}:
        raise ValueError("is not a number between 1 and 4")
    return int(text)


def parse_networks(text: str) -> tuple[str, ...]:
    """Addresses and networks (`10.0.0.0/24`) separated by commas."""
    try:
        networks = tuple(str(ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("has an entry that is neither an address nor a network (10.0.0.0/24)")
    if not networks:
        raise ValueError("is empty")
    return networks


def parse_path(text: str) -> Path:
    """A folder; a relative one is under the repository, so that every command finds the same one."""
    return (REPOSITORY / Path(text).expanduser()).resolve()


def parse_names(text: str) -> tuple[str, ...]:
    """Host names separated by commas."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("is empty")
    return names


def parse_pairs(text: str) -> dict[str, str]:
    """`name=value` pairs separated by commas."""
    pairs = {
        name.strip(): value.strip() for name, _, value in (item.partition("=") for item in text.split(",") if item)
    }
    if not pairs or not all(name and value for name, value in pairs.items()):
        raise ValueError("is not a list of name=value")
    return pairs


def parse_command(text: str) -> str:
    """A command line as a shell would split it; no shell runs it."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("has a quotation mark without its partner") from None
    if not words:
        raise ValueError("is empty")
    return text


def parse_public_url(text: str) -> str:
    """The address people and phones use, ending in one slash."""
    parts = split_url(text, {"http", "https"})
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("has a path or a query; only scheme, host and port are allowed")
    return f"{parts.scheme}://{parts.netloc}/"


def url_of(*schemes: str, path: bool = False) -> Callable[[str], str]:
    """A parser of URLs with one of `schemes`; with `path`, a name after the host is required."""

    def parse(text: str) -> str:
        parts = split_url(text, set(schemes))
        if path and not parts.path.strip("/"):
            raise ValueError("names no database after the host")
        return text

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """A parser that accepts exactly these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return text

    return parse


def parse_switches(text: str) -> tuple[SwitchAddress, ...]:
    """`name=esl://:password@host:port`, separated by commas."""
    switches: list[SwitchAddress] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, url = item.partition("=")
        if not equals or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise ValueError(f"has an entry without a name of small letters, digits and dashes: {_hide(item)}")
        parts = split_url(url, {"esl"})
        if not parts.password:
            raise ValueError(f"gives no password for {name}")
        if name in {switch.name for switch in switches}:
            raise ValueError(f"names {name} twice")
        switches.append(SwitchAddress(name, parts.hostname or "", parts.port or 8021, unquote(parts.password)))
    if not switches:
        raise ValueError("is empty")
    return tuple(switches)


def parse_mail(text: str) -> MailServer:
    """`smtp://`, `smtp+tls://` (STARTTLS, RFC 3207) or `smtps://` (TLS from the first byte, RFC 8314)."""
    parts = split_url(text, {"smtp", "smtp+tls", "smtps"})
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or ports[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme == "smtps",
    )


def parse_secret(text: str) -> str:
    """Any text long enough not to be guessed."""
    if len(text) < 32:
        raise ValueError("is shorter than 32 characters")
    return text


def parse_fernet_key(text: str) -> str:
    """A Fernet key: 32 bytes in url-safe base64."""
    from cryptography.fernet import Fernet

    try:
        Fernet(text)
    except ValueError:
        raise ValueError("is not 32 bytes in url-safe base64")
    return text


def split_url(text: str, schemes: set[str]) -> SplitResult:
    """The parts of a URL that has one of `schemes`, a host, and a port that is a number.

    Raises ValueError whose text never repeats the URL, for it may hold a password.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in schemes:
        raise ValueError(f"does not begin with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))}")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number below 65536")
    if not parts.hostname:
        raise ValueError("names no host")
    return parts


def _hide(text: str) -> str:
    return re.sub(r":[^:@/]*@", ":…@", text)
