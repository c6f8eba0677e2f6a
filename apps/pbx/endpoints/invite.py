"""What an INVITE to a device looks like: its request URI, its headers, what media it offers. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.foundation.kit.phone_numbers import NotANumber, to_e164
from apps.pbx.endpoints.rules import Document, group_of
from apps.switching.calls.dial_string import Contact

_USER_PART = re.compile(r"^(sips?:)(?:[^@;?]*@)?(.+)$")
_HOST_PART = re.compile(r"^(sips?:(?:[^@;?]*@)?)[^;?]*(.*)$")
_URI = re.compile(r"^sips?:", re.IGNORECASE)
_TRANSPORTS = ("udp", "tcp", "tls")
DEFAULT_PROFILE = "internal"
#: The two talk past the switch as soon as they are connected (mod_dptools, bridge). What goes before is heard from it.
BYPASS_MEDIA = "bypass_media_after_bridge"


def contacts_of(
    device_type: str, sip: Document, registered: list[tuple[str, str]], dialled: str, static_invite: str = ""
) -> list[Contact]:
    """Where the INVITE goes: a fixed address, or `(uri, profile)` of each registration, written as the device wants.

    Empty where the device cannot be reached.
    """
    profile = str(sip.get("custom_sip_interface") or "")
    fixed = fixed_contact(device_type, sip)
    places = [(fixed, profile or DEFAULT_PROFILE)] if fixed else registered
    dialled = str(sip.get("number") or dialled)
    literal = bool(fixed) and (sip.get("invite_format") == "route" or device_type == "sip_uri")
    return [
        Contact(
            _on_the_way(uri if literal else invited_as(_at_route(uri, sip), sip, dialled, static_invite), sip),
            profile or known,
        )
        for uri, known in places
    ]


def invited_as(contact: str, sip: Document, dialled: str, static_invite: str = "") -> str:
    """The request URI: the contact, its user part rewritten where the device asks for another (`invite_format`)."""
    wanted = static_invite or str(sip.get("static_invite") or "") or _in_format(sip, dialled)
    return _USER_PART.sub(rf"\g<1>{_safe_user(wanted)}@\g<2>", contact) if wanted else contact


def fixed_contact(device_type: str, sip: Document) -> str:
    """Where a device that does not register is reached: a literal route, or the address it is known by."""
    route = str(sip.get("route") or "")
    if route and (sip.get("invite_format") == "route" or device_type == "sip_uri"):
        return route if _URI.match(route) else f"sip:{route}"
    static = str(sip.get("static_route") or "")
    if _URI.match(static):
        return static
    if sip.get("method") == "ip" and sip.get("ip"):
        return f"sip:{_safe_user(str(sip.get('username') or ''))}@{sip['ip']}".replace("sip:@", "sip:")
    return ""


def custom_headers(sip: Document) -> dict[str, str]:
    """Extra SIP headers towards the phone: `custom_sip_headers` is `{in, out}` or, the old way, the headers."""
    given = group_of(sip, "custom_sip_headers")
    outgoing = given.get("out") if isinstance(given.get("out"), Mapping) else given
    return {
        f"sip_h_{name}": str(value)
        for name, value in dict(outgoing or {}).items()
        if isinstance(value, str | int) and name not in ("in", "out")
    }


def media_variables(document: Document) -> dict[str, str]:
    """Codecs, encryption and timers of a leg, from the document's `media` and `sip` groups."""
    media, found = group_of(document, "media"), {}
    codecs = [str(one) for kind in ("audio", "video") for one in _list(group_of(media, kind).get("codecs")) if str(one)]
    if _list(group_of(media, "audio").get("codecs")):
        found["absolute_codec_string"] = ",".join(codecs)
    encryption = group_of(media, "encryption")
    methods = _list(encryption.get("methods"))
    if "srtp" in methods:
        found["rtp_secure_media"] = "mandatory" if encryption.get("enforce_security") else "optional"
    if "zrtp" in methods:
        found["zrtp_secure_media"] = "true"
    if media.get("ignore_early_media"):
        found["ignore_early_media"] = "true"
    if media.get("progress_timeout"):
        found["leg_progress_timeout"] = str(media["progress_timeout"])
    if media.get("bypass_media"):
        found[BYPASS_MEDIA] = "true"
    if media.get("fax_option") is not None:
        found["fax_enable_t38"] = "true" if media["fax_option"] else "false"
    if group_of(document, "sip").get("ignore_completed_elsewhere"):
        # The phone then shows a call that somebody else answered as missed.
        found["ignore_completed_elsewhere"] = "true"
    return found


def _at_route(uri: str, sip: Document) -> str:
    """A `static_route` that is a host stands for the contact's."""
    host = str(sip.get("static_route") or "")
    return _HOST_PART.sub(rf"\g<1>{host}\g<2>", uri) if host and not _URI.match(host) else uri


def _on_the_way(uri: str, sip: Document) -> str:
    """The proxy the INVITE is sent to (RFC 3261 §8.1.2), as sofia's `fs_path`, and the transport."""
    transport = str(sip.get("transport") or "").lower()
    if transport in _TRANSPORTS and ";transport=" not in uri.lower():
        uri += f";transport={transport}"
    proxy = str(sip.get("forward") or sip.get("proxy") or "")
    if proxy and ";fs_path=" not in uri:
        uri += f";fs_path={proxy if _URI.match(proxy) else f'sip:{proxy}'}"
    return uri


def _in_format(sip: Document, dialled: str) -> str:
    form = str(sip.get("invite_format") or "contact")
    if form == "username":
        return str(sip.get("username") or "")
    if form == "strip_plus":
        return dialled.removeprefix("+")
    if form not in ("npan", "1npan", "e164"):
        return ""
    try:
        number = to_e164(dialled)
    except NotANumber:
        return dialled
    if form == "e164" or not number.startswith("+1"):
        return str(number)
    return number[2:] if form == "npan" else number[1:]


def _safe_user(text: str) -> str:
    """Only what may stand in a URI's user part unescaped (RFC 3261 §25.1)."""
    return re.sub(r"[^A-Za-z0-9+*#._\-]", "", text)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
