"""What a flow says it would do with a call is what it does."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.explaining import explain_call
from apps.pbx.numbers.models import NumberState, PhoneNumber
from tests.api_client import ApiClient
from tests.cast import Tree
from tests.integration.pbx.callflows.test_lint import HANG_UP, NOBODY, jump, node
from tests.integration.pbx.conftest import admin, bakery, tree
from tests.integration.pbx.test_api import alice

__all__ = ["admin", "alice", "bakery", "tree"]


def modules(answer: Any) -> list[tuple[str, bool, int | None]]:
    return [(step["module"], step["certain"], step["after"]) for step in answer["steps"]]


def test_every_way_is_followed_and_says_why(tree: Tree, alice: ApiClient) -> None:
    busy = node("response", code=486)
    flow = node("answer", {"_": node("device", {"USER_BUSY": busy, "_": HANG_UP}, id=NOBODY)})
    made = alice.put("callflows", {"numbers": ["1001"], "flow": flow}).data
    told = alice.get(f"callflows/{made['id']}/explain?from=%2B13125550100&to=1001").data
    assert modules(told) == [("answer", True, None), ("device", True, 1), ("response", False, 2), ("hangup", False, 2)]
    ways = told["steps"][1]["ways"]
    assert [way["child"] for way in ways] == [None, "USER_BUSY", "_"]
    assert all(way["why"] for way in ways)
    assert told["complete"] is True
    assert (told["from"], told["to"], told["refused"]) == ("+13125550100", "1001", False)


def test_a_number_explains_itself(tree: Tree, alice: ApiClient) -> None:
    PhoneNumber.objects.create(number="+14155550100", account_id=tree.bakery.id, state=NumberState.IN_SERVICE)
    place = "phone_numbers/%2B14155550100/explain"
    assert alice.get(place).data["refused"] is True
    made = alice.put("callflows", {"numbers": ["+14155550100"], "flow": HANG_UP}).data
    told = alice.get(place).data
    assert (told["callflow_id"], told["matched"], modules(told)) == (
        made["id"],
        "+14155550100",
        [("hangup", True, None)],
    )
    PhoneNumber.objects.update(state=NumberState.RESERVED)
    assert alice.get(place).data["refused"] is True


def test_the_catch_all_is_for_own_phones_and_preflow_comes_first(admin: Principal, alice: ApiClient) -> None:
    alice.put("callflows", {"numbers": ["no_match"], "flow": HANG_UP})
    assert explain_call(Asking("+442079460000")).verdict
    own = explain_call(Asking("+442079460000", call_kind="internal", authorizing_id="x"))
    assert (own.verdict, own.matched) == ("", "no_match")
    assert not explain_call(Asking("words", call_kind="internal", authorizing_id="x")).callflow_id
    first = alice.put("callflows", {"numbers": ["1000"], "flow": node("answer")}).data
    assert alice.patch("", {"preflow": {"always": first["id"]}}).status == 200
    told = explain_call(Asking("+442079460000", call_kind="internal", authorizing_id="x"))
    assert [step["module"] for step in told.steps] == ["answer", "hangup"]


def test_a_circle_is_cut_and_what_is_wrong_is_named(tree: Tree, alice: ApiClient) -> None:
    made = alice.put("callflows", {"numbers": ["1001"], "flow": HANG_UP}).data
    menu = node("menu", {"1": jump(made["id"]), "2": HANG_UP})
    assert alice.post(f"callflows/{made['id']}", {"numbers": ["1001"], "flow": menu}).status == 200
    told = alice.get(f"callflows/{made['id']}/explain").data
    assert told["complete"] is False
    assert len(told["steps"]) <= 300
    for query in ("at=yesterday", "at=99999999999999", "device_id=nobody"):
        assert alice.get(f"callflows/{made['id']}/explain?{query}").status == 400
    for query in ("at=2026-11-23T10:00:00%2B01:00", "at=63900000000", "at=2026-11-23"):
        assert alice.get(f"callflows/{made['id']}/explain?{query}").status == 200


@pytest.mark.parametrize("path", ["callflows/{id}/explain", "callflows/{id}/versions", "callflows/{id}/drafts"])
def test_plain_users_are_told_nothing(tree: Tree, alice: ApiClient, path: str) -> None:
    from tests.integration.pbx.test_api import signed_in

    made = alice.put("callflows", {"numbers": ["1001"], "flow": HANG_UP}).data
    bob = signed_in(tree.bakery, "bob", "user")
    assert bob.get(path.format(id=made["id"])).status == 403
