"""No name can end an attribute or a tag."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from apps.interfaces.freeswitch.directory import user_document
from apps.interfaces.freeswitch.markup import document, element, escaped


@given(st.text())
def test_any_text_is_one_attribute(text: str) -> None:
    parsed = ElementTree.fromstring(document("directory", element("user", name=text)))
    [user] = parsed.iter("user")
    assert list(user.attrib) == ["name"]
    unfit = {char for char in text if ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF or ord(char) in (0xFFFE, 0xFFFF)}
    assert user.attrib["name"] == "".join(char for char in text if char not in unfit)


@given(st.text(), st.text(), st.text(), st.dictionaries(st.text(min_size=1), st.text()))
def test_a_user_stays_one_user(username: str, realm: str, a1_hash: str, variables: dict[str, str]) -> None:
    import json

    row = {
        "username": username,
        "realm": realm,
        "a1_hash": a1_hash,
        "account_id": "a" * 32,
        "device_id": "d" * 32,
        "owner_id": "",
        "variables": json.dumps(variables),
    }
    parsed = ElementTree.fromstring(user_document(row))
    assert len(list(parsed.iter("user"))) == 1
    assert {child.tag for child in parsed.iter()} == {
        "document", "section", "domain", "groups", "group", "users", "user", "params", "param", "variables", "variable",
    }  # fmt: skip
    told = [one for one in parsed.iter("variable") if one.attrib["name"] == "account_id"]
    assert [one.attrib["value"] for one in told] == ["a" * 32]


def test_escapes() -> None:
    assert escaped("""a&b<c>"d'""") == "a&amp;b&lt;c&gt;&quot;d&apos;"
    assert escaped("a\0\n\ud800b") == "ab"
