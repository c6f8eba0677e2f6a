"""Two channels talk (switch_ivr_bridge.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.profile import Redirect

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel

_BRIDGE = Origin("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1689)
_UNBRIDGE = Origin("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1879)
_OUTGOING = Origin("switch_core_session.c", "switch_core_session_outgoing_channel", 768)
_CALL_UPDATE = Origin("mod_sofia.c", "sofia_receive_message", 2100)


async def bridge(a: Channel, b: Channel) -> None:
    """Connect the legs until one of them hangs up or is sent elsewhere. `a` runs this; `b` stays passive."""
    _connect(a, b)
    both: Headers = [("Bridge-A-Unique-ID", a.uuid), ("Bridge-B-Unique-ID", b.uuid)]
    b.fire("CHANNEL_OUTGOING", _OUTGOING, variables=False)
    a.fire("CHANNEL_BRIDGE", _BRIDGE, before=both)
    _note_partners(a, b)
    a.variables["last_bridge_role"] = "originator"
    b.set_state("CS_EXCHANGE_MEDIA")
    _call_update(b, a)
    _call_update(a, b)
    b.on_change = lambda _b: a.wake()
    try:
        await a.until(lambda: not b.up or b.redirect is not None or a.bridged_to is not b)
    finally:
        b.on_change = None
    if not b.up:
        _note_end(a, b)
    elif not a.up and b.redirect is None and not (b.is_true("park_after_bridge") or b.get("transfer_after_bridge")):
        _pass_hangup(a, b)
    _disconnect(a, b, both)
    if b.up:
        _dismiss(a, b)
    if a.free and not b.up:
        _go_on(a, b)


def _connect(a: Channel, b: Channel) -> None:
    if a.other_leg is None or a.other_leg is not b:
        a.other_leg, a.other_type = b, "originatee"
    moment = a.switch.clock.microseconds()
    a.profile.bridged = moment
    a.bridged_to, b.bridged_to = b, a
    a.variables["signal_bond"], b.variables["signal_bond"] = b.uuid, a.uuid
    if b.other_leg is None:
        b.other_leg, b.other_type = a, "originator"
    if b.direction == "outbound" and not b.profile.bridged:
        b.call_uuid = a.call_uuid
    b.profile.bridged = moment


def _note_partners(a: Channel, b: Channel) -> None:
    for one, other in ((a, b), (b, a)):
        one.variables |= {
            "bridge_to": other.uuid,
            "last_bridge_to": other.uuid,
            "bridge_channel": other.name,
            "bridge_uuid": other.uuid,
        }


def _call_update(channel: Channel, other: Channel) -> None:
    name = other.profile.callee_id_name if other.direction == "outbound" else other.get("effective_caller_id_name")
    number = (
        other.profile.callee_id_number if other.direction == "outbound" else other.get("effective_caller_id_number")
    )
    name, number = name or other.profile.caller_id_name, number or other.profile.caller_id_number
    channel.variables |= {"last_sent_callee_id_name": name, "last_sent_callee_id_number": number}
    before = [
        ("Direction", "SEND"),
        ("Sent-Callee-ID-Name", name),
        ("Sent-Callee-ID-Number", number),
        ("Bridged-To", other.uuid),
    ]
    channel.fire("CALL_UPDATE", _CALL_UPDATE, before=before)


def _pass_hangup(a: Channel, b: Channel) -> None:
    """A hung up: B is told, with A's cause where it was a normal one."""
    _note_end(b, a)
    for name in ("bridge_to", "bridge_hangup_cause"):
        b.variables.pop(name, None)
    b.hang_up("NORMAL_CLEARING")
    b.variables["bridge_hangup_cause"] = a.hangup_cause


def _note_end(one: Channel, other: Channel) -> None:
    one.variables["last_bridge_hangup_cause"] = other.hangup_cause
    one.variables["bridge_hangup_cause"] = other.hangup_cause
    term = other.get("proto_specific_hangup_cause")
    if term:
        one.variables["last_bridge_proto_specific_hangup_cause"] = term


def _disconnect(a: Channel, b: Channel, both: Headers) -> None:
    a.bridged_to = b.bridged_to = None
    for one in (a, b):
        one.variables.pop("bridge_to", None)
        if not one.up or one.redirect is not None:
            one.variables.setdefault("bridge_hangup_cause", one.hangup_cause or "NORMAL_CLEARING")
    a.fire("CHANNEL_UNBRIDGE", _UNBRIDGE, before=both)


def _go_on(a: Channel, b: Channel) -> None:
    """A is still up: it parks, goes where it is to go afterwards, is hung up, or goes on where it was."""
    if b.profile.answered and a.is_true("park_after_bridge"):
        a.redirect = Redirect(park=True)
    elif b.profile.answered and a.get("transfer_after_bridge"):
        a.redirect = _goes_to(a)
    elif _hang_up_after(a):
        a.hang_up(b.hangup_cause)


def _goes_to(channel: Channel) -> Redirect:
    """`extension:dialplan:context`, which counts once."""
    from apps.switching.lab.dialplan import parse_extension

    return parse_extension(channel.variables.pop("transfer_after_bridge").replace(":", " "))


def _dismiss(a: Channel, b: Channel) -> None:
    """B is still up: it goes where it was sent, parks, runs its own extension, or is hung up."""
    if b.redirect is not None:
        if not b.redirect.passive:
            b.other_leg = None
            b.switch.run(b)
        if a.free and _hang_up_after(a):
            a.hang_up("NORMAL_CLEARING")
    elif b.is_true("park_after_bridge") or a.bridged_to is not None:
        b.switch.run(b, Redirect(park=True))
    elif b.get("transfer_after_bridge"):
        b.switch.run(b, _goes_to(b))
    else:
        b.hang_up("NORMAL_CLEARING")


def _hang_up_after(a: Channel) -> bool:
    return a.is_true("hangup_after_bridge")
