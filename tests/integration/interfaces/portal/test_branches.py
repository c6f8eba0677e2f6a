"""What a reseller sees of branches of customers, and numbers and directions as its pages show them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.commerce.cdrs.actions import record_legs
from apps.commerce.cdrs.legs import FinishedLeg
from apps.foundation.accounts.models import Account
from apps.foundation.kit.clock import now
from apps.interfaces.pages.phone_numbers import shown_number
from tests.integration.identity.conftest import Cast
from tests.integration.interfaces.portal.conftest import Furnished, finish_call


def finish(account: Account, interaction: str, dialed: str, *, carrier: bool, caller: str = "1001") -> None:
    """An internal phone's call, answered by a carrier or a phone."""
    started = now() - timedelta(minutes=5)
    shared = {
        "account_id": account.id, "switch": "fs1", "started": started, "ended": started + timedelta(seconds=30),
        "interaction_id": interaction, "caller_id_name": "", "caller_id_number": caller, "answered": started,
        "hangup_cause": "NORMAL_CLEARING", "dialed_number": dialed, "call_kind": "internal",
    }  # fmt: skip
    legs = [
        FinishedLeg(call_id=f"a-{account.id}-{interaction}", direction="inbound", authorizing_type="device", **shared),
        FinishedLeg(
            call_id=f"b-{account.id}-{interaction}",
            direction="outbound",
            authorizing_type="resource" if carrier else "device",
            **shared,
        ),
    ]  # fmt: skip
    assert record_legs(legs) == {}


def test_a_resellers_history_and_home_reach_down_to_branches(
    cast: Cast, bakery: Furnished, nora: Client, alice: Client
) -> None:
    """Bakery's branch is two levels below the reseller; the other reseller's customer is not below it at all."""
    tree = cast.tree
    finish_call(tree.branch, cast.bob, interaction="branch-call")
    finish_call(tree.harbour, cast.bob, interaction="harbour-call")
    response = nora.get(f"/portal/{tree.north.id}/calls")
    found = {(row["id"], row["account_name"]) for row in response.context["rows"]}
    assert found == {(bakery.interaction_id, tree.bakery.name), ("branch-call", tree.branch.name)}
    assert f"/portal/{tree.branch.id}/calls/branch-call" in response.content.decode()
    assert nora.get(f"/portal/{tree.branch.id}/calls/branch-call").status_code == 200
    csv = b"".join(nora.get(f"/portal/{tree.north.id}/calls.csv").streaming_content).decode()
    assert tree.branch.name in csv
    assert "harbour-call" not in csv
    assert nora.get(f"/portal/{tree.north.id}/").context["counts"]["calls_today"] == 2
    own = alice.get(f"/portal/{tree.bakery.id}/calls").context
    assert ([row["id"] for row in own["rows"]], own["show_account"]) == ([bakery.interaction_id], False)


def test_one_call_of_two_accounts_is_a_line_of_each(cast: Cast, bakery: Furnished, nora: Client) -> None:
    finish(cast.tree.clinic, bakery.interaction_id, "1002", carrier=False)
    rows = nora.get(f"/portal/{cast.tree.north.id}/calls").context["rows"]
    assert {(row["account_name"], row["leg_count"]) for row in rows} == {
        (cast.tree.bakery.name, 2), (cast.tree.clinic.name, 2)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("dialed", "carrier", "direction"),
    [("+13125550177", True, "outbound"), ("3125550177", True, "outbound"), ("911", True, "outbound"),
     ("+13125550177", False, "outbound"), ("1002", False, "internal")],
)  # fmt: skip
def test_the_directions_filter_finds_what_the_rows_say(
    dialed: str, carrier: bool, direction: str, cast: Cast, alice: Client
) -> None:
    bakery = cast.tree.bakery
    finish(bakery, "one-call", dialed, carrier=carrier)
    for asked in ("", "inbound", "outbound", "internal"):
        rows = alice.get(f"/portal/{bakery.id}/calls?direction={asked}").context["rows"]
        assert [row["direction"] for row in rows] == ([direction] if asked in ("", direction) else [])


def test_numbers_have_the_form_of_the_accounts_country(cast: Cast, alice: Client) -> None:
    bakery = cast.tree.bakery
    Account.objects.filter(id=bakery.id).update(document={**bakery.document, "country": "DE"})
    finish(bakery, "one-call", "+493012345678", carrier=True, caller="+13125550100")
    row = alice.get(f"/portal/{bakery.id}/calls").context["rows"][0]
    assert (row["from_number"], row["to_number"]) == ("+1 312-555-0100", "030 12345678")


@pytest.mark.parametrize(
    ("number", "region", "shown"),
    [("+13125550100", "US", "(312) 555-0100"), ("+13125550100", "GB", "+1 312-555-0100"),
     ("+442079460018", "GB", "020 7946 0018"), ("1001", "GB", "1001"), ("*72", "US", "*72"), ("911", "US", "911"),
     ("anonymous", "US", "anonymous"), ("", "US", "")],
)  # fmt: skip
def test_forms_of_numbers(number: str, region: str, shown: str) -> None:
    assert shown_number(number, region) == shown
