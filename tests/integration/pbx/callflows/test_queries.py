"""What a call through a number to a user asks of the database, on its way: counted, so that it does not grow unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.foundation.accounts.scope import account_scope
from apps.pbx.callflows.lookup import Arrival, look_up
from apps.pbx.callflows.ringing import Ring, plan
from apps.pbx.endpoints.legs import Asking, Member
from tests.pbx_office import Office, office

__all__ = ["office"]
NUMBER = "+13125550142"


def visit(office: Office, work: Callable[[], Any]) -> list[str]:
    """The statements of one visit to the database, from entering the account's scope on."""
    with CaptureQueriesContext(connection) as captured, account_scope(office.id):
        work()
    return [one["sql"] for one in captured.captured_queries]


def test_a_call_to_a_user_asks_little(office: Office) -> None:
    ada = office.user("ada")
    office.device("desk", owner=ada)
    flow = office.callflow([NUMBER], {"module": "user", "data": {"id": ada.id}, "children": {}})
    arrival = Arrival(NUMBER, flow.id, "", "inbound", "1-1")
    wanted = Ring((Member(ada.id, "user"),))
    assert wanted.keeps_order, "no visit is needed to know who is rung"
    found: list[Any] = []

    begins = visit(office, lambda: found.append(look_up(arrival)))
    rings = visit(office, lambda: found.append(plan(wanted.members, wanted, Asking())))

    assert found[0].callflow_id == flow.id
    assert len(found[1].batches) == 1
    for statements in (begins, rings):
        accounts = [one for one in statements if "accounts_account" in one]
        assert len(accounts) == 1, "the account is read once in a visit"
    assert len(begins) <= 5, begins
    assert len(rings) <= 7, rings
