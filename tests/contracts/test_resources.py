"""The resources keep what every resource promises."""

from __future__ import annotations

from typing import Any

from tests.contracts.resource_contract import ResourceContract


class TestDevices(ResourceContract):
    path = "devices"
    example = {"name": "Front desk", "device_type": "sip_device"}


class TestUsers(ResourceContract):
    path = "users"
    change = ("first_name", "Changed")
    required = "first_name"

    def document(self, number: int = 0) -> dict[str, Any]:
        return {"first_name": "Ida", "last_name": f"Number {number}", "username": f"ida{number}"}


class TestGroups(ResourceContract):
    path = "groups"

    def document(self, number: int = 0) -> dict[str, Any]:
        bob = self.company.people["bob"].login.pk
        return {"name": f"Sales {number}", "endpoints": {bob: {"type": "user"}}}


class TestRingGroups(ResourceContract):
    path = "ring_groups"

    def document(self, number: int = 0) -> dict[str, Any]:
        bob = self.company.people["bob"].login.pk
        return {"name": f"Door {number}", "numbers": [f"80{number:02d}"], "members": [{"id": bob, "type": "user"}]}


class TestCallflows(ResourceContract):
    path = "callflows"
    required = None

    def document(self, number: int = 0) -> dict[str, Any]:
        flow = {"module": "sleep", "data": {"duration": 1}, "children": {}}
        return {"name": f"Flow {number}", "numbers": [f"30{number:02d}"], "flow": flow}


class TestCarriers(ResourceContract):
    path = "resources"


class TestTemporalRules(ResourceContract):
    path = "temporal_rules"


class TestTemporalRuleSets(ResourceContract):
    path = "temporal_rules_sets"


class TestMailboxes(ResourceContract):
    path = "vmboxes"

    def document(self, number: int = 0) -> dict[str, Any]:
        return {"name": f"Box {number}", "mailbox": f"40{number:02d}", "pin": "1234"}


class TestLists(ResourceContract):
    path = "lists"


class TestBlacklists(ResourceContract):
    path = "blacklists"


class TestMatchLists(ResourceContract):
    path = "match_lists"


class TestMedia(ResourceContract):
    path = "media"


class TestMenus(ResourceContract):
    path = "menus"


class TestDirectories(ResourceContract):
    path = "directories"


class TestConferences(ResourceContract):
    path = "conferences"

    def document(self, number: int = 0) -> dict[str, Any]:
        return {"name": f"Weekly {number}", "conference_numbers": [f"50{number:02d}"], "member": {"pins": ["1234"]}}


class TestWakeupCalls(ResourceContract):
    path = "wakeup_calls"
    required = "time"

    def document(self, number: int = 0) -> dict[str, Any]:
        bob = self.company.people["bob"].login.pk
        return {"name": f"Room {number}", "owner_id": bob, "time": "07:30", "days": ["monday", "sunday"]}

    def test_somebody_is_called(self) -> None:
        document = {**self.document(), "owner_id": None}
        assert list(self.alice.put(self.path, document).data["device_id"]) == ["required"]
        assert list(self.alice.put(self.path, {**document, "device_id": "0" * 32}).data["device_id"]) == ["not_found"]

    def test_the_time_is_one(self) -> None:
        for time in ("7:30", "24:00", "0730", "07:60"):
            assert list(self.alice.put(self.path, {**self.document(), "time": time}).data["time"]) == ["pattern"], time
        both = {**self.document(), "date": "2090-01-01"}
        assert list(self.alice.put(self.path, both).data["date"]) == ["conflict"]
        over = {**self.document(), "days": [], "date": "2020-01-01"}
        assert list(self.alice.put(self.path, over).data["date"]) == ["past"]
        assert self.alice.put(self.path, {**over, "enabled": False}).status == 201
        assert "timezone" in self.alice.put(self.path, {**self.document(), "timezone": "Mars/Olympus"}).data

    def test_it_says_when_it_is_next_and_cannot_be_told(self) -> None:
        item = self.made(next_call=1, last_result="answered")
        read = self.alice.get(item).data
        assert read["next_call"] > 63_000_000_000
        assert "last_result" not in read
        assert "next_call" not in self.alice.patch(item, {"enabled": False}).data
        assert self.alice.get(f"{item}/history").data == []

    def test_who_is_called_when(self) -> None:
        mine = self.create().data
        at = mine["next_call"]
        rows = self.rows(f"&next_call_from={at}&next_call_to={at + 1}")
        assert mine["id"] in [row["id"] for row in rows]
        assert self.rows(f"&next_call_from={at + 1}&next_call_to={at + 2}") == []

    def test_a_user_sees_and_switches_off_his_own(self) -> None:
        item = self.made()
        bob = self.company.people["bob"].login.pk
        assert [row["id"] for row in self.bob.get(f"users/{bob}/{self.path}").data] == [item.rpartition("/")[2]]
        assert self.bob.patch(item, {"time": "08:00"}).data["time"] == "08:00"
        assert self.bob.patch(item, {"owner_id": self.company.people["alice"].login.pk}).status == 403

    def test_for_a_room(self) -> None:
        device = self.alice.put("devices", {"name": "Room 12", "device_type": "sip_device"}).data["id"]
        made = self.alice.put(f"devices/{device}/{self.path}", {"time": "06:45"})
        assert (made.status, made.data["device_id"]) == (201, device)
        assert len(self.alice.get(f"devices/{device}/{self.path}").data) == 1
        assert made.data["id"] not in [row["id"] for row in self.bob.get(self.path).data]


class TestWebhooks(ResourceContract):
    path = "webhooks"

    def test_created_answers_201_and_where_it_is(self) -> None:
        """And the secret, once."""
        reply = self.create()
        told = reply.data
        assert told.pop("secret").startswith("whsec_")
        assert self.alice.get(reply.headers["Location"]).data == told

    def test_the_wrong_verb(self) -> None:
        """PATCH on the collection switches paused ones on."""
        assert self.alice.post(self.path, {}).status == 405
        assert self.alice.patch(self.path, {}).data["re-enable"].keys() == {"required"}
        assert self.alice.patch(self.path, {"re-enable": True}).data == {"enabled": 0}

    def test_a_secret_that_comes_back_is_not_kept(self) -> None:
        reply = self.create()
        item = f"{self.path}/{reply.data['id']}"
        assert self.alice.post(item, reply.data).status == 200
        assert "secret" not in self.alice.get(item).data
        assert self.alice.get(item).data["name"] == "New calls 0"
