"""Hearing one tone among others, as in a conference: on the real switch alone, for the lab has no audio."""

from __future__ import annotations

from array import array

from tests.telephony.parties import HEARD_SECONDS, Line
from tests.telephony.sip_parties import SipLine
from tests.telephony.stack import until
from tests.telephony.tones import WINDOW, share_of

#: Share of a window's energy in a tone that several others may drown, and what is left of one that is not there.
IN_A_MIX, GONE = 0.12, 0.03


async def hears_in_mix(listener: Line, frequency: int, seconds: float = 8.0, *, lasting: float = HEARD_SECONDS) -> None:
    """Wait until the frequency was heard for so many seconds, whatever else was. On the lab switch: until the line is
    up."""
    if not isinstance(listener, SipLine):
        await listener.hears_sound(seconds)
        return
    audio, since = listener.call.audio, listener.call.audio.mark_place()
    await until(
        lambda: _seconds(listener, frequency, since, IN_A_MIX) >= lasting,
        f"{frequency} Hz is heard among others by {audio.received} packets",
        seconds,
    )


async def hears_no_more(listener: Line, frequency: int, seconds: float = 15.0) -> None:
    """Wait for a second without the frequency; what was on the way may arrive first. Real switch only."""
    assert isinstance(listener, SipLine)
    since = listener.call.audio.mark_place()

    def gone() -> bool:
        windows = _windows(listener, since)[-10:]
        return len(windows) == 10 and all(share_of(window, frequency) < GONE for window in windows)

    await until(gone, f"{frequency} Hz is heard no more", seconds)


def _seconds(listener: SipLine, frequency: int, since: int, share: float) -> float:
    return 0.1 * sum(share_of(window, frequency) >= share for window in _windows(listener, since))


def _windows(listener: SipLine, since: int) -> list[array[int]]:
    samples = listener.call.audio.samples(since)
    return [samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW + 1, WINDOW)]
