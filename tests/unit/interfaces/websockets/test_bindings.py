"""Bindings match event keys word by word, and never reach another account's database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.interfaces.websockets.bindings import BadBinding, parse_binding

ACCOUNT = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


@pytest.mark.parametrize(
    ("binding", "key", "matches"),
    [
        ("call.CHANNEL_CREATE.*", "call.CHANNEL_CREATE.a-b-c", True),
        ("call.*.*", "call.CHANNEL_DESTROY.x", True),
        ("call.CHANNEL_CREATE.*", "call.CHANNEL_DESTROY.x", False),
        ("call.CHANNEL_CREATE.one", "call.CHANNEL_CREATE.two", False),
        ("call.CHANNEL_CREATE.10.0.0.1-abc", "call.CHANNEL_CREATE.10.0.0.1-abc", True),
        ("presence.dialog.*", "presence.dialog.1002", True),
        ("presence.dialog.ada.b", "presence.dialog.ada.b", True),
        ("presence.dialog.1002", "presence.dialog.1003", False),
        ("presence.*", "presence.mwi_updates.1002", True),
        ("registration.registered.*", "registration.unregistered.d1", False),
        ("object.doc_created.device", "object.doc_created.device.d1", True),
        ("object.doc_created.device.d1", "object.doc_created.device.d2", False),
        ("object.*.user", "object.doc_edited.user.u", True),
        (f"object.doc_edited.{ACCOUNT}.user.*", "object.doc_edited.user.u", True),
        ("object.doc_created.device", "call.CHANNEL_CREATE.x", False),
    ],
)
def test_a_binding_matches_its_keys_and_no_others(binding: str, key: str, matches: bool) -> None:
    assert parse_binding(binding, ACCOUNT).matches(key) is matches


@pytest.mark.parametrize(
    "text",
    ["", "call", "call.*", "call.NOPE.*", "call.CHANNEL_CREATE.", "object.doc_created", "object.x.user", "fax.status.1",
     "presence.repeat", "registration.lost.d1",
     f"object.doc_edited.{OTHER}.user.*", "object.doc_created.secret", None, 7, "call." + "x" * 300],
)  # fmt: skip
def test_what_is_no_binding_is_refused_with_a_sentence(text: object) -> None:
    with pytest.raises(BadBinding, match=r"\w+ \w+"):
        parse_binding(text, ACCOUNT)


@given(st.text(max_size=300))
def test_any_text_is_a_binding_or_refused(text: str) -> None:
    try:
        binding = parse_binding(text, ACCOUNT)
    except BadBinding:
        return
    assert binding.text == text
    assert OTHER not in binding.words or binding.words[-1] == OTHER
