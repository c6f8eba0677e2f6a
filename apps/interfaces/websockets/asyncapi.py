"""AsyncAPI 3.0 of the websocket and of every event there is, made from the classes of the events."""

from __future__ import annotations

import json
from functools import cache
from inspect import getdoc
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from apps.foundation.events.catalogue import catalogue
from apps.foundation.events.event import Event
from apps.foundation.events.schemas import data_schema, names_in
from apps.foundation.events.vocabulary import FIELDS
from apps.interfaces.websockets.bindings import BadBinding, parse_binding
from kazoo import __version__

_ANY = "0" * 32
_TEXT = {"type": "string"}
_DESCRIPTION = (
    "Events are told once what they are about has been committed. Subscribe on the websocket to what you want to hear, "
    "with an event's address as the binding and an id or `*` for what differs. A durable event is kept until it was "
    "handed over, and comes at least once, always with the same id; any other reaches who listens at that moment. "
    "Within a version fields may be added, and none is removed or changes its meaning."
)


@cache
def document_bytes() -> bytes:
    return json.dumps(document(), cls=DjangoJSONEncoder).encode()


def document() -> dict[str, Any]:
    """The whole description. Operations are the server's: it sends events, and receives what clients ask for."""
    kinds = catalogue()
    address = urlsplit(settings.PUBLIC_URL)
    channels: dict[str, Any] = {"websocket": _socket()}
    operations: dict[str, Any] = {
        "receiveRequest": _operation("receive", "websocket", ("subscribe", "unsubscribe", "ping")),
        "sendReply": _operation("send", "websocket", ("reply",)),
        "sendEvent": _operation("send", "websocket", ("event",)),
    }
    for name, kind in kinds.items():
        for key in kind.keys:
            channel = key.replace("{", "").replace("}", "")
            channels[channel] = _channel(name, kind, key)
            operations[f"tell {channel}"] = _operation("send", channel, (name,))
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kazoo for Django: events", "version": __version__, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {
                "host": address.netloc,
                "pathname": "/websocket",
                "protocol": "wss" if address.scheme == "https" else "ws",
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {**_frames(), **{name: _message(name, kind) for name, kind in kinds.items()}},
            "schemas": {name: data_schema(kind) for name, kind in kinds.items()},
        },
    }


def is_bindable(key: str) -> bool:
    """Whether a websocket can subscribe to events of this form."""
    for name in names_in(key):
        key = key.replace(f"{{{name}}}", "*")
    try:
        parse_binding(key.removesuffix(".*.*") + ".*" if key.startswith("object.") else key, _ANY)
    except BadBinding:
        return False
    return True


def _socket() -> dict[str, Any]:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in _frames()}
    return {"address": "/websocket", "servers": [{"$ref": "#/servers/websocket"}], "messages": messages}


def _channel(name: str, kind: type[Event], key: str) -> dict[str, Any]:
    return {
        "address": key,
        "parameters": {word: {"description": FIELDS.get(word, "")} for word in names_in(key)},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "x-websocket": is_bindable(key),
    }


def _operation(action: str, channel: str, messages: tuple[str, ...]) -> dict[str, Any]:
    place = "#/channels/" + channel.replace("~", "~0").replace("/", "~1")
    return {
        "action": action,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{name}"} for name in messages],
    }


def _message(name: str, kind: type[Event]) -> dict[str, Any]:
    said = " ".join((getdoc(kind) or "").split())
    examples = [{"name": example.key.replace(".", " "), "payload": example.data()} for example in kind.examples()]
    return {
        "name": name,
        "title": name,
        "summary": said.partition(". ")[0].rstrip(".") + ".",
        "description": said,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": examples,
        "x-version": kind.version,
        "x-durable": kind.durable,
    }


def _frames() -> dict[str, Any]:
    """What goes over the socket itself."""
    asked = {
        "action": _TEXT,
        "auth_token": {**_TEXT, "description": "A token of the API."},
        "request_id": {**_TEXT, "description": "Comes back in the reply."},
    }
    about = {
        "account_id": {**_TEXT, "description": "The account to listen to."},
        "bindings": {"type": "array", "items": _TEXT, "description": "What to listen to; or one, in `binding`."},
        "binding": _TEXT,
    }
    snapshot = {
        "type": "boolean",
        "description": "Have the reply say what is going on now (`snapshot`) and a `sequence`. What follows is what "
        "changed since, each frame with the next number: nothing is missed and nothing comes twice. Should that become "
        "impossible the socket is closed with 1012: subscribe again.",
    }
    replied = {
        "subscribed": {"type": "array", "items": _TEXT},
        "unsubscribed": {"type": "array", "items": _TEXT},
        "subscriptions": {"type": "array", "items": _TEXT, "description": "All of this socket in the account."},
        "errors": {"type": "array", "items": _TEXT},
        "sequence": {"type": "integer", "description": "The number before the next frame's."},
        "snapshot": {
            "type": "object",
            "description": "`calls` and `parked_calls` for bindings of calls, `participants` of conferences, `lamps` "
            "and `messages` of presence, `registrations` of registrations.",
        },
    }
    event = {
        "subscribed_key": {**_TEXT, "description": "The binding it was sent for."},
        "subscription_key": {**_TEXT, "description": "The same."},
        "name": {**_TEXT, "description": "The second word of the key."},
        "routing_key": {**_TEXT, "description": "The event's key."},
        "id": {**_TEXT, "description": "The event's id, the same wherever it is told."},
        "sequence": {"type": "integer", "description": "After a snapshot: the number of this frame."},
        "data": {"type": "object", "description": "The event."},
    }
    frames = {
        "subscribe": _frame({**asked, "data": _object({**about, "snapshot": snapshot})}, "subscribe"),
        "unsubscribe": _frame({**asked, "data": _object(about)}, "unsubscribe"),
        "ping": _frame(asked, "ping"),
        "reply": _frame(
            {"request_id": _TEXT, "status": {"enum": ["success", "error"]}, "data": _object(replied)}, "reply"
        ),
        "event": _frame(event, "event"),
    }
    return {name: {"name": name, "payload": payload} for name, payload in frames.items()}


def _frame(fields: dict[str, Any], action: str) -> dict[str, Any]:
    return {**_object({**fields, "action": {"const": action}}), "required": ["action"]}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields}
