"""What keys do in a call: whose settings hold, what is saved, and who may ask over the API."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import system_principal
from apps.pbx.metaflows import listening, tasks
from apps.pbx.metaflows.actions import checked
from apps.pbx.metaflows.queries import anybody, of_party
from apps.pbx.metaflows.registry import actions
from apps.switching.calls.dial_string import Contact, Leg
from apps.switching.calls.fake import ANSWERED, FakeCall
from apps.switching.calls.port import BridgeRequest
from tests.pbx_office import Office, office, run

__all__ = ["office"]
HANG_UP = {"numbers": {"1": {"module": "hangup"}, "12": {"module": "hold"}}, "digit_timeout": 50}


LEGS = (Leg(Contact("sip:ben@192.0.2.7:5060")),)


def test_the_nearest_that_says_anything_holds(office: Office) -> None:
    office.set(document={"metaflows": {"numbers": {"3": {"module": "hold"}}}})
    ben = office.user("ben", metaflows={"numbers": {"2": {"module": "hold"}}})
    desk = office.device("desk", owner=ben, metaflows={"numbers": {"1": {"module": "hold"}}})
    cell = office.device("cell", owner=ben, metaflows={"numbers": {}})
    lobby = office.device("lobby")

    def keys(device_id: str, owner_id: str) -> list[str]:
        found = office.within(lambda: of_party(device_id, owner_id))
        return list(found.numbers) if found is not None else []

    assert (keys(desk.id, ben.id), keys(cell.id, ben.id), keys(lobby.id, "")) == (["1"], ["2"], ["3"])
    assert office.within(lambda: anybody([lobby.id]))
    office.set(document={})
    assert not office.within(lambda: anybody([lobby.id]))


@pytest.mark.parametrize(
    ("pressed", "done"),
    [("*12", ["hold"]), ("*1", ["hangup"]), ("12", []), ("*9", []), ("**1", [])],
)
def test_keys_behind_the_binding_key(
    office: Office, monkeypatch: pytest.MonkeyPatch, pressed: str, done: list[str]
) -> None:
    device = office.device("anna", metaflows=HANG_UP)
    asked: list[str] = []
    monkeypatch.setattr(tasks.act, "delay", lambda account, uuid, module, *rest, **more: asked.append(module))

    class Talking(FakeCall):
        async def bridge(self, request: BridgeRequest) -> Any:
            result = await super().bridge(request)
            await asyncio.sleep(0.4)  # the time after which what was pressed counts
            return result

    call = Talking(
        account_id=office.id,
        authorizing_id=device.id,
        bridges=[ANSWERED],
        conversation=[(digit, "caller") for digit in pressed],
    )
    run(listening.bridge(call, BridgeRequest(LEGS)))
    assert asked == done


def test_where_nobody_has_any_nothing_listens(office: Office) -> None:
    call = FakeCall(account_id=office.id, bridges=[ANSWERED])
    run(listening.bridge(call, BridgeRequest(LEGS)))
    assert call.requests[0].on_digit is None


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"numbers": {"x": {"module": "hold"}}}, "numbers.x"),
        ({"numbers": {"1": {"module": "fly"}}}, "numbers.1.module"),
        ({"numbers": {"1": {"module": "eavesdrop"}}}, "numbers.1.module"),
        ({"numbers": {"1": {"module": "hold_control", "data": {"action": "x"}}}}, "numbers.1.data.action"),
        ({"patterns": {"(": {"module": "hold"}}}, "patterns"),
        ({"binding_digit": "a"}, "binding_digit"),
    ],
)
def test_what_cannot_work_is_refused_by_its_path(document: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked(document, system_principal("0" * 32))
    assert list(refused.value.violations) == [path]


@pytest.mark.parametrize("name", sorted(actions()))
def test_every_action_takes_its_examples(name: str) -> None:
    action = actions()[name]
    assert action.__doc__
    for field, description in action.Data.model_fields.items():
        assert description.description, f"{name}.{field} is not described"
    for example in action.examples:
        action.Data.model_validate(example)


def test_voices_pass_the_switch_where_it_must_hear_them(office: Office) -> None:
    bypass = {"bypass_media_after_bridge": "true", "owner_id": "x"}
    request = BridgeRequest((Leg(Contact("sip:ben@192.0.2.7:5060"), variables=bypass),))

    def rung(call: FakeCall, asked: BridgeRequest = request) -> dict[str, str]:
        run(listening.bridge(call, asked))
        return dict(call.requests[0].legs[0].variables)

    async def connected(_uuid: str) -> None:
        return None

    assert rung(FakeCall(account_id=office.id, bridges=[ANSWERED])) == bypass
    recorded = replace(request, on_connected=connected)
    assert rung(FakeCall(account_id=office.id, bridges=[ANSWERED]), recorded) == {"owner_id": "x"}
    device = office.device("anna", metaflows=HANG_UP)
    call = FakeCall(account_id=office.id, authorizing_id=device.id, bridges=[ANSWERED])
    assert rung(call) == {"owner_id": "x"}
