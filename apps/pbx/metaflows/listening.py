"""Listening to the keys both parties press while they talk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from asgiref.sync import sync_to_async

from apps.foundation.accounts.bridge import in_account
from apps.pbx.endpoints.invite import BYPASS_MEDIA
from apps.pbx.metaflows import consulting, queries, tasks
from apps.pbx.metaflows.documents import Metaflow, MetaflowsDocument
from apps.pbx.metaflows.registry import actions
from apps.pbx.recordings.queries import running_named
from apps.switching.calls.port import BridgeRequest, BridgeResult, Call, Side

logger = logging.getLogger(__name__)
OTHER: Mapping[Side, Side] = {"caller": "called", "called": "caller"}
#: More keys than any code has.
MOST_KEYS = 32
#: Actions that follow one another (`children._`).
DEEPEST = 10


async def bridge(call: Call, request: BridgeRequest) -> BridgeResult:
    """`call.bridge`, with keys that do what the parties' metaflows say."""
    if (part := consulting.part_of(call)) is not None and part.role == "asks":
        return await consulting.ask(call, _through_us(request), part)
    rung = {leg.variables.get(name, "") for leg in request.legs for name in ("authorizing_id", "owner_id")}
    parties = {call.authorizing_id, call.owner_id, *rung}
    if request.on_digit is not None or not await in_account(call.account_id, queries.anybody, parties):
        return await call.bridge(await _unless_recorded(call, request))
    request = _through_us(request)
    ear = _Ear(call, request)
    try:
        return await call.bridge(replace(request, on_connected=ear.connected, on_digit=ear.hear))
    finally:
        ear.close()


async def overhear(call: Call, other_leg: str) -> None:
    """Keys in the conversation of a call that has taken over `other_leg`, until it is over."""
    if not await in_account(call.account_id, _anybody, call.authorizing_id, call.owner_id, other_leg):
        return
    ear = _Ear(call, BridgeRequest(()), other_leg)
    try:
        await call.overhear(other_leg, ear.hear)
    finally:
        ear.close()


def _anybody(authorizing_id: str, owner_id: str, other_leg: str) -> bool:
    return queries.of_party(authorizing_id, owner_id) is not None or queries.of_channel(other_leg) is not None


def _through_us(request: BridgeRequest) -> BridgeRequest:
    """The same, with voices and keys that pass the switch, whatever the phones ask for."""
    kept = [{name: text for name, text in leg.variables.items() if name != BYPASS_MEDIA} for leg in request.legs]
    legs = (replace(leg, variables=own) for leg, own in zip(request.legs, kept, strict=True))
    return replace(request, legs=tuple(legs))


async def _unless_recorded(call: Call, request: BridgeRequest) -> BridgeRequest:
    if not any(BYPASS_MEDIA in leg.variables for leg in request.legs):
        return request
    running = await in_account(call.account_id, running_named, call.uuid)
    heard = running or request.on_connected is not None or request.on_digit is not None
    return _through_us(request) if heard else request


@dataclass
class _Keys:
    """What one party has pressed since the first key of a code."""

    belongs_to: Side
    settings: MetaflowsDocument
    pressed: str = ""


@dataclass
class _Ear:
    call: Call
    request: BridgeRequest
    other_leg: str = ""
    _settings: dict[Side, MetaflowsDocument | None] = field(default_factory=dict)
    _codes: dict[Side, _Keys] = field(default_factory=dict)
    _timers: dict[Side, asyncio.Task[None]] = field(default_factory=dict)

    async def connected(self, other_leg: str) -> None:
        self.other_leg = other_leg
        if self.request.on_connected is not None:
            await self.request.on_connected(other_leg)

    async def hear(self, digit: str, side: Side) -> None:
        if (timer := self._timers.pop(side, None)) is not None:
            timer.cancel()
        code = self._codes.get(side)
        if code is None:
            code = await self._begun(digit, side)
            if code is None:
                return
            self._codes[side] = code
        else:
            code.pressed = (code.pressed + digit)[:MOST_KEYS]
            if queries.meaning(code.settings, code.pressed) and not queries.may_go_on(code.settings, code.pressed):
                await self._done(side)
                return
        self._timers[side] = asyncio.create_task(self._wait(side, code.settings.digit_timeout / 1000))

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    async def _begun(self, digit: str, side: Side) -> _Keys | None:
        """A code begins where the key is the one that somebody's settings listen for."""
        for belongs_to, listens in ((side, ("self", "both")), (OTHER[side], ("peer", "both"))):
            settings = await self._settings_of(belongs_to)
            if settings is not None and settings.listen_on in listens and settings.binding_digit == digit:
                return _Keys(belongs_to, settings)
        return None

    async def _settings_of(self, side: Side) -> MetaflowsDocument | None:
        if side not in self._settings:
            account_id = self.call.account_id
            if side == "caller":
                found = await in_account(account_id, queries.of_party, self.call.authorizing_id, self.call.owner_id)
            else:
                found = await in_account(account_id, queries.of_channel, self.other_leg)
            self._settings[side] = found
        return self._settings[side]

    async def _wait(self, side: Side, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._timers.pop(side, None)
        try:
            await self._done(side)
        except Exception:
            logger.exception("call %s: keys could not be followed", self.call.uuid)

    async def _done(self, side: Side) -> None:
        code = self._codes.pop(side)
        found = queries.meaning(code.settings, code.pressed)
        if found is None:
            logger.info("call %s: the keys %s mean nothing", self.call.uuid, code.pressed)
            return
        uuid = self.call.uuid if code.belongs_to == "caller" else self.other_leg
        await sync_to_async(_hand_to_worker)(self.call.account_id, uuid, found.flow, found.digits)


def _hand_to_worker(account_id: str, uuid: str, flow: Metaflow | None, digits: str) -> None:
    for _step in range(DEEPEST):
        if flow is None:
            return
        action = actions().get(flow.module)
        if action is None or not action.by_keys:
            logger.info("channel %s: keys cannot do %r", uuid, flow.module)
            return
        tasks.act.delay(account_id, uuid, flow.module, flow.data, digits, by_keys=True)
        flow = flow.children.get("_")
