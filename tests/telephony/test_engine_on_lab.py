"""Callflows end to end on the lab switch: phones and a carrier call, the engine answers over the real event socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from apps.commerce.carriers.models import CarrierResource
from apps.commerce.limits.models import AccountLimits
from apps.pbx.callflows.engine import handle_call
from apps.pbx.callflows.modules.noop import Noop, NoopData
from apps.pbx.callflows.registry import Branch
from apps.switching.calls.call_server import CallServer
from apps.switching.calls.port import Call
from apps.switching.lab.core import LabSettings, LabSwitch
from apps.switching.lab.world import Answer, Behaviour, Busy, LabCarrier, LabPhone, PressKeys, Reject, Ring
from tests.pbx_office import Office, office, run
from tests.unit.switching.lab.support import Office as Directory
from tests.unit.switching.lab.support import dialplan

__all__ = ["office"]
NUMBER = "+13125550111"


class World:
    """The lab, a call server with the engine, one carrier, and phones the office knows as registered devices."""

    def __init__(self, office: Office, **behaviours: Behaviour) -> None:
        self.office = office
        self.phones: dict[str, LabPhone] = {}
        self.ids: dict[str, str] = {}
        for name, behaviour in behaviours.items():
            phone = LabPhone(name.removeprefix("_"), "acme.test", "1234", behaviour)
            self.phones[phone.username] = phone
            self.ids[phone.username] = office.device(phone.username, contact=phone.contact).id

    def play(self, scenario: Callable[[World], Awaitable[None]], handler: Any = handle_call) -> None:
        run(self._play(scenario, handler))

    async def _play(self, scenario: Callable[[World], Awaitable[None]], handler: Any) -> None:
        async with AsyncExitStack() as stack:
            self.server = CallServer(handler)
            await self.server.start()
            stack.push_async_callback(self.server.stop, 2.0)
            directory = Directory()
            directory.dialplan = self._dialplan
            directory.passwords = dict.fromkeys(self.phones, "1234")
            await directory.start()
            stack.push_async_callback(directory.stop)
            settings = LabSettings(xml_curl_url=f"{directory.url}/fs", ask_configuration=False)
            self.lab = await stack.enter_async_context(LabSwitch(settings))
            self.carrier = self.lab.connect(LabCarrier())
            for phone in self.phones.values():
                assert await self.lab.register(phone) == 200
            await scenario(self)
            async with asyncio.timeout(10):
                while self.server.calls:
                    await asyncio.sleep(0.01)

    def _dialplan(self, request: dict[str, str]) -> str:
        kind = "inbound" if request.get("Caller-Context") == "public" else "internal"
        caller = self.ids.get(request.get("Caller-Username", ""), "")
        return dialplan(
            request.get("Caller-Context", "default"),
            [
                ("export", f"account_id={self.office.id}"),
                ("export", f"call_kind={kind}"),
                ("export", "interaction_id=63900000000-deadbeef"),
                *([("export", f"authorizing_id={caller}")] if kind == "internal" else []),
                ("socket", f"127.0.0.1:{self.server.port} async full"),
                ("respond", "503 No call server"),
            ],
        )

    def members(self, *names: str, **more: Any) -> list[dict[str, Any]]:
        return [{"id": self.ids[name], "endpoint_type": "device", **more} for name in names]

    def ring_group(self, *names: str, children: dict[str, Any] | None = None, **data: Any) -> None:
        data = {"endpoints": self.members(*names), **data}
        self.office.callflow([NUMBER], {"module": "ring_group", "data": data, "children": children or {}})


def refuse(code: int) -> dict[str, Any]:
    return {"module": "response", "data": {"code": code}}


def test_one_of_a_ring_group_answers_and_the_others_stop(office: Office) -> None:
    world = World(office, _1001=Ring(), _1002=Answer(after=0.1), _1003=Ring())
    world.ring_group("1001", "1002", "1003")

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER, "Ada O'Brien").answered()
        for phone in world.phones.values():
            (invite,) = phone.rang
            assert (invite.caller_id_name, invite.caller_id_number) == ("Ada O'Brien", "+13125550199")
        answered, loser = world.phones["1002"].rang[0].call, world.phones["1001"].rang[0].call
        assert await loser.ended() == "LOSE_RACE"
        assert answered.channel.variables["authorizing_id"] == world.ids["1002"]
        assert answered.channel.variables["interaction_id"] == "63900000000-deadbeef"
        answered.hang_up()
        assert await call.ended() == "NORMAL_CLEARING"

    world.play(scenario)


def test_the_caller_hears_busy_where_all_are(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(office, _1001=Busy(), _1002=Busy())
    world.ring_group("1001", "1002")

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        assert (await call.ended(), call.sip_status) == ("USER_BUSY", 486)

    world.play(scenario)
    assert "verb=ring_group outcome='not answered: USER_BUSY' wanted=USER_BUSY,sip:486 child='the end'" in caplog.text


@pytest.mark.parametrize(
    ("behaviour", "children", "status"),
    [
        (Busy(), {"USER_BUSY": refuse(480), "_": refuse(603)}, 480),
        (Busy(), {"sip:486": refuse(480), "_": refuse(603)}, 480),
        (Reject(603), {"sip:603": refuse(488), "_": refuse(480)}, 488),
        (Ring(), {"NO_ANSWER": refuse(480), "_": refuse(603)}, 480),
        (Ring(), {"_": refuse(603)}, 603),
    ],
)
def test_a_failure_goes_on_at_the_child_for_its_cause(
    office: Office, behaviour: Behaviour, children: dict[str, Any], status: int
) -> None:
    world = World(office, _1001=behaviour)
    data = {"id": world.ids["1001"], "timeout": 1}
    office.callflow([NUMBER], {"module": "device", "data": data, "children": children})

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        await call.ended()
        assert call.sip_status == status

    world.play(scenario)


def test_a_caller_who_gives_up_stops_the_ringing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(office, _1001=Ring(), _1002=Ring())
    world.ring_group("1001", "1002")

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).ringing()
        call.hang_up()
        assert await call.ended() == "ORIGINATOR_CANCEL"
        for phone in world.phones.values():
            assert await phone.rang[0].call.ended() == "ORIGINATOR_CANCEL"

    world.play(scenario)
    assert "the caller hung up (ORIGINATOR_CANCEL)" in caplog.text


def test_nobody_registered_and_a_number_nobody_has(office: Office) -> None:
    world = World(office)
    away = office.device("1009", registered=False)
    office.callflow([NUMBER], {"module": "device", "data": {"id": away.id}})

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        assert (await call.ended(), call.sip_status) == ("SUBSCRIBER_ABSENT", 480)
        call = world.carrier.call("+13125550199", "+13125550122")
        await call.ended()
        assert call.sip_status == 404

    world.play(scenario)


def test_a_disabled_account_takes_no_calls(office: Office) -> None:
    world = World(office, _1001=Answer())
    world.ring_group("1001")
    office.set(enabled=False)

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        await call.ended()
        assert call.sip_status == 403
        assert not world.phones["1001"].rang

    world.play(scenario)


def test_in_turn_each_rings_after_the_other(office: Office) -> None:
    world = World(office, _1001=Busy(), _1002=Answer(after=0.05))
    world.ring_group("1001", "1002", strategy="single")

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).answered()
        assert [len(phone.rang) for phone in world.phones.values()] == [1, 1]
        call.hang_up()

    world.play(scenario)


def test_rounds_are_repeated_and_a_late_member_is_rung_late(office: Office) -> None:
    world = World(office, _1001=Ring(), _1002=Ring())
    endpoints = world.members("1001") + world.members("1002", delay=1)
    data = {"endpoints": endpoints, "repeats": 2, "timeout": 2}
    office.callflow([NUMBER], {"module": "ring_group", "data": data})

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        async with asyncio.timeout(5):
            while not world.phones["1001"].rang:
                await asyncio.sleep(0.01)
        assert not world.phones["1002"].rang
        assert await call.ended() == "NO_ANSWER"
        assert [len(phone.rang) for phone in world.phones.values()] == [2, 2]

    world.play(scenario)


def test_a_menu_branches_retries_and_dials_extensions(office: Office) -> None:
    world = World(office, _1001=Answer(after=0.05, hang_up_after=0.1))
    device = {"module": "device", "data": {"id": world.ids["1001"]}}
    office.callflow(["101"], device)
    data = {"timeout": 1500, "interdigit_timeout": 300, "retries": 2, "hunt": True, "hunt_allow": "^1"}
    office.callflow([NUMBER], {"module": "menu", "data": data, "children": {"2": device, "_": refuse(480)}})

    async def scenario(world: World) -> None:
        for keys, rings in (("2", 1), ("7", 1), ("101", 2)):
            call = await world.carrier.call("+13125550199", NUMBER).answered()
            await asyncio.sleep(0.3)
            call.send_dtmf(keys)
            await call.ended()
            assert len(world.phones["1001"].rang) == rings, keys

    world.play(scenario)


def test_a_forwarded_call_goes_through_the_accounts_own_callflows(office: Office) -> None:
    world = World(office, _1003=PressKeys("1"))
    forward = {"enabled": True, "number": "1003", "require_keypress": True}
    moved = office.device("1002", call_forward=forward)
    office.callflow([NUMBER], {"module": "device", "data": {"id": moved.id}})
    office.callflow(["1003"], {"module": "device", "data": {"id": world.ids["1003"]}})

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).answered()
        assert world.phones["1003"].rang[0].caller_id_number == "+13125550199"
        call.hang_up()

    world.play(scenario)


def carriers(office: Office, *ports: int, **more: Any) -> None:
    for weight, port in enumerate(ports, 1):
        gateway = {"server": "127.0.0.1", "port": port}
        fields = {"name": f"carrier {weight}", "weight_cost": weight, "rules": ["^(\\+?\\d+)$"], "emergency": False}
        document = {"gateways": [gateway]}
        row = fields | more
        office.within(lambda row=row, document=document: CarrierResource.objects.create(
            account_id=office.id, document=document, **row))  # fmt: skip


def test_calls_go_out_through_the_next_carrier_where_one_fails(office: Office) -> None:
    world = World(office, _1001=Ring())
    carriers(office, 5090, 5091)
    office.set(document={"caller_id": {"external": {"name": "Office", "number": "+13125550100"}}})
    office.callflow(["no_match"], {"module": "resources", "data": {}})

    async def scenario(world: World) -> None:
        world.carrier.behaviour = Reject(503)
        second = world.lab.connect(LabCarrier("second", port=5091))
        call = await world.phones["1001"].call("3125550177").answered()
        assert [invite.number for invite in (*world.carrier.rang, *second.rang)] == ["+13125550177"] * 2
        assert (second.rang[0].caller_id_name, second.rang[0].caller_id_number) == ("Office", "+13125550100")
        leg = second.rang[0].call.channel.variables
        assert (leg["authorizing_type"], leg["call_kind"]) == ("resource", "outbound")
        call.hang_up()
        await call.ended()
        second.behaviour = Busy()
        call = world.phones["1001"].call("3125550177")
        assert (await call.ended(), call.sip_status) == ("USER_BUSY", 486)
        stranger = world.carrier.call("+13125550199", "+13125550177")
        await stranger.ended()
        assert stranger.sip_status == 404, "a carrier's call never goes out again"

    world.play(scenario)


def test_limits_hold_for_all_but_emergency_calls(office: Office) -> None:
    world = World(office, _1001=Ring())
    carriers(office, 5090)
    carriers(office, 5090, name="rescue", emergency=True)
    office.callflow(["no_match"], {"module": "resources", "data": {}})
    office.within(lambda: AccountLimits.objects.create(account_id=office.id, calls=0))

    async def scenario(world: World) -> None:
        call = world.phones["1001"].call("3125550177")
        await call.ended()
        assert (call.sip_status, world.carrier.rang) == (486, [])
        call = await world.phones["1001"].call("911").answered()
        assert [invite.number for invite in world.carrier.rang] == ["911"]
        call.hang_up()

    world.play(scenario)


def test_callflows_that_jump_to_one_another_end(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    world = World(office)
    flow = office.callflow([NUMBER], {"module": "noop"})
    office.within(
        lambda: type(flow).objects.filter(id=flow.id).update(flow={"module": "callflow", "data": {"id": flow.id}})
    )

    async def scenario(world: World) -> None:
        assert await world.carrier.call("+13125550199", NUMBER).ended() == "NORMAL_CLEARING"

    world.play(scenario)
    assert "taken for a loop" in caplog.text


def test_a_failing_verb_is_skipped_and_the_preflow_runs_first(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken_run(self: Noop, call: Call, data: NoopData) -> Branch:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(Noop, "run", broken_run)
    world = World(office, _1001=Answer(after=0.05, hang_up_after=0.1))
    prefix = office.callflow([], {"module": "prepend_cid", "data": {"caller_id_name_prefix": "Front: "}})
    office.set(document={"preflow": {"always": prefix.id}})
    device = {"module": "device", "data": {"id": world.ids["1001"]}}
    broken = {"module": "noop", "data": {}, "children": {"_": device}}
    unknown = {"module": "skel", "data": {}, "children": {"_": broken}}
    office.callflow([NUMBER], unknown)

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER, "Ada").answered()
        await call.ended()
        assert world.phones["1001"].rang[0].caller_id_name == "Front - Ada"

    world.play(scenario)
    assert "the verb noop failed" in caplog.text


def test_a_handler_that_fails_gives_the_caller_an_answer(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    world = World(office)

    async def broken(call: Call) -> None:
        raise RuntimeError("on purpose")

    async def scenario(world: World) -> None:
        call = world.carrier.call("+13125550199", NUMBER)
        assert (await call.ended(), call.sip_status) == ("NORMAL_TEMPORARY_FAILURE", 503)

    world.play(scenario, broken)
    assert "handling failed" in caplog.text


def test_a_server_that_stops_lets_a_running_call_finish(office: Office) -> None:
    world = World(office, _1001=Answer(after=0.2, hang_up_after=0.2))
    world.ring_group("1001")

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).ringing()
        await world.server.stop(5.0)
        assert await call.ended() == "NORMAL_CLEARING"
        assert call.is_answered

    world.play(scenario)


def test_a_thousand_phones_ring_on_the_lab(office: Office) -> None:
    names = [f"_{number}" for number in range(3000, 4000)]
    world = World(office, **{name: Ring() for name in names})
    world.phones["3999"].behaviour = Answer(after=1.5)
    world.ring_group(*world.phones)

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).answered(30)
        assert [phone.username for phone in world.phones.values() if len(phone.rang) != 1] == []
        call.hang_up()
        await call.ended()

    world.play(scenario)


@pytest.mark.parametrize(("own", "heard"), [("", "%(100,100,350)"), ("%(50,50,440)", "%(50,50,440)")])
def test_a_callflow_s_ringback_is_heard_until_the_answer(office: Office, own: str, heard: str) -> None:
    world = World(office, _1001=Answer(after=0.2, hang_up_after=0.1))
    flow = {"module": "ring_group", "data": {"endpoints": world.members("1001"), "ringback": own}}
    made = office.callflow([NUMBER], flow)
    made.document = {"ringback": {"early": "%(100,100,350)", "transfer": "%(100,100,480)"}}
    office.within(made.save)

    async def scenario(world: World) -> None:
        call = await world.carrier.call("+13125550199", NUMBER).answered()
        assert call.channel.variables["ringback"] == f"tone_stream://{heard}"
        assert call.channel.variables["transfer_ringback"] == f"tone_stream://{own or '%(100,100,480)'}"
        await call.ended()

    world.play(scenario)
