"""Reaching into somebody else's call: which call is found, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from apps.foundation.audit.models import AuditEntry
from apps.foundation.kit.clock import now
from apps.pbx.callflows.registry import read_data, verbs
from apps.pbx.devices.models import Device
from apps.pbx.users.models import User
from apps.switching.calls.fake import FakeCall
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.calls.port import CallerLeft
from tests.pbx_office import Office, office, run

__all__ = ["office"]
CALLER, RINGING, TALKING, OUTSIDE = "caller-leg", "ringing-leg", "talking-leg", "outside-leg"


class Scene:
    """Ben's phone rings, and Ben talks to the outside at another; Anna, Cora and a lobby phone may want his calls."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.anna, self.ben, self.cora = (office.user(name) for name in ("anna", "ben", "cora"))
        self.phones = {user.username: office.device(user.username, owner=user) for user in self.people}
        self.phones["lobby"] = office.device("lobby")
        self.bens_second = office.device("ben2", owner=self.ben)
        self.team = office.group("team", **{f"_{self.anna.id}": "user", f"_{self.ben.id}": "user"})
        office.callflow(["1002"], {"module": "user", "data": {"id": self.ben.id}, "children": {}})
        _leg(office, RINGING, self.phones["ben"], self.ben, ChannelState.RINGING, other=CALLER)
        _leg(office, TALKING, self.bens_second, self.ben, ChannelState.BRIDGED, other=OUTSIDE)

    @property
    def people(self) -> tuple[User, ...]:
        return self.anna, self.ben, self.cora

    def dial(self, name: str, verb: str, data: dict[str, Any] | None = None, **fields: Any) -> FakeCall:
        phone = self.phones[name]
        given: dict[str, Any] = {
            "variables": {"capture_group": "1002"},
            "authorizing_id": phone.id,
            "owner_id": phone.owner_id or "",
            "intercepts": [True],
        }
        call = FakeCall(account_id=self.office.id, **(given | fields))
        try:
            run(verbs()[verb].run(call, read_data(verbs()[verb], data or {})))
        except CallerLeft:
            pass
        return call


def _leg(office: Office, uuid: str, device: Device, owner: User, state: ChannelState, other: str) -> None:
    LiveChannel.objects.create(
        uuid=uuid, account_id=office.id, switch="fs1", direction="outbound", state=state, other_leg=other,
        authorizing_id=device.id, owner_id=owner.id, interaction_id="other", created=now(),
    )  # fmt: skip


@pytest.fixture
def scene(office: Office) -> Scene:
    LiveChannel.objects.all().delete()
    return Scene(office)


@pytest.mark.parametrize("verb", ["group_pickup_feature", "call_pickup"])
@pytest.mark.parametrize(("who", "may"), [("anna", True), ("cora", False), ("lobby", False)])
def test_only_those_who_share_a_group_answer_for_another(scene: Scene, verb: str, who: str, may: bool) -> None:
    call = scene.dial(who, verb)
    assert call.details("intercept") == ([RINGING] if may else [])
    assert bool(call.details("play")) is not may, "whoever may not is told so"


def test_a_carriers_call_never_reaches_into_another(scene: Scene) -> None:
    call = scene.dial("anna", "group_pickup_feature", call_kind="inbound")
    assert call.details("intercept") == []


@pytest.mark.parametrize(
    ("approved", "who", "may"),
    [
        ("approved_device_id", "cora", True),
        ("approved_device_id", "anna", False),
        ("approved_user_id", "cora", True),
        ("approved_user_id", "anna", False),
    ],
)
def test_who_is_approved_and_nobody_else(scene: Scene, approved: str, who: str, may: bool) -> None:
    named = scene.phones["cora"].id if approved == "approved_device_id" else scene.cora.id
    call = scene.dial(who, "group_pickup", {"user_id": scene.ben.id, approved: named})
    assert call.details("intercept") == ([RINGING] if may else [])


def test_a_group_is_picked_up_by_its_members(scene: Scene) -> None:
    data = {"group_id": scene.team.id, "approved_group_id": scene.team.id}
    assert scene.dial("anna", "group_pickup", data).details("intercept") == [RINGING]
    assert scene.dial("cora", "group_pickup", data).details("intercept") == []


def test_taking_over_asks_for_the_other_party(scene: Scene) -> None:
    assert scene.dial("anna", "intercept_feature").details("intercept") == [OUTSIDE]
    assert scene.dial("cora", "intercept", {"user_id": scene.ben.id}).details("intercept") == []


def test_a_person_moves_his_own_call(scene: Scene) -> None:
    assert scene.dial("ben", "move").details("intercept") == [OUTSIDE]
    assert scene.dial("anna", "move").details("intercept") == []


@pytest.mark.parametrize("verb", ["eavesdrop", "eavesdrop_feature"])
def test_nobody_listens_without_being_approved_and_it_is_audited(scene: Scene, verb: str) -> None:
    target = {"user_id": scene.ben.id} if verb == "eavesdrop" else {}
    assert scene.dial("anna", verb, target).details("eavesdrop") == []
    audited = scene.office.within(lambda: AuditEntry.objects.filter(action="call.whispered_into").count())
    data = {**target, "approved_user_id": scene.anna.id, "mode": "whisper"}
    assert scene.dial("anna", verb, data).details("eavesdrop") == [f"{TALKING} whisper"]
    after = scene.office.within(lambda: AuditEntry.objects.filter(action="call.whispered_into").count())
    assert after == audited + 1


def test_no_extension_outside_the_group_is_listened_to(scene: Scene) -> None:
    others = scene.office.group("others", **{f"_{scene.cora.id}": "user"})
    data = {"approved_user_id": scene.anna.id, "group_id": others.id}
    assert scene.dial("anna", "eavesdrop_feature", data).details("eavesdrop") == []


def test_nothing_to_take_is_said(scene: Scene) -> None:
    LiveChannel.objects.all().delete()
    call = scene.dial("anna", "group_pickup_feature")
    assert call.details("intercept") == []
    assert call.details("play")
