"""A caller's way into a conference: which one, as whom, past its door, and in."""

from __future__ import annotations

from dataclasses import dataclass

from apps.foundation.accounts.bridge import in_account
from apps.pbx.callflows.lockout import forgive, is_locked, note_wrong_pin
from apps.pbx.callflows.registry import Branch, go_on
from apps.pbx.callflows.sounds import playable_or_none
from apps.pbx.conferences.crossing import enter
from apps.pbx.conferences.documents import LONGEST_NUMBER, ConferenceSettings, Tone
from apps.pbx.conferences.names import name_for, record_name
from apps.pbx.conferences.queries import Occupancy, Opened, conference_by_number, occupancy_of
from apps.pbx.media.music import music
from apps.pbx.media.speech import Counted, File, Part, Prompt, sound
from apps.switching.calls.port import Call, ConferenceRequest
from apps.switching.rooms.homes import home_of
from apps.switching.rooms.queries import room_name

TRIES = 3
ENTRY_TONE = "tone_stream://%(120,60,523);%(160,0,784)"
EXIT_TONE = "tone_stream://%(120,60,784);%(160,0,523)"
#: Milliseconds to wait for the first key, and for each next one.
_FIRST_KEY, _NEXT_KEY = 10_000, 4_000


@dataclass(frozen=True, slots=True)
class Entrance:
    """How a flow leads into a conference. `is_moderator` None: by number or PIN. `number` is what was dialled or keyed
    in; `welcome` the sound that welcomes, True for the prompt."""

    is_moderator: bool | None = None
    number: str = ""
    welcome: bool | str = True
    entry_tone: Tone | None = None
    exit_tone: Tone | None = None


async def discover(call: Call) -> tuple[Opened, str] | None:
    """Ask for the conference's number. None where no try found one, after telling so."""
    for _try in range(TRIES):
        number = await call.collect(
            await sound(call, Prompt("conf-enter_conf_number")),
            maximum=LONGEST_NUMBER,
            timeout=_FIRST_KEY,
            interdigit_timeout=_NEXT_KEY,
        )
        found = await in_account(call.account_id, conference_by_number, number)
        if found is not None:
            return found, number
        await call.play(await sound(call, Prompt("conf-bad_conf")))
    await call.play(await sound(call, Prompt("conf-to_many_attempts")))
    return None


async def join(call: Call, opened: Opened, entrance: Entrance) -> Branch:
    """Welcome, ask for the PIN, and be in the conference until it is over for the caller."""
    visit = _Visit(call, opened, entrance)
    await call.answer()
    await visit.welcome()
    is_moderator = await visit.role()
    if is_moderator is None:
        await visit.say(Prompt("conf-to_many_attempts"))
        return go_on(why="the PIN was wrong")
    occupancy = await in_account(call.account_id, occupancy_of, opened.id)
    if refusal := await visit.refusal(occupancy, is_moderator):
        return go_on(why=refusal)
    name = room_name(call.account_id, opened.id)
    said = await visit.name()
    home = await in_account(call.account_id, home_of, name, call.switch)
    request = await visit.request(occupancy, is_moderator, await name_for(call, home, said))
    if not await enter(call, home, opened.id, request):
        return go_on(why=f"the conference is on {home}, which cannot be reached")
    await visit.say(Prompt("conf-goodbye"))
    return go_on(why=f"left the conference {opened.name}")


@dataclass
class _Visit:
    call: Call
    opened: Opened
    entrance: Entrance

    @property
    def settings(self) -> ConferenceSettings:
        return self.opened.settings

    async def say(self, *parts: Part) -> None:
        await self.call.play(await self.words(*parts))

    async def words(self, *parts: Part) -> str:
        return await sound(self.call, *parts, language=self.settings.language or "")

    async def welcome(self) -> None:
        wanted = self.entrance.welcome if self.settings.play_welcome else False
        own = await playable_or_none(self.call, wanted) if isinstance(wanted, str) else ""
        if wanted:
            await self.call.play(own or await self.words(Prompt("conf-welcome")))

    async def role(self) -> bool | None:
        """Whether the caller is a moderator; None for one who does not know the PIN."""
        members, moderators = self.settings.member.pins, self.settings.moderator.pins
        known = self._role_by_number()
        if known is not None:
            pins = moderators if known else members
            return known if not pins or await self._pin(pins) else None
        if not members and not moderators:
            return False
        found = await self._pin([*members, *moderators], optional=not members)
        return None if found is None else found in moderators

    def _role_by_number(self) -> bool | None:
        if self.entrance.is_moderator is not None:
            return self.entrance.is_moderator
        number = self.entrance.number
        for is_moderator, side in ((True, self.settings.moderator), (False, self.settings.member)):
            if number and number in side.numbers:
                return is_moderator
        return None

    async def _pin(self, pins: list[str], *, optional: bool = False) -> str | None:
        """The PIN keyed in, empty for none where that is allowed; None for one who knows none."""
        door, caller = f"conference:{self.opened.id}", self.call.original_caller_id.number
        if await in_account(self.call.account_id, is_locked, door, caller):
            return None
        for _try in range(TRIES):
            keyed = await self.call.collect(
                await self.words(Prompt("conf-enter_conf_pin")),
                maximum=LONGEST_NUMBER,
                timeout=_FIRST_KEY,
                interdigit_timeout=_NEXT_KEY,
            )
            if keyed in pins or (optional and not keyed):
                await in_account(self.call.account_id, forgive, door, caller)
                return keyed
            if keyed:
                await in_account(self.call.account_id, note_wrong_pin, door, caller)
            await self.say(Prompt("conf-bad_pin"))
        return None

    async def refusal(self, occupancy: Occupancy, is_moderator: bool) -> str:
        """Why the caller cannot come in, after he was told; empty where he can."""
        if occupancy.is_locked and not is_moderator:
            await self.say(Prompt("conf-is_locked"))
            return "the conference is locked"
        if self.settings.most is not None and occupancy.participants >= self.settings.most:
            own = self.settings.max_members_media or self.settings.profile.max_members_sound
            await self.call.play(
                await playable_or_none(self.call, own) or await self.words(Prompt("conf-max_participants"))
            )
            return "the conference is full"
        return ""

    async def name(self) -> str:
        """What the caller says his name is, where that is wanted."""
        return await record_name(self.call, self.settings.language or "") if self.settings.play_name else ""

    async def request(self, occupancy: Occupancy, is_moderator: bool, name: str) -> ConferenceRequest:
        """`name` is the sound of his name; empty for none."""
        await self._tell_how_many(occupancy, is_moderator)
        return ConferenceRequest(
            name=room_name(self.call.account_id, self.opened.id),
            profile=self.settings.profile_name or "default",
            flags=self._flags(is_moderator),
            variables=await self._variables(name, is_moderator),
        )

    async def _tell_how_many(self, occupancy: Occupancy, is_moderator: bool) -> None:
        settings = self.settings
        waits = settings.wait_for_moderator or settings.require_moderator
        if waits and not is_moderator and not occupancy.moderators:
            await self.say(Prompt("conf-wait_for_moderator"))
            return
        others = occupancy.participants
        if not settings.member.play_entry_prompt or others < (settings.profile.announce_count or 0):
            return
        await self.say(Counted("conf-count_participants", others) if others else Prompt("conf-alone"))

    def _flags(self, is_moderator: bool) -> tuple[str, ...]:
        settings = self.settings
        side = settings.moderator if is_moderator else settings.member
        wanted = {
            "moderator": is_moderator,
            "mute": side.join_muted,
            "deaf": side.join_deaf,
            "wait-mod": settings.wait_for_moderator or settings.require_moderator,
            "mandatory_member_endconf": settings.require_moderator and is_moderator,
        }
        return tuple(flag for flag, on in wanted.items() if on)

    async def _variables(self, name: str, is_moderator: bool) -> dict[str, str]:
        settings, profile = self.settings, self.settings.profile
        entry = settings.play_entry_tone if self.entrance.entry_tone is None else self.entrance.entry_tone
        leave = settings.play_exit_tone if self.entrance.exit_tone is None else self.entrance.exit_tone
        own = await playable_or_none(self.call, profile.moh_sound)
        controls = settings.moderator_controls if is_moderator else settings.caller_controls
        found = {
            "conference_moh_sound": own or await music(self.call),
            "conference_enter_sound": await self._announced(
                name, "conf-has_joined", await self._tone(profile.enter_sound or entry, ENTRY_TONE)
            ),
            "conference_exit_sound": await self._announced(
                name, "conf-has_left", await self._tone(profile.exit_sound or leave, EXIT_TONE)
            ),
            "conference_controls": controls or "",
            # The switch lets nobody into a locked conference otherwise, moderators included.
            "conference_enforce_security": "false" if is_moderator else "",
            "conference_join_energy_level": str(profile.energy_level) if profile.energy_level is not None else "",
        }
        return {variable: value for variable, value in found.items() if value}

    async def _tone(self, wanted: Tone, tone: str) -> str:
        if isinstance(wanted, str) and wanted:
            return await playable_or_none(self.call, wanted) or tone
        return tone if wanted else ""

    async def _announced(self, name: str, prompt: str, tone: str) -> str:
        if not name:
            return tone
        return await self.words(*([File(tone)] if tone else []), File(name), Prompt(prompt))
