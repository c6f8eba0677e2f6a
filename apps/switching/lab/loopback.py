"""mod_loopback: an outbound channel ``-a`` whose far end is an inbound channel ``-b`` that runs the dialplan."""

from __future__ import annotations

from apps.switching.lab.channel import Channel
from apps.switching.lab.profile import CallerProfile


class LoopbackEnd:
    """What one half tells the other."""

    def __init__(self, other: Channel) -> None:
        self.other = other

    def channel_ringing(self, channel: Channel) -> None:
        self.other.mark_ringing()

    def channel_early(self, channel: Channel) -> None:
        self.other.mark_early()

    def channel_answered(self, channel: Channel) -> None:
        self.other.mark_answered()

    def channel_digit(self, channel: Channel, digit: str) -> None:
        self.other.receive_digit(digit)

    def channel_ended(self, channel: Channel, cause: str, sip_status: int) -> None:
        self.other.hang_up(cause)


def make_pair(a: Channel, number: str, context: str) -> None:
    """Make the ``-b`` half of `a` and let it route."""
    profile = CallerProfile(
        caller_id_name=a.profile.caller_id_name,
        caller_id_number=a.profile.caller_id_number,
        orig_caller_id_name=a.profile.caller_id_name,
        orig_caller_id_number=a.profile.caller_id_number,
        ani=a.profile.ani,
        destination_number=number,
        context=context,
        source="mod_loopback",
    )
    b = Channel(a.switch, f"loopback/{number}-b", "inbound", profile)
    if not a.switch.add_channel(b):
        a.hang_up("SWITCH_CONGESTION", by_far_end=True)
        return
    a.endpoint, b.endpoint = LoopbackEnd(b), LoopbackEnd(a)
    kept = {name: value for name, value in a.variables.items() if name in a.get("loopback_export").split(",")}
    b.variables = {
        "direction": "inbound",
        "uuid": b.uuid,
        "session_id": str(a.switch.session_count),
        "channel_name": b.name,
        "other_loopback_leg_uuid": a.uuid,
        "loopback_leg": "B",
        "is_loopback": "1",
        **kept,
    }
    a.variables |= {"other_loopback_leg_uuid": b.uuid, "loopback_leg": "A", "is_loopback": "1"}
    b.has_media = True
    b.set_state("CS_NEW")
    b.created()
    a.switch.run(b)
