"""The callflow's tree: adding, editing and removing steps through the dialogs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.foundation.accounts.scope import account_scope
from apps.interfaces.portal.verbs import label_of
from apps.pbx.callflows.models import Callflow
from apps.pbx.callflows.registry import verbs
from tests.integration.interfaces.portal.conftest import Furnished

HTMX = {"HX-Request": "true"}


def address(there: Furnished, action: str, path: str) -> str:
    return f"/portal/{there.account.id}/flows/{there.flow.id}/step?action={action}&path={path}"


def tree_of(there: Furnished) -> dict[str, Any]:
    with account_scope(there.account.id):
        return Callflow.objects.get(id=there.flow.id).flow


def test_a_step_is_added_below_another(bakery: Furnished, alice: Client) -> None:
    sales = {"module": "tts", "key": "USER_BUSY", "text": "All lines are busy", "voice": "female"}
    answer = alice.post(address(bakery, "add", "root"), sales, headers=HTMX)
    assert answer.status_code == 200
    assert (answer["HX-Retarget"], answer["HX-Trigger"]) == ("#flow-tree", "dialog-close")
    assert "All lines are busy" in answer.content.decode()
    step = tree_of(bakery)["children"]["USER_BUSY"]
    assert (step["module"], step["data"]["text"]) == ("tts", "All lines are busy")
    again = alice.post(address(bakery, "add", "root"), sales, headers=HTMX)
    assert "key" in again.context["form"].errors


def test_a_step_keeps_what_its_form_does_not_show(bakery: Furnished, alice: Client) -> None:
    with account_scope(bakery.account.id):
        flow = Callflow.objects.get(id=bakery.flow.id)
        flow.flow["data"]["ours"] = "kept"
        flow.save()
    change = {"id": bakery.bob.id, "timeout": "45", "delay": "0", "strategy": "single"}
    assert alice.post(address(bakery, "edit", "root"), change).status_code == 302
    step = tree_of(bakery)
    assert (step["data"]["timeout"], step["data"]["strategy"], step["data"]["ours"]) == (45, "single", "kept")
    assert set(step["children"]) == {"_"}, "what is below stays"


def test_removing_a_step_takes_those_below(bakery: Furnished, alice: Client) -> None:
    page = alice.get(address(bakery, "remove", "root"), headers=HTMX)
    assert page.context["removed_count"] == 1
    alice.post(address(bakery, "remove", "root/_"), headers=HTMX)
    assert tree_of(bakery)["children"] == {}
    alice.post(address(bakery, "remove", "root"), headers=HTMX)
    assert tree_of(bakery) == {}
    alice.post(address(bakery, "add", ""), {"module": "hangup", "key": "_"}, headers=HTMX)
    assert tree_of(bakery)["module"] == "hangup"


def test_members_of_a_ring_group_step_keep_their_delays(bakery: Furnished, alice: Client) -> None:
    member = {"endpoint_type": "device", "id": bakery.device.id, "delay": 7}
    with account_scope(bakery.account.id):
        flow = Callflow.objects.get(id=bakery.flow.id)
        flow.flow = {"module": "ring_group", "data": {"endpoints": [member]}, "children": {}}
        flow.save()
    chosen = [f"device:{bakery.device.id}", f"user:{bakery.bob.id}"]
    change = {"name": "Two", "endpoints": chosen, "strategy": "simultaneous", "timeout": "20", "repeats": "1"}
    assert alice.post(address(bakery, "edit", "root"), change).status_code == 302
    first, second = tree_of(bakery)["data"]["endpoints"]
    assert (first["id"], first["delay"]) == (bakery.device.id, 7)
    assert (second["id"], second["endpoint_type"]) == (bakery.bob.id, "user")


@pytest.mark.parametrize("module", sorted(verbs()))
def test_every_verb_has_a_form_that_shows_its_examples(module: str, bakery: Furnished, alice: Client) -> None:
    page = alice.get(address(bakery, "add", "root") + f"&module={module}", headers=HTMX)
    assert page.status_code == 200
    assert label_of(module)
    for example in verbs()[module].examples:
        with account_scope(bakery.account.id):
            Callflow.objects.filter(id=bakery.flow.id).update(flow={"module": module, "data": example, "children": {}})
        assert alice.get(address(bakery, "edit", "root"), headers=HTMX).status_code == 200
        assert alice.get(f"/portal/{bakery.account.id}/flows/{bakery.flow.id}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("action=edit&path=root/nowhere", 404),
        ("action=remove&path=", 404),
        ("action=explode&path=root", 400),
        ("action=add&path=root/%00", 404),
        ("", 400),
    ],
)
def test_paths_that_name_no_step(query: str, status: int, bakery: Furnished, alice: Client) -> None:
    url = f"/portal/{bakery.account.id}/flows/{bakery.flow.id}/step?{query}"
    assert alice.get(url).status_code == status
    assert alice.post(url).status_code == status


def test_problems_of_a_flow_are_told(bakery: Furnished, alice: Client) -> None:
    gone = {"module": "user", "data": {"id": "0" * 32}, "children": {"_": {"module": "unheard_of", "data": {}}}}
    with account_scope(bakery.account.id):
        Callflow.objects.filter(id=bakery.flow.id).update(flow=gone)
    page = alice.get(f"/portal/{bakery.account.id}/flows/{bakery.flow.id}")
    assert len(page.context["problems"]) == 2


def test_the_flow_of_a_ring_group_is_only_shown(bakery: Furnished, alice: Client) -> None:
    url = f"/portal/{bakery.account.id}/flows/{bakery.ring_group.callflow_id}"
    page = alice.get(url)
    assert not page.context["can_edit"]
    assert not page.context["can_delete"]
    assert alice.post(url, {"name": "Mine", "numbers": "2000"}).status_code == 302
    with account_scope(bakery.account.id):
        assert str(Callflow.objects.get(id=bakery.ring_group.callflow_id)) == "Sales"


def test_star_codes_are_shown_as_they_are_dialled(bakery: Furnished, alice: Client) -> None:
    with account_scope(bakery.account.id):
        Callflow.objects.filter(id=bakery.flow.id).update(patterns=[r"^\*72([0-9][0-9]*)$", r"^5(\d)$"])
    page = alice.get(f"/portal/{bakery.account.id}/flows").content.decode()
    assert "<code>*72…</code>" in page
    assert r"<code>^5(\d)$</code>" in page
