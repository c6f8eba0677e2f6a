"""What whoever answers a wake-up call hears, and what his keys do."""

from __future__ import annotations

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.clock import now
from apps.pbx.media.speech import Part, Prompt, TimeOfDay, sound
from apps.pbx.wakeup_calls import calling
from apps.switching.calls.port import ALL_KEYS, Call

SNOOZE = "1"
#: How often it is said to somebody who presses nothing, and how long a key is waited for each time. Seconds.
TIMES, PAUSE = 3, 5


async def wake(call: Call, attempt_id: str) -> str:
    """Greet, say the time, and take a key. Says what came of it. Raises `CallerHungUp`, which is an answer as well."""
    found = await in_account(call.account_id, calling.answered, attempt_id, call.interaction_id)
    await call.answer()
    choice = "wakeup-snooze" if found.snooze_minutes else "wakeup-press_key"
    for _ in range(TIMES):
        parts: list[Part] = [Prompt("wakeup-greeting"), Prompt("wakeup-time_now"), TimeOfDay(now(), found.zone.key)]
        key = await call.play(await sound(call, *parts, Prompt(choice)), ALL_KEYS) or await call.wait(
            PAUSE, "", ALL_KEYS
        )
        if key:
            return await _pressed(call, attempt_id, key, may_snooze=bool(found.snooze_minutes), zone=found.zone.key)
    return "answered, no key was pressed"


async def _pressed(call: Call, attempt_id: str, key: str, *, may_snooze: bool, zone: str) -> str:
    if key == SNOOZE and may_snooze:
        again = await in_account(call.account_id, calling.snoozed, attempt_id)
        if again is not None:
            await call.play(await sound(call, Prompt("wakeup-again_at"), TimeOfDay(again, zone)))
            return f"is called again at {again:%H:%M} UTC"
    await in_account(call.account_id, calling.confirmed, attempt_id)
    await call.play(await sound(call, Prompt("wakeup-confirmed")))
    return "confirmed"
