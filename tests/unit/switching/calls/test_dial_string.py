"""Dial strings, read back by the lab's model of the switch's own parser: what went in comes out, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.switching.calls.dial_string import (
    LEGS_IN_A_CHUNK,
    Contact,
    Gateway,
    Leg,
    Redial,
    UnsafeValue,
    dial_string,
    display_text,
    safe_text,
    settable,
    shown_name,
)
from apps.switching.lab import dialstring as switch_side

ANY_TEXT = st.text(max_size=40)
HOSTILE = st.text(alphabet="a1 ,|~:_'\"\\${}[]<>^=\n\r\t;/&@é", max_size=24)


def phone(number: int, **variables: str) -> Leg:
    return Leg(Contact(f"sip:{number}@192.0.2.7:5060;transport=udp"), variables=variables)


def test_one_leg_with_its_variables() -> None:
    leg = Leg(Contact("sip:1001@192.0.2.7:5060"), timeout=15, delay=3, variables={"sip_h_X-Why": "a, b; c=d"})
    text = dial_string([leg], {"originate_timeout": "20"})
    assert text == (
        "<^^~originate_timeout=20>[^^~sip_h_X-Why=a, b; c=d~leg_timeout=15~leg_delay_start=3]"
        "sofia/internal/sip:1001@192.0.2.7:5060"
    )


def test_a_refused_password_is_not_in_the_refusal() -> None:
    with pytest.raises(UnsafeValue) as refused:
        str(phone(1, sip_auth_password="til~de"))
    assert "sip_auth_password" in str(refused.value)
    assert "til~de" not in str(refused.value)


@pytest.mark.parametrize("count", [1, 2, 127, 128, 254, 255, 1000])
def test_every_leg_is_dialled_whatever_their_number(count: int) -> None:
    legs = [phone(number, device=str(number)) for number in range(count)]
    parsed = switch_side.parse(dial_string(legs, {"originate_timeout": "20"}))
    assert [leg.variables["device"] for leg in parsed.legs] == [str(number) for number in range(count)]
    assert [leg.endpoint for leg in parsed.legs] == ["sofia"] * count
    assert parsed.variables == {"originate_timeout": "20"}
    assert max(len(legs) for group in parsed.groups for legs in group.rounds) <= LEGS_IN_A_CHUNK


def test_gateways_redials_and_ipv6() -> None:
    assert str(Leg(Gateway("acme-east.1", "+13125550100"))) == "sofia/gateway/acme-east.1/+13125550100"
    assert str(Leg(Redial("*72", "bakery.test"))) == "loopback/*72/bakery.test/XML"
    assert str(Contact("sip:1001@[2001:db8::7]:5060;transport=tls")).endswith("@[2001:db8::7]:5060;transport=tls")


@pytest.mark.parametrize(
    "uri",
    ["", "1001@x", "sip:a b@x", "sip:a@x,sofia/internal/sip:b@x", "sip:a@x:_:loopback/9", "sip:a@x:_", "sip:a@[x,y]",
     "sip:a@x|error/USER_BUSY", "sip:a@x\n", "sip:${system id}@x", "sip:a@x]", "http://x/", "sip:a'@x"],
)  # fmt: skip
def test_a_contact_that_is_more_than_a_contact_is_refused(uri: str) -> None:
    with pytest.raises(UnsafeValue):
        str(Contact(uri))


@pytest.mark.parametrize(
    "target",
    [
        *(Gateway(name, number) for name, number in [("a,b", "1"), ("", "1"), ("a", ""), ("a", "1@b"), ("a", "1,x/y")]),
        *(Redial(number, context) for number, context in [("1/x", "c"), ("1", "c/XML"), ("", "c")]),
    ],
)
def test_a_number_that_is_more_than_a_number_is_refused(target: Gateway | Redial) -> None:
    with pytest.raises(UnsafeValue):
        str(target)


def test_nothing_and_far_too_much_are_refused() -> None:
    with pytest.raises(ValueError):
        dial_string([])
    with pytest.raises(ValueError):
        dial_string([phone(1)] * (127 * 128 + 1))


@settings(max_examples=400)
@given(name=st.one_of(ANY_TEXT, HOSTILE), value=st.one_of(ANY_TEXT, HOSTILE), shared=st.one_of(ANY_TEXT, HOSTILE))
def test_no_value_forges_a_variable_or_a_leg(name: str, value: str, shared: str) -> None:
    """Either refused, or read back as exactly that value of exactly that variable, on exactly these legs."""
    legs = [phone(1, caller=value, **({name: "x"} if name else {})), *(phone(n) for n in range(2, 131))]
    try:
        text = dial_string(legs, {"shared": shared})
    except UnsafeValue:
        return
    parsed = switch_side.parse(text)
    assert [leg.data for leg in parsed.legs] == [
        f"internal/sip:{n}@192.0.2.7:5060;transport=udp" for n in range(1, 131)
    ]
    wanted = {"caller": value.strip()} if value.strip() else {}
    assert parsed.legs[0].variables == (wanted | {name: "x"} if name else wanted)
    assert parsed.variables == ({"shared": shared.strip()} if shared.strip() else {})
    assert all(not leg.variables for leg in parsed.legs[1:])


@settings(max_examples=400)
@given(st.one_of(ANY_TEXT, HOSTILE))
def test_a_contact_is_refused_or_dialled_alone(text: str) -> None:
    try:
        dialled = dial_string([Leg(Contact(f"sip:{text}@192.0.2.7"))])
    except UnsafeValue:
        return
    parsed = switch_side.parse(dialled)
    assert [leg.data for leg in parsed.legs] == [f"internal/sip:{text}@192.0.2.7"]


@settings(max_examples=300)
@given(st.one_of(st.text(), HOSTILE))
def test_any_persons_name_can_be_shown(name: str) -> None:
    shown = display_text(name)
    assert safe_text(shown) == shown
    assert display_text(shown) == shown


def test_names_stay_readable() -> None:
    assert display_text("O'Brien, Pat [Sales]") == "O’Brien, Pat (Sales)"
    assert display_text("101 - Bör 去 Škofja Loka") == "101 - Bör 去 Škofja Loka"
    assert display_text("${system(id)}") == "＄(system(id))"


def test_of_a_customers_headers_only_the_possible_are_kept() -> None:
    given_headers = {"sip_h_X-Good": "yes", "sip_h_X Bad": "no", "sip_h_X-Evil": "a]sofia/x", "sip_h_X-None": " "}
    assert settable(given_headers.items()) == {"sip_h_X-Good": "yes"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sales: Pat", "Sales - Pat"),
        ("24/7 Support", "24-7 Support"),
        ("pat@home", "pat(at)home"),
        ("Room 12:30", "Room 12-30"),
        ("O'Brien", "O’Brien"),
        (":", "-"),
    ],
)
def test_a_name_is_shown_whole(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert shown_name(shown) == shown
