"""The variables mod_sofia puts on a channel for an INVITE it receives."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from apps.switching.lab.events import Origin, stamp
from apps.switching.lab.registrar import directory_fields

if TYPE_CHECKING:
    from apps.switching.lab.channel import Channel
    from apps.switching.lab.core import LabSwitch
    from apps.switching.lab.world import LabCarrier, LabPhone
    from apps.switching.lab.xml_curl import DirectoryUser

_INVITE = Origin("sofia.c", "sofia_handle_sip_i_invite", 10723)


def _session(switch: LabSwitch, channel: Channel) -> dict[str, str]:
    return {"direction": "inbound", "uuid": channel.uuid, "call_uuid": channel.uuid,
            "session_id": str(switch.session_count)}  # fmt: skip


def _network(ip: str, port: int, call_id: str, moment: int) -> dict[str, str]:
    return {
        "sip_call_id": call_id,
        "sip_local_network_addr": "127.0.0.1",
        "sip_network_ip": ip,
        "sip_network_port": str(port),
        "sip_invite_stamp": str(moment),
        "sip_received_ip": ip,
        "sip_received_port": str(port),
        "sip_via_protocol": "udp",
    }


def _profile(name: str, port: int) -> dict[str, str]:
    return {
        "sofia_profile_name": name,
        "sofia_profile_url": f"sip:mod_sofia@127.0.0.1:{port}",
        "recovery_profile_name": name,
    }


def _dialog(
    display: str, from_uri: str, to_user: str, to_host: str, ip: str, port: int, contact_user: str
) -> dict[str, str]:
    tag = uuid.uuid4().hex[:8]
    host, _, host_port = to_host.partition(":")
    variables = {
        "sip_from_tag": tag,
        "sip_full_via": f"SIP/2.0/UDP {ip}:{port};branch=z9hG4bK{uuid.uuid4().hex[:12]};rport={port}",
        "sip_from_display": display,
        "sip_full_from": f'"{display}" <sip:{from_uri}>;tag={tag}',
        "sip_full_to": f"<sip:{to_user}@{to_host}>",
    }
    for prefix in ("req", "to"):
        variables[f"sip_{prefix}_user"] = to_user
        if host_port:
            variables[f"sip_{prefix}_port"] = host_port
        variables[f"sip_{prefix}_uri"] = f"{to_user}@{to_host}"
        variables[f"sip_{prefix}_host"] = host
    return variables | {
        "sip_contact_user": contact_user,
        "sip_contact_port": str(port),
        "sip_contact_uri": f"{contact_user}@{ip}:{port}",
        "sip_contact_host": ip,
    }


def _media(endpoint_disposition: str) -> dict[str, str]:
    sdp = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 36945 RTP/AVP 0 101\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
    )
    return {
        "switch_r_sdp": sdp,
        "ep_codec_string": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "endpoint_disposition": endpoint_disposition,
    }


def _extra(headers: dict[str, str]) -> dict[str, str]:
    return {f"sip_h_{name}": value for name, value in headers.items() if name.lower().startswith(("x-", "p-"))}


def phone_variables(
    switch: LabSwitch, channel: Channel, phone: LabPhone, user: DirectoryUser, number: str, call_id: str,
    headers: dict[str, str],
) -> dict[str, str]:  # fmt: skip
    """An authenticated phone's INVITE: its directory user's variables are on the channel."""
    moment = channel.profile.created
    known = directory_fields(user)
    directory = {name: known.pop(name) for name in ("sip_number_alias", "sip_auth_username", "sip_auth_realm")}
    directory |= {"number_alias": known.pop("number_alias")}
    directory |= {"requested_user_name": phone.username, "requested_domain_name": phone.realm}
    names = {"user_name": known.pop("user_name"), "domain_name": known.pop("domain_name")}
    standard = switch.bus.standard_headers(_INVITE)
    switch.bus.sequence -= 1
    request = {"Event-Name": "REQUEST_PARAMS"} | dict(standard)
    request |= {"Event-Date-Local": stamp(moment), "Event-Date-Timestamp": str(moment)}
    variables = _session(switch, channel)
    variables |= {
        "sip_from_user": phone.username,
        "sip_from_uri": f"{phone.username}@{phone.realm}",
        "sip_from_host": phone.realm,
        "video_media_flow": "disabled",
        "audio_media_flow": "disabled",
        "text_media_flow": "disabled",
        "channel_name": channel.name,
    }
    variables |= _network(phone.ip, phone.port, call_id, moment) | {"sip_authorized": "true"}
    variables |= request | directory | known | names
    variables["sip_from_user_stripped"] = phone.username.lstrip("+")
    variables |= _profile("internal", switch.settings.internal_port)
    display = phone.display_name or phone.username
    from_uri = f"{phone.username}@{phone.realm}"
    variables |= _dialog(display, from_uri, number, phone.realm, phone.ip, phone.port, phone.username)
    variables |= {
        "rtp_use_codec_string": "OPUS,PCMU,PCMA",
        "sip_user_agent": phone.user_agent,
        "sip_via_host": phone.ip,
        "sip_via_port": str(phone.port),
        "sip_via_rport": str(phone.port),
        "max_forwards": "70",
        "presence_id": from_uri,
    }
    return variables | _media("DELAYED NEGOTIATION") | _extra(headers)


def carrier_variables(
    switch: LabSwitch, channel: Channel, carrier: LabCarrier, number: str, from_number: str, from_name: str,
    headers: dict[str, str],
) -> dict[str, str]:  # fmt: skip
    """A carrier's INVITE: nothing from a directory."""
    host = f"127.0.0.1:{switch.settings.external_port}"
    from_uri = f"{from_number}@{carrier.ip}:{switch.settings.external_port}"
    variables = _session(switch, channel)
    variables |= {
        "sip_from_user": from_number,
        "sip_from_port": str(switch.settings.external_port),
        "sip_from_uri": from_uri,
        "sip_from_host": carrier.ip,
        "video_media_flow": "disabled",
        "text_media_flow": "disabled",
        "channel_name": channel.name,
    }
    variables |= _network(carrier.ip, carrier.port, uuid.uuid4().hex, channel.profile.created)
    variables["sip_from_user_stripped"] = from_number.lstrip("+")
    variables |= _profile("external", switch.settings.external_port)
    variables |= _dialog(from_name or from_number, from_uri, number, host, carrier.ip, carrier.port, from_number)
    variables |= {
        "sip_user_agent": carrier.name,
        "sip_via_host": carrier.ip,
        "sip_via_port": str(carrier.port),
        "sip_via_rport": str(carrier.port),
        "max_forwards": "70",
    }
    return variables | _media("RECEIVED") | _extra(headers)
