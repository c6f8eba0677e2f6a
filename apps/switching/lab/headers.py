"""A channel as headers (switch_channel_event_set_data) and the variables set when it reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.switching.lab import causes
from apps.switching.lab.events import Headers, stamp

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel


def caller_headers(channel: Channel, prefix: str, *, originator: bool = False) -> Headers:
    """The caller profile under `prefix`. `originator`: as a B leg shows its A leg (no index, times not yet known)."""
    profile = channel.profile
    pairs = [
        ("Direction", channel.direction),
        ("Logical-Direction", channel.logical_direction),
        ("Username", profile.username),
        ("Dialplan", profile.dialplan),
        ("Caller-ID-Name", profile.caller_id_name),
        ("Caller-ID-Number", profile.caller_id_number),
        ("Orig-Caller-ID-Name", profile.orig_caller_id_name),
        ("Orig-Caller-ID-Number", profile.orig_caller_id_number),
        ("Callee-ID-Name", "" if originator else profile.callee_id_name),
        ("Callee-ID-Number", "" if originator else profile.callee_id_number),
        ("Network-Addr", profile.network_addr),
        ("ANI", profile.ani),
        ("Destination-Number", profile.destination_number),
        ("Unique-ID", channel.uuid),
        ("Source", profile.source),
        ("Transfer-Source", profile.transfer_source),
        ("Context", profile.context),
        ("RDNIS", profile.rdnis),
        ("Channel-Name", channel.name),
    ]
    headers = [(f"{prefix}-{name}", value) for name, value in pairs if value]
    if prefix != "Other-Leg":
        headers.append((f"{prefix}-Profile-Index", str(profile.profile_index)))
    times = {
        "Profile-Created-Time": profile.profile_created,
        "Channel-Created-Time": profile.created,
        "Channel-Answered-Time": profile.answered,
        "Channel-Progress-Time": profile.progress,
        "Channel-Progress-Media-Time": profile.progress_media,
        "Channel-Hangup-Time": profile.hangup,
        "Channel-Transfer-Time": profile.transfer,
        "Channel-Resurrect-Time": 0,
        "Channel-Bridged-Time": profile.bridged,
        "Channel-Last-Hold": profile.last_hold,
        "Channel-Hold-Accum": profile.hold_accum,
    }
    headers += [(f"{prefix}-{name}", "0" if originator else str(value)) for name, value in times.items()]
    headers += [
        (f"{prefix}-Screen-Bit", "true"),
        (f"{prefix}-Privacy-Hide-Name", "false"),
        (f"{prefix}-Privacy-Hide-Number", "false"),
    ]
    return headers


def basic_headers(channel: Channel) -> Headers:
    """State, name, ids and codecs (switch_channel_event_set_basic_data)."""
    headers = [
        ("Channel-State", channel.state),
        ("Channel-Call-State", channel.call_state),
        ("Channel-State-Number", str(channel.state_number)),
        ("Channel-Name", channel.name),
        ("Unique-ID", channel.uuid),
        ("Call-Direction", channel.direction),
        ("Presence-Call-Direction", channel.direction),
        ("Channel-HIT-Dialplan", "true" if channel.direction == "inbound" else "false"),
    ]
    if channel.presence_id and channel.state not in ("CS_NEW", "CS_NONE"):
        headers.append(("Channel-Presence-ID", channel.presence_id))
    headers += [("Channel-Call-UUID", channel.call_uuid), ("Answer-State", channel.answer_state)]
    if channel.hangup_cause:
        headers.append(("Hangup-Cause", channel.hangup_cause))
    if channel.has_media:
        for way in ("Read", "Write"):
            headers += [
                (f"Channel-{way}-Codec-Name", "PCMU"),
                (f"Channel-{way}-Codec-Rate", "8000"),
                (f"Channel-{way}-Codec-Bit-Rate", "64000"),
            ]
    return headers


def channel_headers(channel: Channel, *, variables: bool) -> Headers:
    """Everything an event about the channel carries after the standard headers."""
    headers = basic_headers(channel)
    if channel.state == "CS_NEW":
        return headers
    headers += caller_headers(channel, "Caller")
    if channel.other_leg is not None:
        headers.append(("Other-Type", channel.other_type))
        headers += caller_headers(
            channel.other_leg,
            "Other-Leg",
            originator=channel.other_type == "originator" and not channel.profile.bridged,
        )
    if variables:
        headers += [(f"variable_{name}", value) for name, value in channel.variables.items()]
    return headers


def connect_headers(channel: Channel) -> Headers:
    """The caller profile under ``Channel-`` first, then the channel: the reply to ``connect``."""
    return [*caller_headers(channel, "Channel"), *channel_headers(channel, variables=True)]


def timing_variables(channel: Channel) -> dict[str, str]:
    """The variables switch_channel_set_timestamps adds when a channel reports."""
    profile = channel.profile
    moments = {
        "start": profile.created,
        "profile_start": profile.profile_created,
        "answer": profile.answered,
        "bridge": profile.bridged,
        "last_hold": profile.last_hold,
        "resurrect": 0,
        "progress": profile.progress,
        "progress_media": profile.progress_media,
        "end": profile.hangup,
    }
    variables = {
        "hangup_cause": channel.hangup_cause,
        "hangup_cause_q850": str(causes.q850(channel.hangup_cause)),
        "digits_dialed": channel.digits_dialed or "none",
    }
    variables |= {f"{name}_stamp": stamp(moment) for name, moment in moments.items() if moment}
    for name, moment in moments.items():
        variables[f"{name}_epoch"] = str(moment // 1_000_000)
        variables[f"{name}_uepoch"] = str(moment)
        if name == "last_hold":
            variables["hold_accum_seconds"] = str(profile.hold_accum // 1_000_000)
            variables["hold_accum_usec"] = str(profile.hold_accum)
            variables["hold_accum_ms"] = str(profile.hold_accum // 1000)
    if channel.application_log:
        application, argument, _stamp = channel.application_log[-1]
        variables["last_app"] = application
        if argument:
            variables["last_arg"] = argument
    name, number = profile.caller_id_name, profile.caller_id_number
    variables["caller_id"] = f'"{name}" <{number}>' if name else number
    return variables | _durations(channel)


def _durations(channel: Channel) -> dict[str, str]:
    profile = channel.profile

    def since_start(moment: int) -> int:
        return max(0, moment - profile.created) if moment else 0

    spans = {
        "duration": max(0, profile.hangup - profile.created),
        "bill": max(0, profile.hangup - profile.answered) if profile.answered else 0,
        "progress": since_start(profile.progress),
        "answer": since_start(profile.answered),
        "wait": since_start(profile.bridged),
        "progress_media": since_start(profile.progress_media),
        "flow_bill": max(0, profile.hangup - profile.created) if profile.answered else 0,
    }
    seconds: dict[str, str] = {}
    for suffix, unit in (("sec", 1_000_000), ("msec", 1000), ("usec", 1)):
        for name, span in spans.items():
            if name == "duration":
                key = {"sec": "duration", "msec": "mduration", "usec": "uduration"}[suffix]
            else:
                key = name + suffix
            whole = profile.hangup // unit - (profile.hangup - span) // unit if unit == 1_000_000 else span // unit
            seconds[key] = str(whole if span else 0)
    return seconds
