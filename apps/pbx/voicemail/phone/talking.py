"""Saying something and being answered, in a mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from apps.foundation.accounts.bridge import in_account
from apps.foundation.identity.principal import Principal, system_principal
from apps.foundation.kit.ids import new_id
from apps.pbx.media.speech import File, Part, Prompt, sound
from apps.pbx.voicemail.documents import VoicemailKeys
from apps.pbx.voicemail.queries import Mailbox, find_box
from apps.switching.calls.port import ALL_KEYS, Call, Recorded, RecordRequest

#: How often somebody may say nothing, or something wrong, before we go on without an answer.
TRIES = 3
#: Keys of one menu; whoever presses more is a machine.
MOST_KEYS = 200
#: Milliseconds.
WAIT, BETWEEN_KEYS, SHORTEST = 5_000, 2_000, 500
#: Seconds of a greeting, and of the silence that ends it.
LONGEST_GREETING, SILENCE = 180, 5
BEEP = File("tone_stream://%(500,0,640)")


@dataclass
class Session:
    """Somebody in a mailbox."""

    call: Call
    box: Mailbox
    interdigit: int = BETWEEN_KEYS

    @property
    def keys(self) -> VoicemailKeys:
        return self.box.keys

    @property
    def principal(self) -> Principal:
        return system_principal(self.call.account_id)

    async def reload(self) -> None:
        """The settings were changed."""
        found: Mailbox | None = await in_account(self.call.account_id, find_box, self.box.id)
        self.box = found or self.box

    async def say(self, *parts: Part | str) -> None:
        await say(self.call, *parts)

    async def choose(self, *parts: Part | str) -> str:
        """One key, empty for silence."""
        return await choose(self.call, *parts)


async def say(call: Call, *parts: Part | str) -> None:
    """Say it all; a text is a prompt's id."""
    await call.play(await sound(call, *_parts(parts)))


async def say_until_key(call: Call, *parts: Part | str, keys: str = ALL_KEYS) -> str:
    """Say it; a key ends it and is returned."""
    return await call.play(await sound(call, *_parts(parts)), keys)


async def choose(call: Call, *parts: Part | str) -> str:
    """Say it and wait for one key, of which `#` is one as well."""
    said = await sound(call, *_parts(parts))
    return await call.collect(said, maximum=1, timeout=WAIT, interdigit_timeout=BETWEEN_KEYS, terminators="")


async def digits(call: Call, *parts: Part | str, maximum: int, between: int = BETWEEN_KEYS) -> str:
    """Say it and take digits until `#`."""
    said = await sound(call, *_parts(parts))
    return await call.collect(said, maximum=maximum, timeout=2 * WAIT, interdigit_timeout=max(500, between))


async def record_something(call: Call, *parts: Part | str) -> Recorded | None:
    """Say what to say, record it, and let the speaker hear and repeat it. None where nothing was kept."""
    file = f"{call.account_id}/{new_id()}.wav"
    for _try in range(TRIES):
        # A key ends the words; left in the queue it would end the recording before it begins.
        await say_until_key(call, *parts)
        await say(call, BEEP)
        recorded = await call.record(RecordRequest(file, limit=LONGEST_GREETING, silence_seconds=SILENCE))
        if recorded.milliseconds < SHORTEST:
            await say(call, "vm-recording_to_short")
        elif await _is_good(call, recorded):
            return recorded
    return None


async def _is_good(call: Call, recorded: Recorded) -> bool:
    """Whether it is kept; silence keeps it too."""
    for _try in range(TRIES * 2):
        pressed = await choose(call, "vm-review_recording")
        if pressed == "2":
            await call.play(recorded.path, ALL_KEYS)
        elif pressed in ("1", "3"):
            return pressed == "1"
    return True


def _parts(parts: tuple[Part | str, ...]) -> list[Part]:
    return [Prompt(part) if isinstance(part, str) else part for part in parts]
