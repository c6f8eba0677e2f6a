"""Taking over and listening in to other channels, and hearing a fax machine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from apps.switching.lab.applications import application
from apps.switching.lab.events import Origin
from apps.switching.lab.profile import Redirect

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

_TONE = Origin("mod_spandsp_fax.c", "tone_detect_callback", 2408)
_LEAVES_SECONDS = 2
#: How often a fax machine's tone is looked for: it sounds every three seconds.
_TONE_SECONDS = 0.05


@application("intercept")
async def intercept(channel: Channel, argument: str) -> None:
    """[-bleg] uuid: talk to that channel; whom it talked to is hung up, who rang for it stops."""
    words = argument.split()
    target = channel.switch.channels.get(words[-1]) if words else None
    if target is not None and words[0] == "-bleg":
        target = target.bridged_to
    if target is None or target is channel or not target.up:
        return
    partner = target.bridged_to
    channel.mark_answered()
    target.mark_answered()
    target.redirect = Redirect(passive=True)
    target.wake()
    if partner is not None:
        partner.wake()
        partner.hang_up("PICKED_OFF")
    if target.task is not None:
        await asyncio.wait([target.task], timeout=_LEAVES_SECONDS)
    target.redirect = None
    channel.redirect = Redirect(bridge_with=target)


@application("eavesdrop")
async def eavesdrop(channel: Channel, argument: str) -> None:
    """uuid: hear that channel until it ends. Who it is heard by stands in its `eavesdropped_by`, for the lab alone."""
    target = channel.switch.channels.get(argument.strip())
    if target is None or target is channel or not channel.has_media:
        return
    target.variables["eavesdropped_by"] = channel.uuid

    async def tell() -> None:
        await target.reported.wait()
        channel.wake()

    telling = channel.switch.spawn(tell())
    try:
        await channel.until(lambda: not target.up)
    finally:
        telling.cancel()
        target.variables.pop("eavesdropped_by", None)


@application("spandsp_start_fax_detect")
async def start_fax_detect(channel: Channel, argument: str) -> None:
    """application argument [seconds [tone]]: goes on beside what the channel does."""
    words = argument.split(" ")
    seconds = float(words[2]) if len(words) > 2 and words[2].isdigit() else 60.0
    channel.hears_fax = channel.switch.spawn(_hear_fax(channel, seconds))


@application("spandsp_stop_fax_detect")
async def stop_fax_detect(channel: Channel, _argument: str) -> None:
    if channel.hears_fax is not None:
        channel.hears_fax.cancel()
        channel.hears_fax = None


async def _hear_fax(channel: Channel, seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while channel.up and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_TONE_SECONDS)
        if getattr(channel.endpoint, "is_fax", False) and channel.up:
            channel.fire("DETECTED_TONE", _TONE, before=[("Detected-Fax-Tone", "true")])
            return
