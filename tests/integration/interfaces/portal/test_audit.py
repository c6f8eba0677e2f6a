"""The audit trail's page: what a line says, and the filters."""

from __future__ import annotations

from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.actions import record
from apps.foundation.identity.principal import Principal, Role, system_principal
from tests.integration.identity.conftest import Cast
from tests.integration.interfaces.portal.conftest import Furnished


def note(cast: Cast, who: Principal, action: str, target: str, before: str, after: str) -> None:
    with account_scope(cast.tree.bakery):
        record(who, action, action.partition(".")[0], target, {"name": before}, {"name": after})


def test_a_line_says_who_did_what_and_what_changed(cast: Cast, alice: Client) -> None:
    bakery = cast.tree.bakery
    own = Principal(account_id=bakery.id, user_id=cast.bob.id, role=Role.ACCOUNT_ADMIN, method="session")
    note(cast, own, "menu.edited", "m" * 32, "<old>", "x" * 200)
    row = alice.get(f"/portal/{bakery.id}/audit").context["rows"][0]
    assert (row["action"], row["target_id"], row["from_above"]) == ("menu.edited", "m" * 32, False)
    assert row["actor"] == cast.bob.full_name
    assert row["changes"] == [{"field": "name", "before": "<old>", "after": "x" * 59 + "…"}]
    page = alice.get(f"/portal/{bakery.id}/audit").content.decode()
    assert "&lt;old&gt;" in page
    assert "<old>" not in page


def test_a_provider_is_named_by_its_account(cast: Cast, alice: Client, nora: Client) -> None:
    bakery, north = cast.tree.bakery, cast.tree.north
    above = Principal(account_id=north.id, user_id=cast.nora.id, role=Role.RESELLER_ADMIN, method="session")
    note(cast, above, "limits.edited", bakery.id, "1", "2")
    for browser in (alice, nora):
        response = browser.get(f"/portal/{bakery.id}/audit?person=above")
        rows = response.context["rows"]
        assert [(row["actor"], row["from_above"]) for row in rows[:1]] == [(north.name, True)]
    assert cast.nora.id not in response.content.decode()


def test_filters(cast: Cast, bakery: Furnished, alice: Client) -> None:
    note(cast, system_principal(bakery.account.id), "queue.created", "q" * 32, "", "Sales")
    url = f"/portal/{bakery.account.id}/audit"

    def actions(query: str) -> list[str]:
        return [row["action"] for row in alice.get(f"{url}?{query}").context["rows"]]

    assert actions("kind=queue") == ["queue.created"]
    assert actions("q=queue.cre") == ["queue.created"]
    assert actions(f"q={'q' * 32}") == ["queue.created"]
    assert actions("q=nothing") == []
    assert actions("to=2001-01-01&from=2001-01-01") == []
    assert "device.created" in actions("")
    assert "queue" in alice.get(url).context["kinds"]


def test_the_sibling_and_a_plain_user_see_nothing(cast: Cast, bakery: Furnished, bob: Client, nora: Client) -> None:
    assert bob.get(f"/portal/{bakery.account.id}/audit").status_code == 403
    clinic = nora.get(f"/portal/{cast.tree.clinic.id}/audit").content.decode()
    assert bakery.device.id not in clinic
