"""Sounds that are no files of the account: a small, checked part of what a switch could open.

A switch opens any file and many schemes by name, so a customer's text never reaches it unread.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from apps.foundation.kit.outbound import may_be_reached
from apps.pbx.media.fetched import fetched_url

_TONE = re.compile(r"(?:[vcl]=[\d.+\-]{1,6};)*(?:%\([\d.,]{1,40}\);?|[vcl]=[\d.+\-]{1,6};?){1,20}(?:loops=-?\d{1,6})?")
_SILENCE = re.compile(r"silence_stream://-?\d{1,7}(,\d{1,5})?")
_LONGEST = 2048


class NoSuchSound(ValueError):
    """The reference names nothing that can be played."""


def outside_sound(reference: str) -> str:
    """The switch's name for a tone (`tone_stream://%(…)` or only `%(…)`), a silence or an http(s) URL, which the switch
    gets from us (see `fetched`).

    Raises `NoSuchSound`: for a file of the switch, an address inside the network, or anything else.
    """
    reference = reference.strip()
    if len(reference) > _LONGEST or re.search(r"[\s\x00-\x1f\x7f$\\'\"!{}\[\]<>|^~]", reference):
        raise NoSuchSound("not a sound")
    tone = reference.removeprefix("tone_stream://")
    if _TONE.fullmatch(tone):
        return f"tone_stream://{tone}"
    if _SILENCE.fullmatch(reference):
        return reference
    if reference.startswith(("http://", "https://")):
        return fetched_url(_public(reference))
    raise NoSuchSound("not a tone, a silence or an http(s) URL")


def _public(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        raise NoSuchSound("not a URL") from None
    if host == "localhost" or "." not in host:
        raise NoSuchSound("this host is not public")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name that looks like an address in an odd notation (0x7f.1, 0177.1) is one to some resolvers.
        if re.fullmatch(r"[0-9a-fx.]+", host, re.IGNORECASE) and not re.search(r"\.[a-z]{2,}$", host):
            raise NoSuchSound("this host is not public") from None
        return url
    if not may_be_reached(str(address)):
        raise NoSuchSound("this address is not public")
    return url
