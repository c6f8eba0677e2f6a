from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from apps.foundation.accounts.bridge import in_account
from apps.foundation.kit.patterns import search
from apps.pbx.callflows.asking import Asking
from apps.pbx.callflows.own_sounds import own_or_prompt, play_own_or_prompt
from apps.pbx.callflows.queries import FoundFlow, find_flow
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, jump
from apps.pbx.endpoints.documents import BlankIsAbsent
from apps.pbx.menus.documents import MenuSettings
from apps.pbx.menus.greeting import record_greeting
from apps.pbx.menus.queries import settings_of
from apps.switching.calls.port import Call

#: Long enough for a person; a shorter wait would end before a key could be pressed.
SHORTEST_WAIT = 500
#: Between keys, where neither the menu nor the flow says.
INTERDIGIT = 2_000
#: What is said where the menu names no sound.
GREETING, INVALID, TRANSFER, EXIT = "menu-no_prompt", "menu-invalid_entry", "menu-transferring_call", "menu-exit"


class MenuData(MenuSettings, VerbData):
    id: str = Field(
        "", max_length=128, description="The menu. Without one, the settings here are.",
        json_schema_extra={"names": "menu"},
    )  # fmt: skip
    hunt: bool = Field(False, description="Whether callers may dial an extension, in a menu without an id.")
    interdigit_timeout: Annotated[int | None, BlankIsAbsent] = Field(  # type: ignore[assignment]
        None, ge=1, le=30_000, description="Time to wait for each next key, in place of the menu's. Milliseconds."
    )


class Menu(Verb[MenuData]):
    """Let the caller choose by pressing keys: the child named like the keys is next.

    Keys without a child may be an extension (`hunt`), or the PIN to record another greeting. Anything else is a wrong
    choice, and the caller may try again.
    """

    Data = MenuData
    children: ClassVar[dict[str, str]] = {
        "1, 2, 0, 101, *, # …": "the caller pressed these keys",
        "timeout": "the caller pressed nothing",
        "max_retries": "no try was left",
        "_": "no try was left, or there is no such menu",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"id": "0123456789abcdef0123456789abcdef"},
        {"media": {"greeting": "https://example.com/menu.wav"}, "retries": 2},
        {"hunt": True, "hunt_allow": "^1\\d{2}$", "timeout": 5000},
    )

    async def run(self, call: Call, data: MenuData) -> Branch:
        menu = await _settings(call, data)
        if menu is None:
            return go_on(why=f"there is no menu {data.id}")
        await call.answer()
        for _attempt in range(menu.retries):
            pressed = await call.collect(
                await own_or_prompt(call, menu.media.greeting or True, GREETING),
                maximum=menu.max_extension_length,
                timeout=max(SHORTEST_WAIT, menu.timeout),
                interdigit_timeout=max(SHORTEST_WAIT, data.interdigit_timeout or menu.interdigit_timeout or INTERDIGIT),
            )
            if not pressed and "timeout" in data.child_keys:
                return go_on("timeout", why="silence")
            if pressed and (branch := await self._chosen(call, menu, data, pressed)) is not None:
                return branch
        await play_own_or_prompt(call, menu.media.exit_media, EXIT)
        return go_on("max_retries", why="no try was left")

    @staticmethod
    async def _chosen(call: Call, menu: MenuSettings, data: MenuData, pressed: str) -> Branch | None:
        """Where these keys lead; None where the caller is to try again."""
        if pressed in data.child_keys:
            return go_on(pressed, why=f"pressed {pressed}")
        if may_hunt(menu, pressed) and (found := await in_account(call.account_id, extension, pressed)) is not None:
            await play_own_or_prompt(call, menu.media.transfer_media, TRANSFER)
            await call.set_variables({"capture_group": found.capture_group})
            return jump(found.callflow.id, comes_back=True, why=f"dialled {pressed}")
        if pressed == menu.record_pin and data.id and (call.call_kind == "internal" or menu.allow_record_from_offnet):
            await record_greeting(call, data.id)
            # What was recorded is played next.
            menu.media = (await _settings(call, data) or menu).media
        elif not menu.suppress_media:
            await play_own_or_prompt(call, menu.media.invalid_media, INVALID)
        return None

    def explain(self, asking: Asking, data: MenuData) -> Branch | list[Branch]:
        menu = settings_of(data.id) if data.id else data
        if menu is None:
            return go_on(why=f"there is no menu {data.id}")
        for _attempt in range(menu.retries):
            pressed = asking.press(menu.max_extension_length)
            if pressed is None:
                return [go_on(key, why=f"pressed {key}") for key in sorted(data.child_keys)]
            if not pressed and "timeout" in data.child_keys:
                return go_on("timeout", why="silence")
            if pressed in data.child_keys:
                return go_on(pressed, why=f"pressed {pressed}")
            if pressed and may_hunt(menu, pressed) and (found := extension(pressed)) is not None:
                return jump(found.callflow.id, comes_back=True, why=f"dialled {pressed}")
        return go_on("max_retries", why="no try was left")


def may_hunt(menu: MenuSettings, digits: str) -> bool:
    """Whether a caller may dial this extension."""
    allowed = menu.hunt_allow is None or search(menu.hunt_allow, digits) is not None
    denied = menu.hunt_deny is not None and search(menu.hunt_deny, digits) is not None
    return menu.hunt and allowed and not denied


def extension(digits: str) -> FoundFlow | None:
    """The account's callflow for these digits, never the catch-all."""
    found = find_flow(digits)
    return found if found is not None and not found.is_no_match else None


async def _settings(call: Call, data: MenuData) -> MenuSettings | None:
    return await in_account(call.account_id, settings_of, data.id) if data.id else data
