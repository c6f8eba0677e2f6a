"""The texts of ``status``, ``show …`` and ``sofia status …``."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from apps.switching.lab.events import stamp

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.core import LabSwitch

_RULE = "=" * 97


def uptime_text(seconds: float) -> str:
    """``0 years, 0 days, 0 hours, 5 minutes, 26 seconds, 935 milliseconds, 461 microseconds``"""
    whole = int(seconds)
    years, rest = divmod(whole, 365 * 86400)
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    fraction = int((seconds - whole) * 1_000_000)
    units = (
        (years, "year"), (days, "day"), (hours, "hour"), (minutes, "minute"), (left, "second"),
        (fraction // 1000, "millisecond"), (fraction % 1000, "microsecond"),
    )  # fmt: skip
    return ", ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in units)


def status_text(switch: LabSwitch) -> str:
    settings = switch.settings
    return (
        f"UP {uptime_text(time.time() - switch.started_at)}\n"
        "FreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit) is ready\n"
        f"{switch.session_count} session(s) since startup\n"
        f"{len(switch.channels)} session(s) - peak {switch.peak_sessions}, last 5min {switch.peak_sessions} \n"
        f"{switch.sessions_last_second()} session(s) per Sec out of max {settings.sessions_per_second}, "
        f"peak {switch.peak_sessions}, last 5min {switch.peak_sessions} \n"
        f"{settings.max_sessions} session(s) max\n"
        "min idle cpu 0.00/97.00\n"
        "Current Stack Size/Max 240K/240K\n"
    )


def _table(rows: list[dict[str, str]], as_json: bool, count: bool) -> str:
    if as_json:
        if not rows:
            return '{"row_count": 0}\n'
        if count:
            return json.dumps({"row_count": len(rows)}, separators=(",", ":")) + "\n"
        return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"), ensure_ascii=False) + "\n"
    if count or not rows:
        return f"\n{len(rows)} total.\n"
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines) + f"\n\n{len(rows)} total.\n"


def channel_row(channel: Channel) -> dict[str, str]:
    """One row of ``show channels`` (the core database's channels table)."""
    profile = channel.profile
    first = channel.past_profiles[-1] if channel.past_profiles else profile
    media = ("PCMU", "8000", "64000") if channel.has_media else ("", "", "")
    return {
        "uuid": channel.uuid,
        "direction": channel.direction,
        "created": stamp(profile.created),
        "created_epoch": str(profile.created // 1_000_000),
        "name": channel.name,
        "state": channel.state,
        "cid_name": profile.caller_id_name,
        "cid_num": profile.caller_id_number,
        "ip_addr": profile.network_addr,
        "dest": profile.destination_number,
        "application": channel.get("current_application"),
        "application_data": channel.get("current_application_data"),
        "dialplan": profile.dialplan,
        "context": profile.context,
        "read_codec": media[0],
        "read_rate": media[1],
        "read_bit_rate": media[2],
        "write_codec": media[0],
        "write_rate": media[1],
        "write_bit_rate": media[2],
        "secure": "",
        "hostname": channel.switch.settings.name,
        "presence_id": channel.presence_id,
        "presence_data": channel.get("presence_data"),
        "accountcode": channel.get("accountcode"),
        "callstate": channel.call_state,
        "callee_name": profile.callee_id_name,
        "callee_num": profile.callee_id_number,
        "callee_direction": "",
        "call_uuid": channel.call_uuid,
        "sent_callee_name": channel.get("last_sent_callee_id_name"),
        "sent_callee_num": channel.get("last_sent_callee_id_number"),
        "initial_cid_name": first.caller_id_name,
        "initial_cid_num": first.caller_id_number,
        "initial_ip_addr": first.network_addr,
        "initial_dest": first.destination_number,
        "initial_dialplan": first.dialplan,
        "initial_context": first.context,
    }


def show_channels(switch: LabSwitch, as_json: bool, count: bool) -> str:
    return _table([channel_row(channel) for channel in switch.channels.values()], as_json, count)


def show_calls(switch: LabSwitch, as_json: bool, count: bool) -> str:
    """One row per call: the A leg's columns, and a bridged B leg's under ``b_``."""
    rows = []
    for channel in switch.channels.values():
        other = channel.bridged_to
        if other is not None and channel.other_type == "originator":
            continue
        row = channel_row(channel)
        other_row = channel_row(other) if other is not None else dict.fromkeys(row, "")
        kept = ("uuid", "direction", "created", "created_epoch", "name", "state", "cid_name", "cid_num", "ip_addr",
                "dest", "presence_id", "presence_data", "accountcode", "callstate", "callee_name", "callee_num",
                "callee_direction", "sent_callee_name", "sent_callee_num")  # fmt: skip
        call = {name: row[name] for name in kept} | {f"b_{name}": other_row[name] for name in kept}
        rows.append(call | {"call_created_epoch": row["created_epoch"] if other is not None else ""})
    return _table(rows, as_json, count)


def show_registrations(switch: LabSwitch, as_json: bool, count: bool) -> str:
    rows = [
        {
            "reg_user": one.user,
            "realm": one.realm,
            "token": one.call_id,
            "url": one.url,
            "expires": str(int(one.expires_at)),
            "network_ip": one.phone.ip,
            "network_port": str(one.phone.port),
            "network_proto": "udp",
            "hostname": switch.settings.name,
            "metadata": "",
        }
        for one in switch.registrar.by_contact.values()
    ]
    return _table(rows, as_json, count)


def sofia_overview(switch: LabSwitch) -> str:
    settings = switch.settings
    lines = [f"{'Name':>25}\t{'Type':>7}\t{'Data':>42}\tState", _RULE]
    lines += [
        f"{'external::' + name:>25}\t{'gateway':>7}\t{'sip:' + switch.gateways[name]:>42}\tNOREG"
        for name in sorted(switch.gateways)
    ]
    for name, port in (("external", settings.external_port), ("internal", settings.internal_port)):
        lines.append(f"{name:>25}\t{'profile':>7}\t{f'sip:mod_sofia@127.0.0.1:{port}':>42}\tRUNNING (0)")
    return "\n".join([*lines, _RULE, "2 profiles 0 aliases", ""])


def sofia_profile(switch: LabSwitch, name: str) -> str:
    if name not in ("internal", "external"):
        return "Invalid Profile!\n"
    port = switch.settings.internal_port if name == "internal" else switch.settings.external_port
    registrations = len(switch.registrar.by_contact) if name == "internal" else 0
    pairs = {
        "Name": name,
        "Domain Name": "N/A",
        "Auto-NAT": "false",
        "DBName": f"sofia_reg_{name}",
        "Dialplan": "XML",
        "Context": "default" if name == "internal" else "public",
        "Challenge Realm": "auto_from",
        "RTP-IP": "127.0.0.1",
        "SIP-IP": "127.0.0.1",
        "URL": f"sip:mod_sofia@127.0.0.1:{port}",
        "CODECS IN": "OPUS,PCMU,PCMA",
        "CODECS OUT": "OPUS,PCMU,PCMA",
        "REGISTRATIONS": str(registrations),
    }
    return "\n".join([_RULE, *(f"{key:<17}\t{value}" for key, value in pairs.items()), ""])


def sofia_registrations(switch: LabSwitch, name: str) -> str:
    registrations = list(switch.registrar.by_contact.values()) if name == "internal" else []
    lines = ["", "Registrations:", _RULE]
    for one in registrations:
        left = int(one.expires_at - time.time())
        expires = stamp(int(one.expires_at * 1_000_000))
        lines += [
            f"Call-ID:    \t{one.call_id}",
            f"User:       \t{one.user}@{one.realm}",
            f'Contact:    \t"" <{one.contact}>',
            f"Agent:      \t{one.phone.user_agent}",
            f"Status:     \tRegistered(UDP)(unknown) EXP({expires}) EXPSECS({left})",
            "Ping-Status:\tReachable",
            "Ping-Time:\t0.00",
            f"Host:       \t{switch.settings.name}",
            f"IP:         \t{one.phone.ip}",
            f"Port:       \t{one.phone.port}",
            f"Auth-User:  \t{one.user}",
            f"Auth-Realm: \t{one.realm}",
            f"MWI-Account:\t{one.user}@{one.realm}",
            "",
        ]
    return "\n".join([*lines, f"Total items returned: {len(registrations)}", _RULE, ""])


def sofia_gateways(switch: LabSwitch, name: str) -> str:
    if name and name not in switch.gateways:
        return "Invalid Gateway!\n"
    chosen = [name] if name else sorted(switch.gateways)
    rows = "".join(
        f"  <gateway>\n    <name>{one}</name>\n    <profile>external</profile>\n    <proxy>sip:{switch.gateways[one]}"
        "</proxy>\n    <context>public</context>\n    <state>NOREG</state>\n    <status>UP</status>\n  </gateway>\n"
        for one in chosen
    )
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<gateways>\n{rows}</gateways>\n'
