"""Events, whichever way they came: `PlainEvent` (percent-encoded lines) or `JsonEvent`. Both decode only when asked.

`decode_event` is the fast road for a consumer that knows its fields: it decodes straight into the consumer's msgspec
Struct. Header values are text in both formats; an array (several values pushed onto one variable) reads
`ARRAY::a|:b`, as plain has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from apps.switching.esl.errors import ProtocolError
from apps.switching.esl.framer import Frame
from apps.switching.esl.headers import HeaderBlock

StructType = TypeVar("StructType", bound=msgspec.Struct)


class Event:
    """One event of the switch. `get` takes header names exactly as FreeSWITCH writes them."""

    __slots__ = ()

    @property
    def body(self) -> str:
        """The event's own body (a job's result, a message's text), `""` where there is none."""
        raise NotImplementedError

    def get(self, header: str, default: str = "") -> str:
        """A header's text, `default` where the event does not have it."""
        raise NotImplementedError

    def as_dict(self) -> dict[str, str]:
        """Every header; a repeated one has its first value."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """`CHANNEL_ANSWER`, `CUSTOM`, ..."""
        return self.get("Event-Name")

    @property
    def subclass(self) -> str:
        """A CUSTOM event's kind, such as `sofia::register`."""
        return self.get("Event-Subclass")

    @property
    def uuid(self) -> str:
        """The channel this event is about, `""` where it is about none."""
        return self.get("Unique-ID")

    @property
    def sequence(self) -> int:
        """The switch's running number of this event; -1 where it gave none. Numbers count *all* events of the
        switch."""
        text = self.get("Event-Sequence")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1

    def variable(self, name: str, default: str = "") -> str:
        """A channel variable's text."""
        return self.get("variable_" + name, default)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.subclass or self.name} {self.uuid}>"


class PlainEvent(Event):
    """An event in `plain` format. Its header block ends at the first empty line; nothing behind it is a header."""

    __slots__ = ("_block", "_body")

    def __init__(self, payload: bytes) -> None:
        end = payload.find(b"\n\n")
        self._block = HeaderBlock(payload if end < 0 else payload[:end])
        self._body = b"" if end < 0 else payload[end + 2 :]

    @property
    def body(self) -> str:
        return self._body.decode("utf-8", "replace")

    def get(self, header: str, default: str = "") -> str:
        value = self._block.get(header)
        return default if value is None else value

    def as_dict(self) -> dict[str, str]:
        return self._block.first_values()


class JsonEvent(Event):
    """An event in `json` format, decoded whole on first use. Raises `ProtocolError` there if it is no JSON object."""

    __slots__ = ("_headers", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._headers: dict[str, str] | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], body: str = "") -> JsonEvent:
        """An event made of these headers, for fakes and simulations."""
        return cls(msgspec.json.encode({**headers, "_body": body} if body else dict(headers)))

    @property
    def body(self) -> str:
        return self.get("_body")

    def get(self, header: str, default: str = "") -> str:
        return self._decoded().get(header, default)

    def as_dict(self) -> dict[str, str]:
        headers = dict(self._decoded())
        headers.pop("_body", None)
        return headers

    def _decoded(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = read_json_headers(self.raw)
        return self._headers


def read_json_headers(raw: bytes) -> dict[str, str]:
    """A JSON event as text by header name, the first of a repeated header winning; raises `ProtocolError`."""
    try:
        found = _text_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _careful_json(raw)  # an array, bytes that are not UTF-8, or no JSON at all
    # Between two members stands `","`; where the sums differ a name is repeated (or a value is odd): read with care.
    return found if raw.count(b'","') == len(found) - 1 else _careful_json(raw)


def _careful_json(raw: bytes) -> dict[str, str]:
    try:
        pairs = json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=_Pairs, strict=False)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a json event is not JSON") from error
    if not isinstance(pairs, _Pairs):
        raise ProtocolError("a json event is not an object")
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers.setdefault(name.encode("utf-8", "replace").decode(), _as_text(value))
    return headers


class _Pairs(list[tuple[str, Any]]):
    pass


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list) and not isinstance(value, _Pairs):
        return "ARRAY::" + "|:".join(map(_as_text, value))
    return "" if value is None else str(value)


_text_decoder = msgspec.json.Decoder(dict[str, str])


@lru_cache(maxsize=64)
def _struct_decoder(struct: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct, strict=False)


@lru_cache(maxsize=64)
def _struct_fields(struct: type[Any]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(struct))


def decode_event(source: Frame | Event, struct: type[StructType]) -> StructType:
    """Decode one event into the consumer's Struct, whose `rename` gives each field its header name.

    Numbers may be declared as such (`int` fields read `"12"`). Raises `ProtocolError` when a field is missing or will
    not fit; that says something about this one event, not about the connection. A header repeated in a json event
    gives its last value here (FreeSWITCH repeats with different values only in COMMAND events); `JsonEvent` gives the
    first.
    """
    if isinstance(source, Frame):
        source = JsonEvent(source.body) if source.content_type == "text/event-json" else PlainEvent(source.body)
    if isinstance(source, JsonEvent):
        try:
            return cast(StructType, _struct_decoder(struct).decode(source.raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # an array where one text was expected, or bytes that are not UTF-8: the slow road reads both
    fields: dict[str, str] = {}
    for name in _struct_fields(struct):
        value = source.body if name == "_body" else source.get(name, _MISSING)
        if value is not _MISSING:
            fields[name] = value
    try:
        return msgspec.convert(fields, struct, strict=False)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"an event does not fit {struct.__name__}: {error}") from error


_MISSING = "\0missing"
