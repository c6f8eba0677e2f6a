"""Acting as somebody else: who may, what it looks like, and the way back."""

from __future__ import annotations

from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from tests.integration.identity.conftest import Cast
from tests.integration.interfaces.portal.conftest import Furnished

BANNER = "You act as"


def act_as(browser: Client, account_id: str, person_id: str) -> int:
    return browser.post(f"/portal/{account_id}/people/{person_id}/act-as").status_code


def test_a_reseller_acts_as_a_customers_person_and_comes_back(cast: Cast, bakery: Furnished, nora: Client) -> None:
    account = bakery.account
    page = nora.get(f"/portal/{account.id}/people/{cast.bob.id}").content.decode()
    assert f"/portal/{account.id}/people/{cast.bob.id}/act-as" in page
    assert BANNER not in page
    assert act_as(nora, account.id, cast.bob.id) == 302
    shown = nora.get("/", follow=True)
    assert shown.redirect_chain[-1][0] == "/my/"
    assert shown.context["acting_from"] == cast.tree.north.name
    assert BANNER in shown.content.decode()
    assert nora.get(f"/portal/{cast.tree.north.id}/").status_code in (403, 404), "nothing but what Bob may"
    assert nora.post("/acting/stop").status_code == 302
    back = nora.get("/", follow=True)
    assert back.redirect_chain[-1][0] == f"/portal/{cast.tree.north.id}/"
    assert BANNER not in back.content.decode()
    with account_scope(account):
        found = AuditEntry.objects.filter(action__startswith="user.impersonat").order_by("created")
        assert [(entry.action, entry.actor_user_id, entry.impersonator_user_id) for entry in found] == [
            ("user.impersonated", cast.nora.id, ""),
            ("user.impersonation_ended", cast.bob.id, cast.nora.id),
        ]


def test_acting_does_not_reach_further(cast: Cast, bakery: Furnished, nora: Client, alice: Client) -> None:
    """An administrator of the account itself, one's own people, and somebody who acts already are refused."""
    assert act_as(alice, bakery.account.id, cast.bob.id) == 403
    assert "act-as" not in alice.get(f"/portal/{bakery.account.id}/people/{cast.bob.id}").content.decode()
    assert act_as(nora, cast.tree.north.id, cast.nora.id) == 403
    assert act_as(nora, bakery.account.id, cast.alice.id) == 302
    assert act_as(nora, bakery.account.id, cast.bob.id) == 403


def test_what_is_done_while_acting_names_both(cast: Cast, bakery: Furnished, nora: Client, alice: Client) -> None:
    act_as(nora, bakery.account.id, cast.alice.id)
    nora.post(f"/portal/{bakery.account.id}/devices/{bakery.device.id}/delete", {"confirmed": "yes"})
    rows = alice.get(f"/portal/{bakery.account.id}/audit?kind=device").context["rows"]
    assert [(row["action"], row["impersonated"]) for row in rows[:1]] == [("device.deleted", True)]


def test_stopping_without_acting_asks_to_sign_in(cast: Cast, alice: Client) -> None:
    assert Client().post("/acting/stop")["Location"].startswith("/login")
    assert alice.post("/acting/stop")["Location"].startswith("/login")
    assert alice.get(f"/portal/{cast.tree.bakery.id}/").status_code == 200, "she is still signed in"
