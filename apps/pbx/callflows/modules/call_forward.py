from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on
from apps.pbx.endpoints.actions import by_phone, switch_forward, target_of
from apps.pbx.media.speech import Digits, Prompt, sound
from apps.switching.calls.port import Call

Kind = Literal["unconditional", "busy", "no_answer", "unreachable"]
LONGEST_NUMBER = 20


class CallForwardData(VerbData):
    action: Literal["activate", "deactivate", "update", "toggle", "menu"] = Field(
        "activate", description="Switch it on or off, change the number, switch over, or ask the caller which."
    )
    kind: Kind = Field("unconditional", description="Which calls: all, or those that found the phone so.")


class CallForward(Verb[CallForwardData]):
    """Let the caller forward his own calls: those of the user whose phone it is, or of a phone that is nobody's.

    The number is what the dialled pattern captured; without one the caller is asked for it.
    """

    Data = CallForwardData
    children: ClassVar[dict[str, str]] = {"_": "it is done, or the caller keyed in nothing"}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"action": "activate"},
        {"action": "toggle", "kind": "busy"},
        {"action": "menu"},
    )

    async def run(self, call: Call, data: CallForwardData) -> Branch:
        await call.answer()
        now = await in_account(call.account_id, _current, call.authorizing_id, call.owner_id, data.kind)
        if now is None:
            await call.play(await sound(call, Prompt("cf-not_available")))
            return go_on(why="nobody's phone")
        enabled, number = now
        action: str = data.action
        if action == "menu":
            action = await _chosen(call, enabled=enabled)
        if action == "toggle":
            action = "deactivate" if enabled else "activate"
            dialled = number or call.variables.get("capture_group", "")
        else:
            dialled = call.variables.get("capture_group", "")
        if action == "deactivate":
            return await _off(call, data.kind)
        if action in ("activate", "update"):
            return await _on(call, data.kind, dialled, enabled=action == "activate" or enabled)
        return go_on(why="nothing chosen")


async def _chosen(call: Call, *, enabled: bool) -> str:
    """KAZOO's menu: 1 switches it over, 2 changes the number."""
    prompt = await sound(call, Prompt("cf-enabled_menu" if enabled else "cf-disabled_menu"))
    pressed = await call.collect(prompt, maximum=1, timeout=10_000, interdigit_timeout=2_000)
    return {"1": "toggle", "2": "update"}.get(pressed, "")


async def _on(call: Call, kind: Kind, number: str, *, enabled: bool) -> Branch:
    if not number:
        prompt = await sound(call, Prompt("cf-enter_number"))
        number = await call.collect(prompt, maximum=LONGEST_NUMBER, timeout=15_000, interdigit_timeout=3_000)
    if not number:
        await call.play(await sound(call, Prompt("cf-not_available")))
        return go_on(why="no number keyed in")
    await _write(call, kind, {"enabled": enabled, "number": number})
    await call.play(await sound(call, Prompt("cf-now_forwarded_to"), Digits(number)))
    return go_on(why=f"forwarded to {number}")


async def _off(call: Call, kind: Kind) -> Branch:
    await _write(call, kind, {"enabled": False})
    await call.play(await sound(call, Prompt("cf-disabled")))
    return go_on(why="no longer forwarded")


async def _write(call: Call, kind: Kind, changes: dict[str, Any]) -> None:
    def write() -> None:
        target = target_of(call.authorizing_id, call.owner_id)
        if target is not None:
            switch_forward(target, kind, changes, by_phone(call.owner_id))

    await in_account(call.account_id, write)


def _current(authorizing_id: str, owner_id: str, kind: Kind) -> tuple[bool, str] | None:
    """Whether calls are forwarded now, and the number that is kept; None where nobody's calls could be."""
    target = target_of(authorizing_id, owner_id)
    if target is None:
        return None
    group = target.document.get("call_forward")
    given: Any = group if isinstance(group, Mapping) else {}
    newer = given.get(kind)
    given = newer if isinstance(newer, Mapping) else given if kind == "unconditional" else {}
    return bool(given.get("enabled")), str(given.get("number") or "")
