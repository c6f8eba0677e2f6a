"""Is a port free, and if not, who has it?"""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from kazoo.embedded.processes import ServiceError, command_of


@dataclass(frozen=True)
class PortNeed:
    """A port something is about to listen on."""

    purpose: str
    host: str
    port: int
    udp: bool = False


def check_ports(needs: list[PortNeed], web_port: int) -> None:
    """Raise ServiceError that names each port in use, who has it, and the variable that moves it."""
    taken = [(need, problem) for need in needs if (problem := _problem(need))]
    if not taken:
        return
    lines = [f"Port {need.port} ({need.purpose}) {problem}." for need, problem in taken]
    lines.append(f"Every port follows from KAZOO_PORT={web_port}: stop that program, or move this copy, for example")
    lines.append(f"  KAZOO_PORT={web_port + 10} make run")
    raise ServiceError("\n".join(lines))


def _problem(need: PortNeed) -> str | None:
    family = socket.AF_INET6 if ":" in need.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM if need.udp else socket.SOCK_STREAM) as probe:
        if not need.udp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((need.host, need.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"is in use by {owner_of(need.port, udp=need.udp) or 'another program'}"
            return f"cannot be opened on {need.host} (KAZOO_HOST): {error.strerror}"
    return None


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts TCP connections there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def owner_of(port: int, *, udp: bool = False) -> str | None:
    """The process that listens on a port, as `command (pid 123)`; None when it belongs to somebody we may not see."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, "udp" if udp else "tcp")}
    for folder in Path("/proc").iterdir() if sockets else ():
        if not folder.name.isdigit():
            continue
        try:
            with os.scandir(folder / "fd") as descriptors:
                if any(os.readlink(descriptor.path) in sockets for descriptor in descriptors):
                    return f"{command_of(int(folder.name))[:80]} (pid {folder.name})"
        except OSError:
            continue
    return None


def _inodes(port: int, protocol: str) -> set[str]:
    """The inodes of listening sockets (proc_net_tcp: local address is hex, state 0A is LISTEN, UDP's is 07)."""
    found = set()
    for table in (protocol, f"{protocol}6"):
        try:
            rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if int(columns[1].rpartition(":")[2], 16) == port and columns[3] in {"0A", "07"}:
                found.add(columns[9])
    return found
