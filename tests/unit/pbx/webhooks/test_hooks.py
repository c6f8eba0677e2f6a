"""Which webhook is told of which event, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.foundation.events.catalogue import catalogue
from apps.pbx.webhooks.hooks import HOOKS, NOTIFICATIONS, described, kind_of, payload_of, samples, wants
from apps.pbx.webhooks.sending import Outgoing, flat, request_of

DEVICE = "object.doc_edited.device.d1"


@pytest.mark.parametrize(
    ("hook", "document", "key", "expected"),
    [
        ("object", {}, DEVICE, True),
        ("object", {"type": "device", "action": ["doc_edited"]}, DEVICE, True),
        ("object", {"type": ["user", "vmbox"]}, DEVICE, False),
        ("object", {"type": ["user", "all"]}, DEVICE, True),
        ("object", {"custom_data": {"type": "user"}}, DEVICE, False),
        ("object", {"custom_data": {"action": "doc_deleted"}}, DEVICE, False),
        ("notifications", {"type": "voicemail_new"}, "voicemail.new_voicemail.b1", True),
        ("notifications", {"type": "register"}, "voicemail.new_voicemail.b1", False),
        ("notifications", {}, "voicemail.mailbox_changed.b1", False),
        ("parking", {}, "call.PARK_RETRIEVED.c1", True),
        ("channel_create", {}, "call.CHANNEL_DESTROY.c1", False),
        ("recording", {}, "recording.ready.r1", True),
        ("all", {}, "presence.dialog.101", True),
        ("no longer there", {}, DEVICE, False),
    ],
)
def test_who_is_told(hook: str, document: dict[str, Any], key: str, expected: bool) -> None:
    assert wants(hook, document, key, {}) is expected


def test_internal_legs_are_left_out_where_nobody_wants_them() -> None:
    inner = {"is_internal_leg": True}
    assert wants("channel_create", {}, "call.CHANNEL_CREATE.c1", inner)
    assert not wants("channel_create", {"include_internal_legs": False}, "call.CHANNEL_CREATE.c1", inner)
    assert wants("channel_create", {"include_internal_legs": False}, "call.CHANNEL_CREATE.c1", {})


def test_every_prefix_is_the_beginning_of_some_event() -> None:
    keys = [key for kind in catalogue().values() if kind.durable for key in kind.keys]
    for name, hook in HOOKS.items():
        for prefix in hook.prefixes:
            assert any(key.startswith(prefix) for key in keys), (name, prefix)
    assert set(NOTIFICATIONS) <= {kind_of(key) for key in keys}


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_sample(name: str) -> None:
    found = samples(name)
    assert found
    for sample in found:
        assert sample["hook_event"] == name or name == "all"
        assert list(flat(sample))


def test_hooks_are_described_as_kazoo_describes_them() -> None:
    found = json.loads(json.dumps({name: described(name) for name in HOOKS}))
    assert found["object"]["modifiers"]["action"]["items"] == ["all", "doc_created", "doc_edited", "doc_deleted"]
    assert found["notifications"]["modifiers"]["type"]["items"]["register"]["friendly_name"] == "Registration"
    assert set(found["notifications"]["modifiers"]["type"]["items"]) == {"all", *NOTIFICATIONS.values()}


def test_all_says_which_event_it_is() -> None:
    assert payload_of("all", {}, "call.CHANNEL_ANSWER.c1", {"call_id": "c1"})["hook_event"] == "channel_answer"
    assert payload_of("all", {}, "account.disabled.a1", {})["hook_event"] == "account.disabled"


def test_custom_data_lies_over_what_is_told() -> None:
    custom = {"type": "user", "action": "all", "id": "mine", "office": "main"}
    told = payload_of("object", {"custom_data": custom}, DEVICE, {"type": "device", "action": "doc_edited", "id": "d1"})
    assert told == {"hook_event": "object", "type": "device", "action": "doc_edited", "id": "mine", "office": "main"}


def test_forms_are_written_as_kazoo_writes_them() -> None:
    payload = {"a": {"b": {"c": 1}, "d": ["x", "y"]}, "yes": True, "none": None, "rows": [{"k": 1}]}
    assert list(flat(payload)) == [
        ("a[b][c]", "1"), ("a[d][]", "x"), ("a[d][]", "y"), ("yes", "true"), ("rows[]", '{"k": 1}'),
    ]  # fmt: skip


def test_get_keeps_the_address_own_parameters() -> None:
    out = Outgoing("u1", "https://example.com/x?own=a%26b#part", {"name": "é"}, "get", account_id="a", hook_id="h")
    verb, uri, body, headers = request_of(out, 1)
    assert (verb, uri, body) == ("GET", "https://example.com/x?own=a%26b&name=%C3%A9", b"")
    assert (headers["X-Hook-ID"], headers["X-Account-ID"], headers["webhook-id"]) == ("h", "a", "u1")
