"""Bodies: whatever bytes come, a document or one kind of refusal."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.foundation.crossbar.body import Body, decode_base64, read_body
from apps.foundation.crossbar.conditional import byte_range, matches
from apps.foundation.crossbar.errors import ApiError, RangeNotSatisfiable, ValidationFailed
from tests.unit.crossbar.test_validation import json_values

_KINDS = ["application/json", "", "text/plain", "application/x-www-form-urlencoded", "application/base64", "image/png",
          "multipart/form-data; boundary=x", "multipart/mixed", "nonsense", "application/vnd.api+json"]  # fmt: skip


def read(content: bytes, kind: str, *, raw: bool = False) -> Body:
    return read_body(RequestFactory().generic("PUT", "/v2/x", content, content_type=kind), raw=raw)


@given(st.binary(max_size=300), st.sampled_from(_KINDS), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, kind: str, raw: bool) -> None:
    status = 200
    try:
        json.dumps(read(content, kind, raw=raw).data).encode()
    except ApiError as error:
        status = error.status
    assert status in (200, 400, 413, 415)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.dictionaries(st.text(max_size=4), json_values))
def test_what_was_enveloped_is_unwrapped(data: dict[str, Any], envelope: dict[str, Any]) -> None:
    content = json.dumps({**envelope, "data": data})
    try:
        body = read(content.encode(), "application/json")
    except ValidationFailed:
        assert "\\u0000" in content or "\\ud" in content or len(content) > 60
        return
    assert body.data == json.loads(json.dumps(data))
    assert body.envelope.keys() == envelope.keys() - {"data"}


@given(st.binary(max_size=100))
def test_data_uris_are_decoded(content: bytes) -> None:
    encoded = base64.b64encode(content)
    assert decode_base64(b"data:image/png;base64," + encoded) == ("image/png", content)
    assert decode_base64(encoded) == ("", content)


def test_bad_base64_is_413() -> None:
    with pytest.raises(ApiError) as refused:
        decode_base64(b"data:image/png;base64,?")
    assert refused.value.status == 413


def test_parts_hold_json_and_files() -> None:
    lines = [b"--x", b'Content-Disposition: form-data; name="data"', b"", b'{"data": {"name": "A"}}', b"--x"]
    lines += [b'Content-Disposition: form-data; name="f"; filename="a.png"', b"Content-Type: image/png", b"", b"PNG"]
    body = read(b"\r\n".join([*lines, b"--x--", b""]), "multipart/form-data; boundary=x")
    assert (body.data, body.content, body.content_type) == ({"name": "A"}, b"PNG", "image/png")


@given(st.text(max_size=30), st.integers(0, 50))
def test_ranges_are_inside_the_file_or_refused(header: str, size: int) -> None:
    try:
        found = byte_range(header, size)
    except RangeNotSatisfiable:
        return
    assert found is None or 0 <= found[0] <= found[1] < size


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 50))
def test_ranges_are_what_was_asked_for(first: int, last: int, size: int) -> None:
    header = f"bytes={first}-{last}"
    if first >= size and last >= first:
        with pytest.raises(RangeNotSatisfiable):
            byte_range(header, size)
    elif last >= first:
        assert byte_range(header, size) == (first, min(last, size - 1))


def test_tags() -> None:
    assert matches('"3-a"', "3-a")
    assert matches('W/"3-a", "x"', "3-a")
    assert matches("*", "3-a")
    assert not matches('"2-a"', "3-a")
