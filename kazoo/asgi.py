"""One ASGI application: the switch's questions, the websockets, and Django.

An app's `asgi.py` offers an `application` for every path that begins with its `PREFIX` ("/freeswitch/"): a bare ASGI
application beside Django, for paths where its middleware would cost more than the answer. An app's `routing.py` offers
`websocket_urlpatterns`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kazoo.settings")

from django.core.asgi import get_asgi_application

_django: Any = get_asgi_application()  # loads the apps; what follows imports their models

from channels.routing import URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from apps.foundation.tenants.guards import refuse_transaction_pooling  # noqa: E402
from kazoo import discovery  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

refuse_transaction_pooling()


async def _no_such_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 4404})


_beside_django: dict[str, Application] = {module.PREFIX: module.application for module in discovery.offered("asgi")}
_patterns: list[Any] = [  # a `routing.py` without websockets is an app's own word for something else
    pattern for module in discovery.offered("routing") for pattern in getattr(module, "websocket_urlpatterns", ())
]
_nowhere: Any = _no_such_websocket  # the router takes ASGI applications, Django's annotations expect views
_websockets = URLRouter([*_patterns, re_path("", _nowhere)])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a connection to whom its kind and path belong."""
    if scope["type"] == "websocket":
        await _websockets(scope, receive, send)
        return
    for prefix, beside in _beside_django.items():
        if scope["path"].startswith(prefix):
            await beside(scope, receive, send)
            return
    await _django(scope, receive, send)
