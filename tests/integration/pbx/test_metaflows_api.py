"""What keys do in a call, over the API, and asking for it on a live channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.clock import now
from apps.pbx.metaflows import tasks
from apps.switching.calls.models import LiveChannel
from tests.api_client import ApiClient
from tests.company import Company, dissolve, found_company

KEYS = {"numbers": {"1": {"module": "hangup"}}}


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock():
        made = found_company()
        try:
            yield made
        finally:
            dissolve(made)


@pytest.mark.django_db
@pytest.mark.urls("apps.foundation.crossbar.urls")
class TestOverTheApi:
    @pytest.fixture(autouse=True)
    def _cast(self, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bakery = company.tree.bakery
        self.alice = ApiClient(company.people["alice"].token, self.bakery)
        self.bob = ApiClient(company.people["bob"].token, self.bakery)
        self.bob_id = str(company.people["bob"].login.pk)
        values = {"account_id": self.bakery.id, "switch": "fs1", "direction": "inbound", "created": now()}
        LiveChannel.objects.create(uuid="bobs", owner_id=self.bob_id, **values)
        LiveChannel.objects.create(uuid="others", **values)
        self.asked: list[tuple[str, str]] = []
        monkeypatch.setattr(
            tasks.act, "delay", lambda account, uuid, module, *r, **m: self.asked.append((uuid, module))
        )

    def test_saved_read_and_removed(self) -> None:
        for path in ("metaflows", f"users/{self.bob_id}/metaflows"):
            assert self.alice.get(path).data == {}
            assert self.alice.post(path, KEYS).status == 200
            assert self.alice.get(path).data["numbers"]["1"]["module"] == "hangup"
            assert self.alice.delete(path).status == 200
            assert self.alice.get(path).data == {}
        assert self.bob.post("metaflows", KEYS).status == 403

    def test_people_ask_for_their_own_legs_only(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert self.bob.post("channels/bobs", {"action": "hold"}).status == 202
            assert self.bob.post("channels/others", {"action": "hold"}).status == 404
            assert self.bob.post("channels/bobs", {"action": "eavesdrop"}).status == 403
            nested = {"action": "metaflow", "data": {"module": "park", "data": {"slot": "102"}}}
            assert self.alice.post("channels/others", nested).status == 202
        assert self.asked == [("bobs", "hold"), ("others", "park")]

    def test_listening_in_is_noted(self) -> None:
        asked = {"action": "eavesdrop", "target_id": self.bob_id}
        assert self.alice.post("channels/others", asked).status == 202
        with account_scope(self.bakery):
            assert AuditEntry.objects.filter(action="call.eavesdrop", target_id="others").exists()
        strange = {"action": "eavesdrop", "target_id": "0" * 32}
        assert self.alice.post("channels/others", strange).status == 400
        assert self.alice.post("channels/others", {"action": "fly"}).status == 400
