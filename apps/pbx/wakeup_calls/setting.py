"""Setting, hearing and cancelling wake-up calls by phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.clock import now
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.actions import by_phone
from apps.pbx.media.listener import SPOKEN_LANGUAGE, Asking, listener_of
from apps.pbx.media.speech import DateTime, Part, Prompt, TimeOfDay, sound
from apps.pbx.schedules.calendar import WEEKDAYS
from apps.pbx.wakeup_calls import actions
from apps.pbx.wakeup_calls.keyed_time import in_half, is_ambiguous, keyed_time
from apps.pbx.wakeup_calls.models import WakeupCall
from apps.pbx.wakeup_calls.queries import calls_of, zone_for
from apps.switching.calls.port import Call

TRIES = 3
KEY_MILLISECONDS, BETWEEN_MILLISECONDS = 10_000, 3_000
WORKING_DAYS = list(WEEKDAYS[:5])
_REPEATS: dict[str, list[str]] = {"1": [], "2": list(WEEKDAYS), "3": WORKING_DAYS}


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that is set, as it is told."""

    id: str
    at: datetime
    timezone: str
    days: tuple[str, ...]

    @property
    def parts(self) -> list[Part]:
        parts: list[Part] = [Prompt("wakeup-set_for")]
        repeat = {len(WEEKDAYS): "wakeup-every_day", len(WORKING_DAYS): "wakeup-working_days"}.get(len(self.days))
        if repeat == "wakeup-working_days" and set(self.days) != set(WORKING_DAYS):
            repeat = None
        if repeat is None:
            return [*parts, DateTime(self.at, self.timezone)]
        return [*parts, TimeOfDay(self.at, self.timezone), Prompt(repeat)]


async def is_a_phone(call: Call) -> bool:
    """Whether the caller's phone is one of the account's that can be called back."""
    if call.call_kind != "internal" or not call.authorizing_id:
        return False
    return await in_account(call.account_id, _is_device, call.authorizing_id)


async def walk_through(call: Call) -> str:
    """The menu, until the caller has set or cancelled something; says what came of it."""
    for _ in range(TRIES):
        pressed = await _key(call, Prompt("wakeup-menu"))
        if pressed == "1":
            return await ask_and_set(call)
        if pressed == "2":
            return await cancel(call)
        if pressed == "3":
            await tell(call)
    return "nothing chosen"


async def ask_and_set(call: Call) -> str:
    """Ask for the time, which half of the day, and how often; set it once it is confirmed."""
    tag = await in_account(call.account_id, _tag, call)
    for _ in range(TRIES):
        digits = await call.collect(
            await sound(call, Prompt("wakeup-enter_time")),
            minimum=3,
            maximum=4,
            timeout=KEY_MILLISECONDS,
            interdigit_timeout=BETWEEN_MILLISECONDS,
        )
        at = keyed_time(digits)
        if at is None:
            await call.play(await sound(call, Prompt("wakeup-invalid_time")))
            continue
        if is_ambiguous(at, tag):
            half = await _key(call, Prompt("wakeup-half_of_day"))
            if half not in ("1", "2"):
                continue
            at = in_half(at, afternoon=half == "2")
        days = _REPEATS.get(await _key(call, Prompt("wakeup-repeat")))
        if days is None:
            continue
        spoken = TimeOfDay(datetime.combine(now().date(), at, UTC), "UTC")
        if await _key(call, Prompt("wakeup-asked_for"), spoken, Prompt("wakeup-confirm")) == "1":
            return await set_for(call, at, days)
    await call.play(await sound(call, Prompt("wakeup-not_set")))
    return "no wake-up call was set"


async def set_for(call: Call, at: time, days: list[str]) -> str:
    """Set it for this phone, and say so."""
    found = await in_account(call.account_id, _set, call.authorizing_id, call.owner_id, at, days)
    if found is None:
        await call.play(await sound(call, Prompt("wakeup-not_set")))
        return "the phone has too many wake-up calls"
    await call.play(await sound(call, *found.parts))
    return f"set for {at:%H:%M}"


async def tell(call: Call) -> str:
    """Say each that is set."""
    found = await _mine(call)
    parts: list[Part] = [part for one in found for part in one.parts]
    await call.play(await sound(call, *(parts or [Prompt("wakeup-none")])))
    return f"{len(found)} are set"


async def cancel(call: Call) -> str:
    """Cancel the one there is; of several, those the caller chooses."""
    found = await _mine(call)
    if len(found) <= 1:
        return await cancel_all(call)
    cancelled = 0
    for one in found:
        if await _key(call, *one.parts, Prompt("wakeup-cancel_this")) == "1":
            cancelled += await in_account(call.account_id, _cancel_one, call.authorizing_id, call.owner_id, one.id)
            await call.play(await sound(call, Prompt("wakeup-cancelled")))
    return f"{cancelled} of {len(found)} cancelled"


async def cancel_all(call: Call) -> str:
    count = await in_account(call.account_id, _cancel_all, call.authorizing_id, call.owner_id)
    await call.play(await sound(call, Prompt("wakeup-cancelled" if count else "wakeup-none")))
    return f"{count} cancelled"


async def _key(call: Call, *parts: Part) -> str:
    return await call.collect(
        await sound(call, *parts), maximum=1, timeout=KEY_MILLISECONDS, interdigit_timeout=BETWEEN_MILLISECONDS
    )


async def _mine(call: Call) -> list[Heard]:
    return await in_account(call.account_id, _heard_all, call.authorizing_id, call.owner_id)


def _is_device(identifier: str) -> bool:
    found: bool = Device.objects.filter(id=identifier).exists()
    return found


def _heard_all(device_id: str, owner_id: str) -> list[Heard]:
    return [_heard(one) for one in calls_of(device_id, owner_id)]


def _heard(call: WakeupCall) -> Heard:
    assert call.act_at is not None, "it is set"
    at = (call.due or call.act_at) if call.is_ringing else call.act_at
    return Heard(call.id, at, zone_for(call).key, tuple(call.document.get("days") or ()))


def _set(device_id: str, owner_id: str, at: time, days: list[str]) -> Heard | None:
    document = {"device_id": device_id, "time": f"{at:%H:%M}", "days": days} | (
        {"owner_id": owner_id} if owner_id else {}
    )
    made = actions.set_by_phone(document, by_phone(owner_id))
    return _heard(made) if made is not None else None


def _cancel_one(device_id: str, owner_id: str, identifier: str) -> bool:
    return actions.cancel_one(device_id, owner_id, identifier, by_phone(owner_id))


def _cancel_all(device_id: str, owner_id: str) -> int:
    return actions.cancel_all(device_id, owner_id, by_phone(owner_id))


def _tag(call: Call) -> str:
    spoken = call.variables.get(SPOKEN_LANGUAGE, "")
    return listener_of(Asking(call.authorizing_id, call.owner_id, spoken)).tag
