"""Drafts and versions of callflows: what was saved can be compared and had again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.foundation.accounts.models import Account
from apps.foundation.audit.models import AuditEntry
from apps.foundation.crossbar.errors import Conflict, ValidationFailed
from apps.foundation.identity.principal import Principal
from apps.pbx.callflows.actions import create_callflow, delete_callflow, replace_callflow
from apps.pbx.callflows.comparing import apply_changes, compare
from apps.pbx.callflows.drafts import create_draft, publish_draft, revert
from apps.pbx.callflows.models import Callflow, CallflowDraft, CallflowVersion
from apps.pbx.callflows.versions import document_of, find_version, latest_number
from tests.api_client import ApiClient
from tests.cast import Tree
from tests.integration.pbx.conftest import admin, bakery, tree
from tests.integration.pbx.test_api import alice

__all__ = ["admin", "alice", "bakery", "tree"]
HANG_UP = {"module": "hangup", "data": {}, "children": {}}
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab.", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("ab.%", max_size=2), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(before=JSON, after=JSON)
def test_the_changes_make_one_document_of_the_other(before: Any, after: Any) -> None:
    changes = compare(before, after)
    made = apply_changes(before, changes)
    assert made == after
    assert (changes == []) == (compare(after, before) == [])
    assert compare(after, after) == []


def sleeping(seconds: int, child: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"module": "sleep", "data": {"duration": seconds}, "children": {"_": child or HANG_UP}}


DOCUMENTS = st.fixed_dictionaries(
    {
        "flow": st.recursive(
            st.integers(1, 9).map(sleeping), lambda inner: st.builds(sleeping, st.integers(1, 9), inner)
        )
    },
    optional={
        "name": st.text("abc ", min_size=1, max_size=8),
        "numbers": st.lists(st.sampled_from(["1001", "1002", "1003"]), unique=True, max_size=3),
        "metaflow": st.dictionaries(st.text("abc", min_size=1, max_size=3), JSON.filter(lambda v: v is not None)),
        "flags": st.lists(st.sampled_from(["a", "b"]), unique=True, max_size=2),
        "x-custom": st.integers(),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(DOCUMENTS, min_size=2, max_size=4), pick=st.integers(0, 11))
def test_going_back_to_a_version_gives_its_document(
    admin: Principal, documents: list[dict[str, Any]], pick: int
) -> None:
    # Each example begins with no callflow, also after one that failed.
    with transaction.atomic():
        callflow = create_callflow(documents[0], admin)
        for document in documents[1:]:
            replace_callflow(callflow, document, admin)
        number = 1 + pick % latest_number(callflow)
        wanted = find_version(callflow, number).document
        revert(callflow, number, admin)
        stored = Callflow.objects.get(id=callflow.id)
        assert document_of(stored) == wanted
        assert find_version(stored, latest_number(stored)).document == wanted
        delete_callflow(stored, admin, hard=True)
        assert not CallflowVersion.objects.filter(callflow_id=callflow.id).exists()
        transaction.set_rollback(True)


def test_every_save_is_a_version_and_the_same_again_is_none(bakery: Account, admin: Principal) -> None:
    callflow = create_callflow({"name": "A", "numbers": ["1001"], "flow": HANG_UP}, admin)
    replace_callflow(callflow, {"name": "B", "numbers": ["1001"], "flow": HANG_UP}, admin)
    replace_callflow(callflow, {"name": "B", "numbers": ["1001"], "flow": HANG_UP}, admin)
    assert [row.number for row in CallflowVersion.objects.filter(callflow_id=callflow.id)] == [2, 1]


def test_a_number_taken_meanwhile_keeps_a_version_from_coming_back(admin: Principal) -> None:
    callflow = create_callflow({"numbers": ["1001"], "flow": HANG_UP}, admin)
    replace_callflow(callflow, {"numbers": ["1002"], "flow": HANG_UP}, admin)
    create_callflow({"numbers": ["1001"], "flow": HANG_UP}, admin)
    with pytest.raises(ValidationFailed):
        revert(callflow, 1, admin)
    assert Callflow.objects.get(id=callflow.id).numbers == ["1002"]


def test_a_draft_changes_nothing_before_it_is_published(admin: Principal) -> None:
    callflow = create_callflow({"name": "A", "numbers": ["1001"], "flow": HANG_UP}, admin)
    draft = create_draft(callflow, "Winter", {"name": "B", "numbers": ["1001"], "flow": {"module": 7}}, admin)
    assert Callflow.objects.get(id=callflow.id).name == "A"
    with pytest.raises(ValidationFailed):
        publish_draft(callflow, draft, admin)
    draft.document = {"name": "B", "numbers": ["1001"], "flow": HANG_UP}
    replace_callflow(callflow, {"name": "C", "numbers": ["1001"], "flow": HANG_UP}, admin)
    with pytest.raises(Conflict):
        publish_draft(callflow, draft, admin)
    publish_draft(callflow, draft, admin, force=True)
    assert Callflow.objects.get(id=callflow.id).name == "B"
    assert not CallflowDraft.objects.exists()
    assert "callflow.published" in set(AuditEntry.objects.values_list("action", flat=True))


def test_drafts_and_versions_over_the_api(tree: Tree, alice: ApiClient) -> None:
    made = alice.put("callflows", {"name": "Desk", "numbers": ["1001"], "flow": sleeping(1)}).data
    place = f"callflows/{made['id']}"
    draft = alice.put(f"{place}/drafts", {"name": "Slower"})
    assert (draft.status, draft.data["based_on"], draft.data["document"]["flow"]) == (201, 1, sleeping(1))
    changed = {"document": {**draft.data["document"], "flow": sleeping(5)}}
    assert alice.post(f"{place}/drafts/{draft.data['id']}", changed).data["name"] == "Slower"
    assert alice.get(place).data["flow"] == sleeping(1)
    published = alice.post(f"{place}/publish", {"draft_id": draft.data["id"]})
    assert published.data["flow"] == sleeping(5)
    assert alice.get(f"{place}/drafts").data == []
    versions = alice.get(f"{place}/versions").data
    assert [(row["version"], row["is_current"]) for row in versions] == [(2, True), (1, False)]
    assert alice.get(f"{place}/versions/2/diff?with=1").data == [
        {
            "path": "flow.data.duration",
            "keys": ["flow", "data", "duration"],
            "change": "changed",
            "from": 1,
            "to": 5,
        }
    ]
    assert alice.post(f"{place}/revert", {"version": 1}).data["flow"] == sleeping(1)
    assert alice.get(f"{place}/versions/3").data["note"] == "Version 1 again"
    assert alice.get(f"{place}/versions/9").status == 404
    assert alice.get(f"{place}/versions/x/diff").status == 404
    assert alice.post(f"{place}/revert", {"version": "x"}).status == 400
