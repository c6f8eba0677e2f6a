"""The reference of the events, written from their classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import getdoc

from apps.foundation.crossbar.reference import Page, register_pages
from apps.foundation.events.catalogue import catalogue
from apps.foundation.events.event import Event
from apps.foundation.events.schemas import data_schema
from apps.interfaces.websockets.asyncapi import is_bindable

_INTRODUCTION = """\
# Events

What the system tells, as it happens. An event has a *key*; a websocket subscribes with the key as its binding, with `*`
for what differs from event to event (`call.CHANNEL_ANSWER.*`). The same, for programs: `/v2/asyncapi.json`.

An event is told once what it is about has been committed. A *durable* one is kept until it was handed over, whatever is
killed on the way, and always has the same `id`; any other reaches who listens at that moment.

With `"snapshot": true` a subscription begins with what is going on now: live calls, parked calls, conference
participants, lamps, messages and registrations, as far as the bindings are about them. What follows is what changed
since, numbered by `sequence`; nothing is missed and nothing comes twice. Where that cannot be kept up the socket is
closed with 1012, and a client that does not keep up with 1013: subscribe again.
"""


def event_pages() -> list[Page]:
    """One page with all of them."""
    kinds = catalogue()
    lines = [_INTRODUCTION, "| event | key | durable | on the websocket |", "|---|---|---|---|"]
    for name, kind in kinds.items():
        for key in kind.keys:
            told = "yes" if is_bindable(key) else "no"
            lines.append(f"| [{name}](#{name.lower()}) | `{key}` | {'yes' if kind.durable else 'no'} | {told} |")
    for name, kind in kinds.items():
        lines += _section(name, kind)
    return [Page("README.md", "\n".join(lines))]


def _section(name: str, kind: type[Event]) -> Iterator[str]:
    yield from ("", f"## {name}", "", " ".join((getdoc(kind) or "").split()), "")
    yield from (f"Version {kind.version}.", "", "| field | type | always | what it is |", "|---|---|---|---|")
    schema = data_schema(kind)
    for field, told in schema["properties"].items():
        always = "yes" if field in schema["required"] else ""
        yield f"| `{field}` | {told.get('type', 'any')} | {always} | {told.get('description', '')} |"
    # A moment is the same in every run, so that the page is.
    example = {**kind.examples()[-1].data()}
    for field in ("timestamp", "channel_created_time", "join_time"):
        if field in example:
            example[field] = 63_931_000_000
    yield from ("", "```json", json.dumps(example, indent=2, ensure_ascii=False), "```")


register_pages("docs/events", event_pages)
