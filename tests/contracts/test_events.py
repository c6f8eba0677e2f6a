"""What every event promises. Events come from the catalogue: a new one is held to this without a word here."""

from __future__ import annotations

import json
from inspect import getdoc
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.foundation.crossbar.reference.pages import all_pages
from apps.foundation.events import outbox
from apps.foundation.events.catalogue import catalogue
from apps.foundation.events.event import Event
from apps.foundation.events.schemas import data_schema, names_in, pattern_of
from apps.foundation.events.vocabulary import FIELDS
from apps.interfaces.websockets.asyncapi import document, is_bindable
from apps.interfaces.websockets.bindings import available_bindings

KINDS = catalogue()
#: Told to reactions and to the system itself only.
NOT_ON_THE_WEBSOCKET = ("account.", "file.", "notification.", "presence.repeat")


@pytest.mark.parametrize("name", KINDS)
def test_an_event_says_what_it_is(name: str) -> None:
    kind = KINDS[name]
    assert kind.__module__.endswith((".events", ".emergency"))
    assert getdoc(kind), "a docstring is its description"
    assert kind.version >= 1
    assert kind.keys
    assert kind.examples()


@pytest.mark.parametrize("name", KINDS)
def test_the_examples_have_the_keys_it_declares(name: str) -> None:
    patterns = [pattern_of(key) for key in KINDS[name].keys]
    for example in KINDS[name].examples():
        assert any(pattern.fullmatch(example.key) for pattern in patterns), example.key


@pytest.mark.parametrize("name", KINDS)
def test_every_word_has_its_one_meaning(name: str) -> None:
    for example in KINDS[name].examples():
        assert not example.data().keys() - FIELDS.keys(), "describe it in apps/foundation/events/vocabulary.py"
    for key in KINDS[name].keys:
        assert not set(names_in(key)) - FIELDS.keys()


def test_no_word_is_described_that_nobody_says() -> None:
    said = {word for kind in KINDS.values() for example in kind.examples() for word in example.data()}
    assert not FIELDS.keys() - said


@pytest.mark.parametrize("name", KINDS)
def test_an_event_goes_through_the_outbox_unchanged(name: str) -> None:
    for example in KINDS[name].examples():
        told = outbox.told(example).to_json()
        assert json.loads(json.dumps(told)) == told
        assert (told["type"], told["key"], told["version"]) == (name, example.key, KINDS[name].version)


@pytest.mark.parametrize("name", KINDS)
def test_a_subscriber_can_hear_it(name: str) -> None:
    for key in KINDS[name].keys:
        assert is_bindable(key) is not key.startswith(NOT_ON_THE_WEBSOCKET), key


def test_every_binding_has_its_event() -> None:
    keys = {tuple(key.split(".")[:2]) for kind in KINDS.values() for key in kind.keys}
    bound = {tuple(text.split(".")[:2]) for forms in available_bindings().values() for text in forms}
    assert not bound - keys


def test_the_description_is_served_and_complete() -> None:
    reply = Client().get("/v2/asyncapi.json")
    assert (reply.status_code, reply["Access-Control-Allow-Origin"]) == (200, "*")
    served = json.loads(reply.content)
    assert served["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in served["channels"].values()} == {
        "/websocket",
        *(key for kind in KINDS.values() for key in kind.keys),
    }
    for reference in _references(served):
        _found(served, reference)
    call = served["components"]["messages"]["CallChanged"]
    assert (call["x-durable"], call["x-version"]) == (True, 1)
    assert "hangup_cause" not in served["components"]["schemas"]["CallChanged"]["required"]


def test_parameters_are_those_of_the_address() -> None:
    for channel in document()["channels"].values():
        assert sorted(channel.get("parameters", {})) == sorted(set(names_in(channel["address"])))


def test_the_page_shows_every_event() -> None:
    (page,) = all_pages()["docs/events"]
    assert page.text == all_pages()["docs/events"][0].text, "it is the same every time"
    for name, kind in KINDS.items():
        assert f"## {name}" in page.text
        assert all(f"`{key}`" in page.text for key in kind.keys)


def test_a_schema_knows_the_types() -> None:
    fields = data_schema(KINDS["ConferenceChanged"])["properties"]
    assert (fields["hear"]["type"], fields["participant_id"]["type"]) == ("boolean", "integer")
    assert fields["custom_channel_vars"]["type"] == "object"


def test_an_event_without_an_example_is_nothing() -> None:
    event = Event(settings.SECRET_KEY[:8])
    for ask in (lambda: event.key, event.data, Event.examples):
        with pytest.raises(NotImplementedError):
            ask()


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [one for value in part.values() for one in _references(value)]
    if isinstance(part, list):
        return [one for value in part for one in _references(value)]
    return []


def _found(served: dict[str, Any], reference: str) -> Any:
    place: Any = served
    for word in reference.removeprefix("#/").split("/"):
        place = place[word.replace("~1", "/").replace("~0", "~")]
    return place
