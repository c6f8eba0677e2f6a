"""The desk tells switches what lamps show: what changed, to those that have phones of the account, and all anew to one
that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest

from apps.foundation.accounts.bridge import in_directory
from apps.foundation.accounts.models import Account
from apps.foundation.events.publishing import publish
from apps.foundation.events.subscription import subscription
from apps.foundation.kit.clock import now
from apps.switching.calls.models import ChannelState, LiveChannel
from apps.switching.esl.errors import ConnectionLost
from apps.switching.presence.actions import (
    Watching,
    look,
    remember_subscriptions,
    reset_lamps,
    set_lamp,
    set_message_waiting,
    set_quiet,
    write_lines,
)
from apps.switching.presence.desk import LampDesk
from apps.switching.presence.models import (
    LampLine,
    LampMark,
    LampTold,
    MailboxCount,
    QuietEndpoint,
    Subscription,
)
from apps.switching.registrar.models import Registration
from apps.switching.switches.events import CallChanged
from apps.switching.switches.facts import Leg
from tests.company import Company
from tests.telephony.stack import until
from tests.websocket_client import everything_handed_out

pytestmark = pytest.mark.django_db


class Switch:
    """A node that notes what it is told."""

    def __init__(self) -> None:
        self.connected = True
        self.told: list[tuple[str, dict[str, str]]] = []

    @property
    def client(self) -> Any:
        if not self.connected:
            raise ConnectionLost("gone")
        return self

    async def order(self, command: bytes) -> None:
        name, *lines = command.decode().strip().split("\n")
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        self.told.append((name.removeprefix("sendevent "), {key: unquote(value) for key, value in headers.items()}))

    def lamps(self) -> dict[str, str]:
        """What the phones show: the last word about each."""
        return {one["from"]: one["answer-state"] for name, one in self.told if name == "PRESENCE_IN"}

    def has_messages(self, account: str, new: int) -> bool:
        found = [one for name, one in self.told if name == "MESSAGE_WAITING" and one["MWI-Message-Account"] == account]
        return bool(found) and found[-1]["MWI-Voice-Message"] == f"{new}/0 (0/0)"


@asynccontextmanager
async def desk_of(**nodes: Switch) -> AsyncIterator[LampDesk]:
    desk = LampDesk()
    desk.start()
    try:
        for name, node in nodes.items():
            desk.connected(name, node)  # type: ignore[arg-type]
        await until(lambda: all(desk._nodes[name].told for name in nodes), "the switches were told everything", 10)
        yield desk
    finally:
        await desk.stop()


@pytest.fixture
async def bakery(company: Company) -> AsyncIterator[Account]:
    account = company.tree.bakery
    await in_directory(register, account, "fs1")
    yield account
    await in_directory(forget_all)


def forget_all() -> None:
    for model in (LampLine, LampMark, LampTold, MailboxCount, QuietEndpoint, Subscription, LiveChannel, Registration):
        model.objects.all().delete()


def register(account: Account, switch: str) -> None:
    Registration.objects.create(
        realm=account.realm,
        username=f"bella-{switch}",
        account_id=account.id,
        device_id="d" * 32,
        contact=f"sip:bella@{switch}",
        switch=switch,
        call_id=switch,
        expires=now() + timedelta(hours=1),
    )


def ring(account: Account, uuid: str = "u-1", **values: Any) -> None:
    """The phone of device d… rings."""
    given = {"direction": "outbound", "state": ChannelState.RINGING, "caller_id_number": "1001", **values}
    LiveChannel.objects.update_or_create(
        uuid=uuid,
        defaults={"account_id": account.id, "switch": "fs1", "authorizing_id": "d" * 32, "created": now(), **given},
    )
    publish(CallChanged(account.id, "CHANNEL_CREATE", Leg(uuid, "fs1", account.id, "outbound", now())))


def hang_up(account: Account, uuid: str = "u-1") -> None:
    LiveChannel.objects.filter(uuid=uuid).delete()
    publish(CallChanged(account.id, "CHANNEL_DESTROY", Leg(uuid, "fs1", account.id, "outbound", now())))


async def shows(switch: Switch, **lamps: str) -> None:
    def same() -> bool:
        return {name.partition("@")[0]: state for name, state in switch.lamps().items()} == lamps

    await until(same, f"the lamps are {lamps}", 10)


async def test_a_lamp_follows_the_calls_of_whom_it_shows(bakery: Account) -> None:
    switch, far = Switch(), Switch()
    await in_directory(write_lines, bakery.id, "c" * 32, [("d" * 32, "1002")])
    async with desk_of(fs1=switch, fs2=far):
        await in_directory(ring, bakery)
        await shows(switch, **{"1002": "early"})
        await in_directory(ring, bakery, state=ChannelState.BRIDGED)
        await shows(switch, **{"1002": "confirmed"})
        await in_directory(hang_up, bakery)
        await shows(switch, **{"1002": "terminated"})
    first = next(headers for name, headers in switch.told if name == "PRESENCE_IN")
    assert first["from"] == f"1002@{bakery.realm}"
    assert first["unique-id"] != "u-1", "the channel itself would get the event, and nobody else"
    assert first["Caller-Caller-ID-Number"] == "1001"
    assert not far.told, "no phone of the account is there"


async def test_an_account_is_told_where_its_phones_are(bakery: Account) -> None:
    switch, far = Switch(), Switch()
    async with desk_of(fs1=switch, fs2=far):
        await in_directory(set_lamp, bakery.id, "8001", "confirmed")
        await shows(switch, **{"8001": "confirmed"})
        assert not far.told
        await in_directory(register, bakery, "fs2")
        await in_directory(set_lamp, bakery.id, "8002", "early")
        await shows(far, **{"8001": "confirmed", "8002": "early"})
        assert [one["from"].partition("@")[0] for _name, one in switch.told] == ["8001", "8002"]


async def test_a_switch_that_comes_back_is_told_everything(bakery: Account) -> None:
    """And what is watched there is told dark as well: it may have gone dark unheard."""
    watching = Watching("fs1", "c", bakery.id, "8009", "dialog", "cleo@bakery.test", 300)
    await in_directory(remember_subscriptions, [watching])
    await in_directory(set_lamp, bakery.id, "8001", "confirmed")
    switch, again = Switch(), Switch()
    async with desk_of(fs1=switch) as desk:
        await shows(switch, **{"8001": "confirmed", "8009": "terminated"})
        switch.connected = False
        await in_directory(set_lamp, bakery.id, "8001", "terminated")
        await in_directory(set_lamp, bakery.id, "8009", "early")
        desk.connected("fs1", again)  # type: ignore[arg-type]
        realm = bakery.realm
        await until(lambda: again.lamps().get(f"8009@{realm}") == "early", "the lamp that was lit meanwhile is told")
        assert again.lamps().get(f"8001@{realm}") != "confirmed", "it went dark meanwhile"


async def test_a_switch_that_hears_again_on_the_same_line_is_told_everything(bakery: Account) -> None:
    switch = Switch()
    async with desk_of(fs1=switch):
        switch.connected = False
        await in_directory(set_lamp, bakery.id, "8001", "confirmed")
        await asyncio.sleep(0.3)
        assert not switch.told
        switch.connected = True
        await shows(switch, **{"8001": "confirmed"})


async def test_do_not_disturb_is_busy(bakery: Account) -> None:
    await in_directory(write_lines, bakery.id, "c" * 32, [("d" * 32, "1002")])
    await in_directory(set_quiet, bakery.id, "d" * 32, True)
    switch = Switch()
    async with desk_of(fs1=switch):
        await shows(switch, **{"1002": "confirmed"})


async def test_a_reset_repeats_what_has_not_changed(bakery: Account) -> None:
    switch = Switch()
    async with desk_of(fs1=switch):
        await in_directory(reset_lamps, bakery.id, ["8001", "8002"])
        await shows(switch, **{"8001": "terminated", "8002": "terminated"})


async def test_messages_are_told_once_for_each_change(bakery: Account) -> None:
    switch = Switch()
    async with desk_of(fs1=switch):
        for told, new in enumerate((2, 1, 0), 1):
            for _twice in range(2):
                await in_directory(set_message_waiting, bakery.id, "m" * 32, number="2001", new=new)
            await until(partial(switch.has_messages, f"2001@{bakery.realm}", new), f"{new} is told", 10)
            assert len(switch.told) == told


async def test_two_processes_tell_of_a_change_once(bakery: Account) -> None:
    """Each has connections to switches of its own, and hears of every change."""
    heard: list[tuple[str, str]] = []

    def listen(key: str, data: dict[str, Any]) -> None:
        if key.startswith("presence.dialog."):
            heard.append((data["presence_id"], data["state"]))

    await subscription().add(bakery.id, listen)
    first, second = Switch(), Switch()
    await in_directory(register, bakery, "fs2")
    try:
        async with desk_of(fs1=first), desk_of(fs2=second):
            for turn, state in enumerate(["early", "confirmed", "terminated", "confirmed", "terminated"]):
                await in_directory(set_lamp, bakery.id, "8001", state)
                await shows(first, **{"8001": state})
                await shows(second, **{"8001": state})
                await until(partial(_told, heard, turn + 1), f"{state} is told")
            await everything_handed_out()
    finally:
        subscription().remove(bakery.id, listen)
    assert [state for _lamp, state in heard] == ["early", "confirmed", "terminated", "confirmed", "terminated"]
    assert {lamp for lamp, _state in heard} == {f"8001@{bakery.realm}"}
    assert not await in_directory(LampTold.objects.exists)


async def _told(heard: list[tuple[str, str]], count: int) -> bool:
    return len(heard) >= count


async def test_what_changed_while_nobody_looked_is_told_later(bakery: Account) -> None:
    heard: list[str] = []
    await in_directory(set_lamp, bakery.id, "8001", "confirmed")
    await in_directory(look, [bakery.id])
    await in_directory(set_lamp, bakery.id, "8001", "terminated")
    await subscription().add(bakery.id, lambda key, data: heard.append(f"{key} {data.get('state')}"))
    await in_directory(look, [bakery.id])
    await in_directory(look, [bakery.id])
    await everything_handed_out()
    assert heard == ["presence.dialog.8001 terminated"]
