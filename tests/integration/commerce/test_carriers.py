"""Carriers: which way a call leaves, and which addresses calls may come from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apps.commerce.carriers import resting
from apps.commerce.carriers.actions import create_carrier, delete_carrier, replace_carrier
from apps.commerce.carriers.formatting import CALLER_NUMBER, formatted
from apps.commerce.carriers.models import CarrierResource
from apps.commerce.carriers.queries import GatewayRoute, select_gateways
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import Role, system_principal
from apps.foundation.kit.secrets import decrypt
from apps.pbx.devices.actions import create_device
from apps.switching.calls.dial_string import Contact, Leg, dial_string
from apps.switching.registrar.models import Gateway, TrunkAddress
from tests.cast import Tree

NUMBER = "+14155550100"


def carrier(
    account: Account, name: str, server: str = "192.0.2.10", role: Role = Role.OPERATOR, **document: Any
) -> CarrierResource:
    gateway = {"server": server} | document.pop("gateway", {})
    given = {"name": name, "rules": [r"^\+(\d+)$"], "gateways": [gateway]} | document
    with account_scope(account.id):
        return create_carrier(given, replace(system_principal(account.id), role=role))


def ways(account: Account, number: str = NUMBER, **options: Any) -> list[GatewayRoute]:
    with account_scope(account.id):
        return select_gateways(number, **options)


def names(account: Account, number: str = NUMBER, **options: Any) -> list[str]:
    return [route.resource_name for route in ways(account, number, **options)]


def test_nearest_carriers_come_first_and_cheapest_within(tree: Tree) -> None:
    carrier(tree.master, "global dear", weight_cost=60)
    carrier(tree.master, "global cheap", weight_cost=10)
    carrier(tree.north, "north")
    carrier(tree.bakery, "own")
    carrier(tree.clinic, "somebody else's")
    assert names(tree.branch) == ["own", "north", "global cheap", "global dear"]
    assert names(tree.bakery) == ["own", "north", "global cheap", "global dear"]
    assert names(tree.harbour) == ["global cheap", "global dear"]
    assert names(tree.bakery, include_global=False) == ["own", "north"]


def test_whose_carriers_may_be_chosen(tree: Tree) -> None:
    for account, name in [
        (tree.master, "global"),
        (tree.north, "north"),
        (tree.bakery, "own"),
        (tree.clinic, "foreign"),
    ]:
        carrier(account, name)
    assert names(tree.branch, include_local=False) == ["global"]
    assert names(tree.branch, hunt_account_id=tree.north.id) == ["north"]
    assert names(tree.branch, hunt_account_id=tree.bakery.id) == ["own"]
    assert names(tree.bakery, hunt_account_id=tree.bakery.id) == ["own"]
    for stranger in (tree.clinic.id, tree.south.id, tree.branch.id, "0" * 32):
        assert names(tree.bakery, hunt_account_id=stranger) == []
    assert names(tree.bakery, include_local=False, hunt_account_id=tree.north.id) == ["global"]


def test_an_emergency_call_is_not_choosy(tree: Tree) -> None:
    carrier(tree.north, "north", rules=[r"^(\d+)$"])
    for choice in ({"include_local": False}, {"hunt_account_id": tree.clinic.id}):
        assert names(tree.bakery, "911", emergency=True, **choice) == ["north"]


def test_a_rule_says_what_is_sent(tree: Tree) -> None:
    carrier(tree.master, "us", rules=[r"^\+1(\d{10})$"], gateway={"prefix": "00", "suffix": "#", "port": 5080})
    [route] = ways(tree.bakery)
    assert route.uri == "sip:004155550100#@192.0.2.10:5080"
    assert route.profile == "external"
    assert route.variables["authorizing_type"] == "resource"
    assert ways(tree.bakery, "+442079460000") == []


@pytest.mark.parametrize(
    ("form", "number"),
    [("e164", NUMBER), ("strip_plus", "14155550100"), ("npan", "4155550100"), ("1npan", "14155550100")],
)
def test_a_gateway_writes_numbers_its_way(tree: Tree, form: str, number: str) -> None:
    carrier(tree.master, "us", gateway={"invite_format": form})
    assert ways(tree.bakery)[0].number == number


def test_disabled_ones_are_left_out(tree: Tree) -> None:
    carrier(tree.master, "off", enabled=False)
    carrier(tree.master, "no gateway", gateway={"enabled": False})
    assert names(tree.bakery) == []


def test_flags_and_callers_select(tree: Tree) -> None:
    carrier(tree.master, "plain", weight_cost=1)
    carrier(tree.master, "fax", flags=["fax"], require_flags=True, weight_cost=2)
    carrier(tree.master, "any", ignore_flags=True, weight_cost=3)
    carrier(tree.master, "germans", cid_rules=[r"^\+49"], weight_cost=4)
    assert names(tree.bakery) == ["plain", "any"]
    assert names(tree.bakery, flags=["fax"]) == ["fax", "any"]
    assert names(tree.bakery, caller_id_number="+4930123") == ["plain", "any", "germans"]


def test_emergency_calls_take_what_there_is(tree: Tree) -> None:
    carrier(tree.bakery, "own", rules=[r"^(\+?\d+)$"])
    carrier(tree.master, "rescue", rules=[r"^(911)$"], emergency=True)
    assert names(tree.bakery, "911", emergency=True) == ["rescue", "own"]
    assert names(tree.bakery, "911") == ["own"]


def test_passwords_are_kept_and_never_shown(tree: Tree) -> None:
    made = carrier(tree.bakery, "own", gateway={"username": "bakery", "password": "oven-secret"})
    with account_scope(tree.bakery.id):
        stored = CarrierResource.objects.get(id=made.id)
        assert "oven-secret" not in str(stored.to_document()) + str(stored.gateway_secrets)
        replace_carrier(stored, stored.to_document() | {"weight_cost": "7"}, system_principal(tree.bakery.id))
        assert "oven-secret" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
    [route] = ways(tree.bakery)
    assert route.variables["sip_auth_username"] == "bakery"
    assert route.variables["sip_auth_password"] == "oven-secret"


def test_a_carrier_s_addresses_are_in_the_directory(tree: Tree) -> None:
    made = carrier(tree.master, "us", inbound_networks=["198.51.100.0/24", "192.0.2.10"])
    rows = TrunkAddress.objects.filter(source_id=made.id, source_type="resource")
    assert {str(row.network) for row in rows} == {"192.0.2.10/32", "198.51.100.0/24"}
    with account_scope(tree.master.id):
        replace_carrier(made, made.to_document() | {"enabled": False}, tree.principal)
        assert not rows.filter(enabled=True).exists()
        delete_carrier(made, tree.principal)
    assert not rows.all().exists()


def test_the_switches_register_where_a_gateway_says_so(tree: Tree) -> None:
    with pytest.raises(ValidationFailed) as refused:
        carrier(tree.bakery, "nameless", gateway={"register": True})
    assert list(refused.value.violations) == ["gateways.0.username"]
    made = carrier(tree.bakery, "own", gateway={"register": True, "username": "u", "password": "p", "port": 5070})
    (gateway,) = Gateway.objects.filter(source_id=made.id)
    assert (gateway.account_id, gateway.proxy, gateway.username) == (tree.bakery.id, "192.0.2.10:5070", "u")
    assert decrypt(gateway.password_encrypted) == "p"
    with account_scope(tree.bakery.id):
        replace_carrier(made, {**made.document, "name": "own", "enabled": False}, system_principal(tree.bakery.id))
    assert not Gateway.objects.filter(source_id=made.id).exists()


def test_a_carrier_does_not_claim_a_customer_s_address(tree: Tree) -> None:
    with account_scope(tree.clinic.id):
        system = system_principal(tree.clinic.id)
        create_device({"name": "PBX", "sip": {"method": "ip", "ip": "192.0.2.10"}}, system)
    with pytest.raises(ValidationFailed) as refused:
        carrier(tree.master, "us")
    assert "unique" in refused.value.violations["gateways.0.server"]


@pytest.mark.parametrize("network", ["198.51.0.0/16", "198.51.100.0/23", "2001:db8::/63"])
@pytest.mark.parametrize("role", [Role.ACCOUNT_ADMIN, Role.RESELLER_ADMIN])
def test_only_the_operator_gives_wide_networks(tree: Tree, network: str, role: Role) -> None:
    with pytest.raises(ValidationFailed) as refused:
        carrier(tree.bakery, "own", role=role, inbound_networks=["192.0.2.77", network])
    [violations] = refused.value.violations.values()
    assert "inbound_networks.1" in refused.value.violations
    assert "wider than /" in violations["format"]["message"]
    assert carrier(tree.bakery, "own", inbound_networks=[network])


def test_an_account_keeps_the_wide_network_the_operator_gave_it(tree: Tree) -> None:
    made = carrier(tree.bakery, "own", inbound_networks=["198.51.0.0/16"])
    own = replace(system_principal(tree.bakery.id), role=Role.ACCOUNT_ADMIN)
    with account_scope(tree.bakery.id):
        replace_carrier(made, made.to_document() | {"name": "ours"}, own)
        narrow = ["198.51.100.0/24", "2001:db8::/64"]
        replace_carrier(made, made.to_document() | {"inbound_networks": narrow}, own)
        with pytest.raises(ValidationFailed):
            replace_carrier(made, made.to_document() | {"inbound_networks": ["198.51.0.0/16"]}, own)


@pytest.mark.parametrize("password", ["til~de", "less<", "more>", "a:_b", "bell\x07", "de\x7fl", "do$$ar", "back\\"])
def test_a_password_no_dial_string_can_hold_is_refused(tree: Tree, password: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        carrier(tree.bakery, "own", gateway={"username": "bakery", "password": password})
    assert "pattern" in refused.value.violations["gateways.0.password"]


@pytest.mark.parametrize("password", ["a,b;c=d", "100%&?!@()*+-./:#`_", "grüße"])
def test_every_other_password_reaches_the_dial_string(tree: Tree, password: str) -> None:
    carrier(tree.bakery, "own", gateway={"username": "bakery", "password": password})
    [route] = ways(tree.bakery)
    leg = Leg(Contact(route.uri, route.profile), variables=route.variables)
    assert f"sip_auth_password={password}" in dial_string([leg])


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ({"rules": ["("]}, "rules.0", "regex"),
        ({"rules": ["(x+x+)+y"]}, "rules.0", "regex"),
        ({"gateways": [{}]}, "gateways.0.server", "required"),
        ({"gateways": [{"server": "a b"}]}, "gateways.0.server", "pattern"),
        ({"gateways": [{"server": "a", "port": 0}]}, "gateways.0.port", "minimum"),
        ({"gateways": [{"server": "a", "prefix": "1 2"}]}, "gateways.0.prefix", "pattern"),
        ({"inbound_networks": ["0.0.0.0/0"]}, "inbound_networks.0", "format"),
        ({"inbound_networks": ["somewhere"]}, "inbound_networks.0", "format"),
        ({"weight_cost": 101}, "weight_cost", "maximum"),
        ({"gateways": None}, "gateways", "required"),
    ],
)
def test_wrong_input_is_named(tree: Tree, document: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        carrier(tree.bakery, "own", **document)
    assert rule in refused.value.violations[path]


def test_a_carrier_may_be_chosen_by_the_class_of_the_number(tree: Tree) -> None:
    classes = {"did_us": {"regex": r"^\+1(\d+)$", "prefix": "9", "weight_cost": 1}, "international": {"enabled": False}}
    carrier(tree.bakery, "by rule", weight_cost=20)
    carrier(tree.bakery, "by class", weight_cost=90, classifiers=classes)
    assert names(tree.bakery, classifier="did_us") == ["by class", "by rule"]
    assert ways(tree.bakery, classifier="did_us")[0].number == "94155550100"
    assert names(tree.bakery, "+4930123456", classifier="international") == ["by rule"]
    assert names(tree.bakery, classifier="tollfree_us") == ["by rule"]


def test_a_carriers_formatters_and_codecs_reach_the_call(tree: Tree) -> None:
    formatters = {"request": [{"regex": r"^1(\d{10})$", "prefix": "00", "direction": "outbound"}]}
    media = {"audio": {"codecs": ["OPUS", "PCMU"]}, "video": {"codecs": ["H264"]}}
    carrier(tree.bakery, "own", formatters=formatters, media=media)
    (way,) = ways(tree.bakery)
    assert way.number == "004155550100"
    assert way.variables["absolute_codec_string"] == "OPUS,PCMU,H264"
    carrier(tree.clinic, "other", media=media, gateway={"codecs": ["PCMA"]})
    assert ways(tree.clinic)[0].variables["absolute_codec_string"] == "PCMA"


@pytest.mark.parametrize(
    ("formatters", "written"),
    [
        ({"caller_id_number": {"regex": r"^\+1(\d{10})$"}}, "3125550100"),
        ({"From": [{"regex": r"^\+49"}, {"regex": r"^\+(\d+)$", "prefix": "00"}]}, "0013125550100"),
        ({"caller_id_number": {"value": "100"}}, "100"),
        ({"caller_id_number": {"strip": True}}, ""),
        ({"caller_id_number": {"value": "100", "direction": "inbound"}}, "+13125550100"),
        ({"caller_id_number": {"regex": "(a+)+$", "value": "100"}}, "+13125550100"),
        ({"caller_id_name": {"value": "100"}}, "+13125550100"),
    ],
)
def test_a_formatter_rewrites_the_caller(formatters: dict[str, Any], written: str) -> None:
    assert formatted("+13125550100", CALLER_NUMBER, formatters) == written


def test_a_gateway_that_failed_is_tried_last_for_a_while(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000.0
    monkeypatch.setattr(resting.time, "monotonic", lambda: moment)
    carrier(tree.bakery, "first", weight_cost=1, grace_period=7)
    carrier(tree.bakery, "second", server="192.0.2.11", weight_cost=2)
    first, second = ways(tree.bakery)
    resting.let_rest(first, "USER_BUSY")
    assert resting.rested_first([first, second]) == [first, second]
    resting.let_rest(first, "GATEWAY_DOWN")
    assert resting.rested_first([first, second]) == [second, first]
    moment += 7.5
    assert resting.rested_first([first, second]) == [first, second]
