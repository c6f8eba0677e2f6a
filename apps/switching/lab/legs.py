"""From one element of a dial string to the channels it dials, or the cause why there is none."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.switching.lab import causes, dialstring
from apps.switching.lab.channel import Channel
from apps.switching.lab.dialstring import Leg
from apps.switching.lab.events import Headers, Origin
from apps.switching.lab.expansion import expand
from apps.switching.lab.loopback import make_pair
from apps.switching.lab.profile import CallerProfile
from apps.switching.lab.xml_curl import GROUP_CALL, USER_CALL

if TYPE_CHECKING:
    from apps.switching.lab.core import LabSwitch

_OUTGOING = Origin("switch_core_session.c", "switch_core_session_outgoing_channel", 768)
_MAX_DEPTH = 5


@dataclass
class Target:
    """Something that can be called: how its channel is named, and how it is invited."""

    name: str
    number: str
    invite: Callable[[Channel], None]
    variables: dict[str, str] = field(default_factory=dict)
    endpoint: str = "sofia"


@dataclass
class Candidate:
    """One leg of a ring: a channel that rings, or why there is none."""

    leg: Leg
    channel: Channel | None = None
    cause: str = ""
    target: Target | None = None
    variables: dict[str, str] = field(default_factory=dict)
    directory: dict[str, str] = field(default_factory=dict)
    """A directory user's variables: the channel gets them when it answers."""

    def begin(self) -> None:
        """Send the INVITE."""
        if self.channel is not None and self.target is not None and self.channel.up:
            self.target.invite(self.channel)

    def seconds(self, name: str) -> float:
        try:
            return max(0.0, float(self.variables.get(name, 0)))
        except ValueError:
            return 0.0


async def prepare(
    switch: LabSwitch, caller: Channel | None, leg: Leg, shared: dict[str, str], depth: int = 0
) -> list[Candidate]:
    """Look a leg up and make its channels. ``user/`` and ``group/`` may give several.

    What is shared wins over the leg's own, unless `local_var_clobber` is true (switch_ivr_originate.c).
    """
    clobber = shared.get("local_var_clobber") == "true"
    variables = shared | leg.variables if clobber else leg.variables | shared
    if leg.endpoint == "user":
        return await _user(switch, caller, leg, variables, depth)
    if leg.endpoint == "group":
        return await _group(switch, caller, leg, variables, depth)
    if leg.endpoint == "error":
        return [Candidate(leg, cause=causes.cause_named(leg.data, "NORMAL_CLEARING"))]
    target = _target(switch, leg, variables)
    if isinstance(target, str):
        return [Candidate(leg, cause=target)]
    channel = _make(switch, caller, target, variables)
    if channel is None:
        return [Candidate(leg, cause="SWITCH_CONGESTION")]
    return [Candidate(leg, channel=channel, target=target, variables=variables)]


async def _user(
    switch: LabSwitch, caller: Channel | None, leg: Leg, variables: dict[str, str], depth: int
) -> list[Candidate]:
    user, _, domain = leg.data.partition("@")
    domain = domain or switch.global_value("domain")
    exported = _exported(caller)
    fields: Headers = [("as_channel", "true"), ("action", "user_call")]
    if caller is not None and exported:
        fields += [("export_vars", caller.get("export_vars")), *exported.items()]
    found = await switch.xml.user(user, domain, fields, USER_CALL)
    if found is None or depth > _MAX_DEPTH:
        return [Candidate(leg, cause="SUBSCRIBER_ABSENT")]
    dialed = {"dialed_user": user, "dialed_domain": domain}
    if caller is not None:
        caller.variables.update(dialed)

    def contact(argument: str) -> str:
        switch.fire_api("sofia_contact", argument)
        name, _, realm = argument.rpartition("/")[2].partition("@")
        return switch.registrar.contact_string(name, realm)

    values = found.variables | variables | dialed
    text = found.params.get("dial-string", "")
    text = expand(
        text, lambda name: values.get(name, "") or (caller.get(name) if caller is not None else ""),
        switch.global_value, {"sofia_contact": contact},
    )  # fmt: skip
    candidates = await _inner(switch, caller, leg, text, dialed | variables, depth)
    for candidate in candidates:
        candidate.directory = {**found.variables, "originate_endpoint": "user"}
    return candidates


async def _group(
    switch: LabSwitch, caller: Channel | None, leg: Leg, variables: dict[str, str], depth: int
) -> list[Candidate]:
    group, _, domain = leg.data.partition("@")
    text = await group_dial_string(switch, group, domain)
    if not text:
        return [Candidate(leg, cause="NO_ROUTE_DESTINATION")]
    return await _inner(switch, caller, leg, text, variables, depth)


async def group_dial_string(switch: LabSwitch, group: str, domain: str) -> str:
    """The members of a directory group as one dial string (api group_call)."""
    fields: Headers = [("action", "group_call"), ("group", group), ("domain", domain)]
    section = await switch.xml.ask("directory", "domain", "name", domain, fields, GROUP_CALL)
    found = section.find(f"./domain/groups/group[@name='{group}']") if section is not None else None
    if found is None:
        return ""
    contacts = []
    for user in found.iter("user"):
        name = user.get("id", "")
        contact = switch.registrar.contact_string(name, domain)
        if not contact.startswith("error/"):
            contacts.append(f"[^^:sip_invite_domain={domain}:presence_id={name}@{domain}]{contact}")
    return ",".join(contacts)


async def _inner(
    switch: LabSwitch, caller: Channel | None, leg: Leg, text: str, variables: dict[str, str], depth: int
) -> list[Candidate]:
    try:
        parsed = dialstring.parse(text)
    except dialstring.BadDialStringError:
        return [Candidate(leg, cause="DESTINATION_OUT_OF_ORDER")]
    candidates: list[Candidate] = []
    for group in parsed.groups:
        for inner in [one for legs in group.rounds for one in legs]:
            shared = parsed.variables | group.variables | variables
            candidates += await prepare(switch, caller, inner, shared, depth + 1)
    return candidates or [Candidate(leg, cause="NO_ROUTE_DESTINATION")]


def _target(switch: LabSwitch, leg: Leg, variables: dict[str, str]) -> Target | str:
    """What a leg calls, or a cause."""
    if leg.endpoint == "loopback":
        number, _, context = leg.data.partition("/")
        context = context.partition("/")[0] or "default"
        return Target(
            f"loopback/{number}-a", number, lambda channel: make_pair(channel, number, context), endpoint="loopback"
        )
    if leg.endpoint != "sofia":
        return "CHAN_NOT_IMPLEMENTED"
    profile, _, address = leg.data.partition("/")
    address = address.removeprefix("sip:").split(";", 1)[0]
    if profile == "gateway":
        return _gateway(switch, address)
    if profile == "internal":
        return _phone(switch, address)
    if profile == "external":
        return _external(switch, address)
    return "INVALID_PROFILE"


def _phone(switch: LabSwitch, address: str) -> Target | str:
    registration = switch.registrar.by_contact.get(address)
    if registration is None:
        user, _, realm = address.replace("%", "@").partition("@")
        found = switch.registrar.of(user, realm)
        if not found:
            return "USER_NOT_REGISTERED" if "%" in address else "NORMAL_TEMPORARY_FAILURE"
        registration = found[-1]
    key = registration.phone.contact_key
    variables = {
        "sip_local_network_addr": "127.0.0.1",
        "sip_profile_name": "internal",
        "text_media_flow": "disabled",
        "sip_destination_url": f"sip:{key}",
        "sip_req_uri": key,
        "sip_outgoing_contact_uri": f"<sip:mod_sofia@127.0.0.1:{switch.settings.internal_port}>",
        "sofia_profile_name": "internal",
        "recovery_profile_name": "internal",
        "sofia_profile_url": f"sip:mod_sofia@127.0.0.1:{switch.settings.internal_port}",
    }
    return Target(f"sofia/internal/{key}", registration.user, registration.phone.invite, variables)


def _gateway(switch: LabSwitch, address: str) -> Target | str:
    name, _, number = address.partition("/")
    if switch.gateways_known and name not in switch.gateways:
        return "INVALID_GATEWAY"
    target = _external(switch, f"{number}@{switch.gateways.get(name, '')}".rstrip("@"))
    if isinstance(target, str):
        return target
    target.name = f"sofia/external/{number}"
    contact = f"<sip:gw+{name}@127.0.0.1:{switch.settings.external_port};transport=udp;gw={name}>"
    target.variables = {"sip_gateway_name": name} | target.variables
    target.variables |= {"sip_profile_name": "gateway", "sip_outgoing_contact_uri": contact}
    return target


def _external(switch: LabSwitch, address: str) -> Target | str:
    number, _, host = address.partition("@")
    carrier = switch.carrier_at(host)
    if carrier is None:
        return "NORMAL_TEMPORARY_FAILURE"
    host = host or f"{carrier.ip}:{carrier.port}"
    port = switch.settings.external_port
    variables = {
        "sip_local_network_addr": "127.0.0.1",
        "sip_profile_name": "external",
        "text_media_flow": "disabled",
        "sip_destination_url": f"sip:{number}@{host}",
        "sip_req_uri": f"{number}@{host}",
        "sip_outgoing_contact_uri": f"<sip:mod_sofia@127.0.0.1:{port}>",
        "sofia_profile_name": "external",
        "recovery_profile_name": "external",
        "sofia_profile_url": f"sip:mod_sofia@127.0.0.1:{port}",
    }
    return Target(f"sofia/external/{number}@{host}", number, carrier.invite, variables)


def _exported(caller: Channel | None) -> dict[str, str]:
    if caller is None:
        return {}
    names: list[str] = []
    for listing in ("export_vars", "bridge_export_vars"):
        value = caller.get(listing)
        names += [one.removeprefix("nolocal:") for one in value.removeprefix("ARRAY::").replace("|:", ",").split(",")]
    return {name: caller.get(name) or caller.get(f"nolocal:{name}") for name in names if name and (
        caller.get(name) or caller.get(f"nolocal:{name}"))}  # fmt: skip


def _make(switch: LabSwitch, caller: Channel | None, target: Target, variables: dict[str, str]) -> Channel | None:
    profile = _profile(caller, target, variables)
    wanted = variables.get("origination_uuid")
    leg_uuid = wanted if wanted and wanted not in switch.channels else None
    channel = Channel(switch, target.name, "outbound", profile, uuid=leg_uuid)
    if not switch.add_channel(channel):
        return None
    channel.variables = {
        "direction": "outbound",
        "is_outbound": "true",
        "uuid": channel.uuid,
        "session_id": str(switch.session_count),
        "channel_name": target.name,
        **target.variables,
    }
    if caller is not None:
        _tie(channel, caller)
    channel.variables |= {name: value for name, value in variables.items() if value}
    channel.variables["call_uuid"] = channel.call_uuid
    channel.variables |= {"originate_early_media": "true", "originate_endpoint": target.endpoint}
    if caller is not None:
        channel.variables["originating_leg_uuid"] = caller.uuid
    channel.presence_id = variables.get("presence_id", "")
    channel.variables["sip_call_id"] = str(uuid.uuid4())
    channel.state, channel.state_number = "CS_NONE", 1
    channel.fire("CHANNEL_OUTGOING", _OUTGOING, variables=False)
    return channel


def _tie(channel: Channel, caller: Channel) -> None:
    """The B leg knows its A leg, takes its exported variables and its X- headers."""
    channel.call_uuid = caller.call_uuid
    channel.other_leg, channel.other_type = caller, "originator"
    channel.variables |= {
        "max_forwards": str(max(0, int(caller.get("max_forwards") or 70) - 1)),
        "originator_codec": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "originator": caller.uuid,
        "signal_bond": caller.uuid,
    }
    if caller.get("export_vars"):
        channel.variables["export_vars"] = caller.get("export_vars")
    channel.variables |= _exported(caller)
    channel.variables |= {
        name: value for name, value in caller.variables.items() if name.lower().startswith("sip_h_x-")
    }


def _profile(caller: Channel | None, target: Target, variables: dict[str, str]) -> CallerProfile:
    profile = CallerProfile(caller_id_number="0000000000", ani="0000000000", destination_number=target.number)
    if caller is not None:
        old = caller.profile
        profile.username, profile.context, profile.network_addr, profile.ani = (
            old.username, old.context, old.network_addr, old.ani,
        )  # fmt: skip
        profile.rdnis = old.rdnis
        profile.caller_id_name = caller.get("effective_caller_id_name") or old.caller_id_name
        profile.caller_id_number = caller.get("effective_caller_id_number") or old.caller_id_number
        profile.orig_caller_id_name, profile.orig_caller_id_number = old.orig_caller_id_name, old.orig_caller_id_number
    profile.caller_id_name = variables.get("origination_caller_id_name") or profile.caller_id_name
    profile.caller_id_number = variables.get("origination_caller_id_number") or profile.caller_id_number
    profile.orig_caller_id_name = profile.orig_caller_id_name or profile.caller_id_name
    profile.orig_caller_id_number = profile.orig_caller_id_number or profile.caller_id_number
    profile.callee_id_name = variables.get("origination_callee_id_name") or "Outbound Call"
    profile.callee_id_number = variables.get("origination_callee_id_number") or target.number
    if target.endpoint == "loopback":
        profile.source = "mod_loopback"
    return profile
