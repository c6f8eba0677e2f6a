from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from apps.foundation.accounts.bridge import in_account
from apps.foundation.documents.shape import Shape
from apps.foundation.kit.patterns import search
from apps.pbx.callflows.documents import Pattern
from apps.pbx.callflows.queries import find_flow
from apps.pbx.callflows.registry import Branch, Verb, VerbData, go_on, jump
from apps.pbx.callflows.sounds import sound_or_none
from apps.switching.calls.port import Call

#: What is heard where no greeting of one's own is set: one tone to start, two low ones for a wrong key.
DEFAULT_GREETING = "tone_stream://%(400,200,440)"
DEFAULT_INVALID = "tone_stream://%(200,100,330);loops=2"


class MenuMedia(Shape):
    greeting: str = Field("", max_length=2048, description="Played first: a tone or an http(s) URL.")
    invalid_media: str | bool = Field(True, description="Played for a wrong choice; false for silence.")
    exit_media: str | bool = Field(False, description="Played when there are no retries left.")


class MenuData(VerbData):
    id: str = Field("", max_length=128, description="Kept for clients that name a menu document.")
    media: MenuMedia = Field(default_factory=MenuMedia, description="What the caller hears.")
    retries: int = Field(3, ge=1, le=10, description="How often the caller may try.")
    timeout: int = Field(10_000, ge=500, le=60_000, description="Milliseconds to wait for the first key.")
    interdigit_timeout: int = Field(2_000, ge=100, le=30_000, description="Milliseconds to wait for each next key.")
    max_extension_length: int = Field(4, ge=1, le=20, description="Most keys of a choice.")
    hunt: bool = Field(False, description="Callers may dial an extension.")
    hunt_allow: Pattern | None = Field(None, description="Only extensions that match this regular expression.")
    hunt_deny: Pattern | None = Field(None, description="Never extensions that match this regular expression.")
    suppress_media: bool = Field(False, description="Play nothing for a wrong choice.")

    @field_validator("hunt_allow", "hunt_deny", mode="before")
    @classmethod
    def blank_is_absent(cls, value: Any) -> Any:
        return value or None

    def lets_dial(self, digits: str) -> bool:
        """Whether a caller may dial this extension."""
        allowed = self.hunt_allow is None or search(self.hunt_allow, digits) is not None
        denied = self.hunt_deny is not None and search(self.hunt_deny, digits) is not None
        return self.hunt and allowed and not denied


class Menu(Verb[MenuData]):
    """Let the caller choose by pressing keys: the child named like the keys is next."""

    Data = MenuData
    children: ClassVar[dict[str, str]] = {
        "1, 2, 0, 101 …": "the caller pressed these keys",
        "timeout": "the last try ended in silence",
        "max_retries": "the last try was a wrong choice",
        "_": "no try was left",
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"media": {"greeting": "https://example.com/menu.wav"}, "retries": 2},
        {"hunt": True, "hunt_allow": "^1\\d{2}$", "timeout": 5000},
    )

    async def run(self, call: Call, data: MenuData) -> Branch:
        await call.answer()
        greeting = sound_or_none(data.media.greeting) or DEFAULT_GREETING
        pressed = ""
        for _ in range(data.retries):
            pressed = await call.collect(
                greeting,
                maximum=data.max_extension_length,
                timeout=data.timeout,
                interdigit_timeout=data.interdigit_timeout,
            )
            if pressed and (branch := await self._chosen(call, data, pressed)) is not None:
                return branch
            if pressed and not data.suppress_media:
                await _play(call, data.media.invalid_media, DEFAULT_INVALID)
        await _play(call, data.media.exit_media, "")
        return go_on("max_retries") if pressed else go_on("timeout", why="silence")

    @staticmethod
    async def _chosen(call: Call, data: MenuData, pressed: str) -> Branch | None:
        if pressed in data.child_keys:
            return go_on(pressed, why=f"pressed {pressed}")
        if not data.lets_dial(pressed):
            return None
        callflow_id = await in_account(call.account_id, _extension, pressed)
        return jump(callflow_id, comes_back=True, why=f"dialled {pressed}") if callflow_id else None


def _extension(digits: str) -> str:
    found = find_flow(digits)
    return str(found.callflow.id) if found is not None and not found.is_no_match else ""


async def _play(call: Call, wanted: str | bool, default: str) -> None:
    chosen = wanted if isinstance(wanted, str) else (default if wanted else "")
    if media := sound_or_none(chosen):
        await call.play(media)
