"""`manage.py web`: the ASGI server."""

from __future__ import annotations

from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandParser

from kazoo.environment import Environment, environment

_GRACE_SECONDS = 5


def trusting(settings: Environment) -> dict[str, Any]:
    """X-Forwarded-For and X-Forwarded-Proto are worth nothing unless a proxy of ours wrote them."""
    proxies = list(settings.trusted_proxies)
    return {"proxy_headers": bool(proxies), "forwarded_allow_ips": proxies}


class Command(BaseCommand):
    """uvicorn on `kazoo.asgi`."""

    help = "Serve the API, the portals, the switch's questions and the websockets."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--access-log", action="store_true", help="write a line for every request")

    def handle(self, *args: Any, **options: Any) -> None:
        uvicorn.run(
            "kazoo.asgi:application",
            host=environment.host,
            port=environment.port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            lifespan="off",
            **trusting(environment),
            server_header=False,
            access_log=options["access_log"],
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
