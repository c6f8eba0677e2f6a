"""Limits: whether one more call fits."""

from __future__ import annotations

import itertools

import pytest

from apps.commerce.limits.actions import set_limits
from apps.commerce.limits.models import AccountLimits
from apps.commerce.limits.queries import Usage, may_start_call, usage, verdict
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.errors import Forbidden, ValidationFailed
from apps.foundation.identity.principal import Principal, Role
from apps.foundation.kit.clock import now
from apps.switching.calls.models import LiveChannel
from tests.cast import Tree

_legs = itertools.count()


def leg(
    tree: Tree, interaction: str, direction: str = "inbound", *, carrier: bool = False, clinic: bool = False
) -> None:
    account = tree.clinic if clinic else tree.bakery
    LiveChannel.objects.create(
        uuid=f"leg-{next(_legs)}",
        account_id=account.id,
        switch="fs1",
        direction=direction,
        interaction_id=interaction,
        authorizing_type="resource" if carrier else "device",
        created=now(),
    )


def test_a_call_is_counted_once_however_many_legs_it_has(tree: Tree) -> None:
    for _ in range(3):
        leg(tree, "one", "outbound")
    leg(tree, "one", carrier=True)
    leg(tree, "two", "outbound", carrier=True)
    leg(tree, "three")
    leg(tree, "elsewhere", clinic=True)
    with account_scope(tree.bakery.id):
        assert usage() == Usage(calls=3, inbound=1, outbound=1)
        assert usage("one") == Usage(calls=2, inbound=0, outbound=1)


def test_the_call_that_asks_is_not_counted_against_itself(tree: Tree) -> None:
    with account_scope(tree.bakery.id):
        assert may_start_call("inbound").allowed
        set_limits(None, {"calls": 1}, tree.principal)
        leg(tree, "me", carrier=True)
        assert may_start_call("inbound", interaction_id="me").allowed
        refused = may_start_call("inbound", interaction_id="you")
        assert (refused.allowed, refused.reason) == (False, "calls")
        assert may_start_call("outbound", interaction_id="you", emergency=True).allowed


@pytest.mark.parametrize(
    ("limits", "used", "direction", "reason"),
    [
        ({}, Usage(900, 400, 400), "inbound", ""),
        ({"calls": 0}, Usage(0, 0, 0), "internal", "calls"),
        ({"resource_consuming_calls": 2}, Usage(5, 1, 1), "internal", ""),
        ({"resource_consuming_calls": 2}, Usage(5, 1, 1), "inbound", "resource_consuming_calls"),
        ({"inbound_trunks": 2}, Usage(2, 1, 0), "inbound", ""),
        ({"inbound_trunks": 2}, Usage(2, 2, 0), "inbound", "inbound_trunks"),
        ({"inbound_trunks": 2}, Usage(9, 2, 9), "outbound", ""),
        ({"inbound_trunks": 2, "twoway_trunks": 1}, Usage(2, 2, 0), "inbound", ""),
        ({"inbound_trunks": 2, "twoway_trunks": 1}, Usage(3, 3, 0), "inbound", "inbound_trunks"),
        ({"inbound_trunks": 2, "twoway_trunks": 1}, Usage(3, 3, 0), "outbound", "outbound_trunks"),
        ({"inbound_trunks": 2, "twoway_trunks": 1}, Usage(3, 2, 1), "inbound", "inbound_trunks"),
        ({"outbound_trunks": 0}, Usage(0, 0, 0), "outbound", "outbound_trunks"),
        ({"outbound_trunks": 1, "burst_trunks": 1}, Usage(1, 0, 1), "outbound", ""),
    ],
)
def test_trunks(limits: dict[str, int], used: Usage, direction: str, reason: str) -> None:
    assert verdict(AccountLimits(**limits), used, direction).reason == reason  # type: ignore[arg-type]


def test_nobody_lifts_his_own_limits(tree: Tree) -> None:
    own = Principal(account_id=tree.north.id, user_id="n" * 32, role=Role.RESELLER_ADMIN, method="user_auth")
    with account_scope(tree.north.id), pytest.raises(Forbidden):
        set_limits(None, {"calls": 10_000}, own)
    with account_scope(tree.bakery.id):
        limits = set_limits(None, {"calls": "7"}, own)
        set_limits(limits, {"twoway_trunks": 2}, own)
        stored = AccountLimits.objects.get()
        assert (stored.calls, stored.twoway_trunks, stored.revision) == (None, 2, 2)
        with pytest.raises(ValidationFailed) as refused:
            set_limits(limits, {"calls": -1}, own)
    assert "minimum" in refused.value.violations["calls"]
