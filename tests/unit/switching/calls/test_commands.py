"""What is told to a node holds nothing that would be told besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.switching.calls import commands
from apps.switching.calls.dial_string import Contact, Leg, UnsafeValue


def test_commands_as_the_switch_wants_them() -> None:
    assert commands.hang_up("a-1", "USER_BUSY").arguments == "a-1 USER_BUSY"
    assert commands.transfer("a-1", "2600", other_leg=True).arguments == "a-1 -bleg 2600 XML internal"
    assert commands.check_sync("1001", "acme.test").arguments == "profile internal check_sync 1001@acme.test"
    made = commands.originate([Leg(Contact("sip:1001@127.0.0.1:5060"))], "+15551230001", {"account_id": "a b"})
    assert made.name == "originate"
    assert made.arguments == "'<^^~account_id=a b>sofia/internal/sip:1001@127.0.0.1:5060' +15551230001 XML internal"


@given(st.text())
def test_no_argument_becomes_two(text: str) -> None:
    for make in (
        lambda: commands.hang_up(text),
        lambda: commands.transfer("a-1", text),
        lambda: commands.transfer(text, "2600"),
        lambda: commands.check_sync(text, "acme.test"),
        lambda: commands.flush_registration("1001", text),
        lambda: commands.originate([Leg(Contact("sip:1001@127.0.0.1"))], text, {}),
    ):
        try:
            arguments = make().arguments
        except UnsafeValue:
            continue
        assert "\n" not in arguments
        assert "\r" not in arguments
        assert len(arguments.split(" ")) <= 5


@pytest.mark.parametrize("value", ["2600 XML public", "a\nb", "'", "2600'", "${system x}", ""])
def test_what_is_not_a_number_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        commands.transfer("a-1", value)
