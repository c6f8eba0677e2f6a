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
