"""What a switch asks and hands in: `POST /freeswitch/xml` (mod_xml_curl), `POST /freeswitch/cdr` (mod_json_cdr), and
files to play and recordings to keep below `/freeswitch/files/` (mod_http_cache).

A bare ASGI application beside Django: the questions come with every REGISTER and every call, and need neither
middleware nor the ORM.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from apps.interfaces.freeswitch import dialplan, fetched, files, intake, passages, spoken
from apps.interfaces.freeswitch.directory import Directory
from apps.interfaces.freeswitch.door import Refused, node_name, require_switch
from apps.interfaces.freeswitch.markup import NOT_FOUND, document
from apps.interfaces.freeswitch.store import DatabaseAway, store
from apps.switching.switches.configuration import LOCAL_NODE, configuration_files, local_node
from kazoo.environment import environment

log = logging.getLogger(__name__)

PREFIX = "/freeswitch/"
FILES = PREFIX + "files/"
MAX_QUESTION = 1024 * 1024
MAX_FIELDS = 5_000
#: A record holds every variable of a leg; one of 4 MB has been seen to make a record of 16 MB.
MAX_RECORD = 20 * 1024 * 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, bytes]

_directory = Directory()


class TooLarge(Exception):
    """The body is longer than is read."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request."""
    try:
        if scope["path"].startswith(FILES):
            require_switch(environment, _client(scope))
            await files.serve(scope, receive, send)
            return
        if scope["path"].startswith(spoken.PREFIX):
            require_switch(environment, _client(scope))
            await spoken.serve(scope, send)
            return
        if scope["path"].startswith(fetched.PREFIX):
            require_switch(environment, _client(scope))
            await fetched.serve(scope, send)
            return
        status, body = await _serve(scope, receive)
    except Refused as refused:
        log.warning("a switch's request was refused: %s", refused)
        status, body = refused.status, b""
    except TooLarge:
        status, body = 413, b""
    except DatabaseAway:
        status, body = 503, b""
    except Exception:
        log.exception("a switch's request failed")
        status, body = 500, b""
    headers = [(b"content-type", b"text/xml; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="kazoo switch"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve(scope: Scope, receive: Receive) -> Answer:
    if scope["method"] != "POST":
        return 405, b""
    headers = dict(scope["headers"])
    node = node_name(environment, _client(scope), headers.get(b"authorization", b""))
    if scope["path"] == PREFIX + "xml":
        return 200, await _answer(await _body(receive, headers, MAX_QUESTION), node)
    if scope["path"] == PREFIX + "cdr":
        leg = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("uuid", [""])[0]
        return await intake.take_in(await _body(receive, headers, MAX_RECORD), node, leg), b""
    return 404, b""


def _client(scope: Scope) -> str:
    address: str = (scope.get("client") or ("", 0))[0]
    return address


async def _answer(body: bytes, node: str) -> bytes:
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return NOT_FOUND
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value.replace("\0", ""))
    section = fields.get("section")
    if section == "directory":
        return await _directory.answer(fields, store())
    if section == "dialplan":
        if (conference := await passages.answer(fields, node)) is not None:
            return conference
        return await dialplan.answer(fields, store(), environment.call_server_addresses)
    if section == "configuration" and node == LOCAL_NODE:
        found = configuration_files(local_node(environment)).get(fields.get("key_value", ""))
        return document("configuration", found) if found else NOT_FOUND
    return NOT_FOUND


async def _body(receive: Receive, headers: dict[bytes, bytes], most: int) -> bytes:
    if int(headers.get(b"content-length", b"0") or 0) > most:
        raise TooLarge
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the switch hung up while sending")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLarge
        more = message.get("more_body", False)
    return b"".join(parts)
