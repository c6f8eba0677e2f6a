from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.callflows.ringing import BRIDGE_CHILDREN, Ring, ring
from apps.pbx.devices.models import Device
from apps.pbx.endpoints.actions import by_phone, log_in, log_out
from apps.pbx.endpoints.hotdesking import by_hotdesk_id, hotdesk_of, is_pin_of
from apps.pbx.endpoints.legs import Member
from apps.pbx.media.speech import Prompt, sound
from apps.pbx.users.models import User
from apps.switching.calls.port import Call

TRIES = 3
LONGEST_ID, LONGEST_PIN = 15, 15


class HotdeskData(VerbData):
    action: Literal["login", "logout", "toggle", "bridge"] = Field(
        "login", description="Log in to the calling phone, log out of it, whichever applies, or ring where the user is."
    )
    id: str = Field("", max_length=128, description="The user; empty to ask the caller for his hotdesk number.")
    interdigit_timeout: int = Field(3, ge=1, le=30, description="Seconds to wait between keys.")


class Hotdesking(Verb[HotdeskData]):
    """Let a person make any phone his own: it then rings and calls as his do.

    Who logs in keys in his hotdesk number and, where his settings ask for it, his PIN.
    """

    Data = HotdeskData
    children: ClassVar[dict[str, str]] = {**BRIDGE_CHILDREN, "_": "it is done, or was not; or nobody answered"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "toggle"},
        {"action": "bridge", "id": "0123456789abcdef0123456789abcdef"},
    )

    async def run(self, call: Call, data: HotdeskData) -> Branch:
        if data.action == "bridge":
            return await ring(call, Ring((Member(data.id, "user"),)))
        await call.answer()
        logged_in = await in_account(call.account_id, _logged_in, call.authorizing_id)
        if logged_in is None:
            return await _say(call, "hotdesk-disabled", "this is no phone of the account")
        leaves = data.action == "logout" or (data.action == "toggle" and bool(logged_in))
        return await (_log_out if leaves else _log_in)(call, data, logged_in)


async def _log_in(call: Call, data: HotdeskData, _logged_in: list[str]) -> Branch:
    for _ in range(TRIES):
        user = await _who(call, data)
        if user is None:
            await call.play(await sound(call, Prompt("hotdesk-invalid_entry")))
            continue
        if hotdesk_of(user).get("require_pin") and not await _knows_pin(call, data, user):
            await call.play(await sound(call, Prompt("hotdesk-invalid_entry")))
            continue
        await in_account(call.account_id, _begin, call.authorizing_id, user)
        return await _say(call, "hotdesk-logged_in", f"{user.id} logged in")
    return await _say(call, "hotdesk-abort", "nobody logged in")


async def _log_out(call: Call, data: HotdeskData, logged_in: list[str]) -> Branch:
    """Whoever is alone at the phone leaves it; of several, the one whose number is keyed in."""
    user_id = data.id or (logged_in[0] if len(logged_in) == 1 else "")
    if not user_id and logged_in:
        user = await _who(call, data)
        user_id = user.id if user is not None else ""
    if user_id not in logged_in:
        return await _say(call, "hotdesk-abort", "nobody to log out")
    await in_account(call.account_id, _end, call.authorizing_id, user_id)
    return await _say(call, "hotdesk-logged_out", f"{user_id} logged out")


async def _who(call: Call, data: HotdeskData) -> User | None:
    if data.id:
        return await in_account(call.account_id, _user, data.id)
    number = await _keyed(call, data, "hotdesk-enter_id", LONGEST_ID)
    return await in_account(call.account_id, by_hotdesk_id, number) if number else None


async def _knows_pin(call: Call, data: HotdeskData, user: User) -> bool:
    pin = await _keyed(call, data, "hotdesk-enter_pin", LONGEST_PIN)
    return await in_account(call.account_id, is_pin_of, user, pin)


async def _keyed(call: Call, data: HotdeskData, prompt: str, longest: int) -> str:
    return await call.collect(
        await sound(call, Prompt(prompt)),
        maximum=longest,
        timeout=10_000,
        interdigit_timeout=data.interdigit_timeout * 1000,
    )


async def _say(call: Call, prompt: str, why: str) -> Branch:
    await call.play(await sound(call, Prompt(prompt)))
    return go_on(why=why)


def _user(user_id: str) -> User | None:
    found: User | None = User.objects.filter(id=user_id).first()
    return found if found is not None and found.enabled and hotdesk_of(found).get("enabled") else None


def _logged_in(device_id: str) -> list[str] | None:
    device = Device.objects.filter(id=device_id).first()
    return list(device.logged_in) if device is not None else None


def _begin(device_id: str, user: User) -> None:
    log_in(Device.objects.get(id=device_id), user, by_phone(user.id))


def _end(device_id: str, user_id: str) -> None:
    log_out(Device.objects.get(id=device_id), user_id, by_phone(user_id))
