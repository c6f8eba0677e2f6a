"""``python -m apps.switching.lab``: run one lab node until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.traffic import BadTrafficFileError, Traffic, load


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Options; each may come from the environment as ``KAZOO_LAB_<OPTION>``."""

    def default(name: str, value: str = "") -> str:
        return os.environ.get("KAZOO_LAB_" + name.upper().replace("-", "_"), value)

    parser = argparse.ArgumentParser(
        prog="python -m apps.switching.lab",
        description="The lab switch: a software model of one FreeSWITCH node. It speaks the real event socket, "
        "mod_xml_curl and mod_json_cdr, and has no audio and no SIP.",
        epilog="Every option can be given as an environment variable KAZOO_LAB_<OPTION>, such as KAZOO_LAB_ESL_PORT.",
    )
    parser.add_argument("--name", default=default("name", "lab1"), help="the node's switchname")
    parser.add_argument("--esl-host", default=default("esl-host", "127.0.0.1"), help="address of the event socket")
    parser.add_argument(
        "--esl-port", type=int, default=int(default("esl-port", "8021")), help="port; 0 takes a free one"
    )
    parser.add_argument(
        "--esl-password", default=default("esl-password", "ClueCon"), help="password of the event socket"
    )
    parser.add_argument(
        "--xml-curl-url",
        default=default("xml-curl-url"),
        help="where directory, dialplan and configuration are asked for",
    )
    parser.add_argument("--cdr-url", default=default("cdr-url"), help="where call detail records are posted")
    parser.add_argument("--recordings", default=default("recordings"), help="folder recordings are written to")
    parser.add_argument("--cdr-spool", default=default("cdr-spool"), help="folder for records nobody took")
    parser.add_argument(
        "--node-secret", default=default("node-secret"), help="secret sent as HTTP basic password and X-Node-Secret"
    )
    parser.add_argument("--http-username", default=default("http-username", "freeswitch"), help="HTTP basic user name")
    parser.add_argument(
        "--heartbeat", type=float, default=float(default("heartbeat", "20")), help="seconds between HEARTBEATs"
    )
    parser.add_argument("--traffic", default=default("traffic"), help="JSON file of phones and numbers to keep busy")
    parser.add_argument(
        "--traffic-interval",
        type=float,
        default=float(default("traffic-interval", "4")),
        help="mean seconds between calls",
    )
    parser.add_argument("--log-level", default=default("log-level", "INFO"), help="DEBUG, INFO, WARNING, ERROR")
    return parser.parse_args(given)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM. Raises OSError where the port is taken, `BadTrafficFileError`."""
    accounts = load(Path(options.traffic)) if options.traffic else []
    settings = LabSettings(
        name=options.name,
        esl_host=options.esl_host,
        esl_port=options.esl_port,
        esl_password=options.esl_password,
        xml_curl_url=options.xml_curl_url,
        cdr_url=options.cdr_url,
        cdr_spool=Path(options.cdr_spool) if options.cdr_spool else None,
        recordings=Path(options.recordings) if options.recordings else None,
        node_secret=options.node_secret,
        http_username=options.http_username,
        heartbeat=options.heartbeat,
    )
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with LabSwitch(settings) as switch:
        logging.getLogger(__name__).info(
            "lab switch %s: event socket on %s:%d", settings.name, settings.esl_host, switch.esl_port
        )
        if accounts:
            switch.spawn(Traffic(switch, accounts, options.traffic_interval).run())
        await stopped.wait()


def main() -> int:
    options = arguments()
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(options))
    except (OSError, BadTrafficFileError) as error:
        sys.stderr.write(f"lab switch: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
