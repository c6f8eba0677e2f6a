"""From one node into a conference on another: a call between the two, let in by a word that holds once.

The node the caller came to has welcomed him and asked for the PIN. What he may join, and as whom, is noted under a
random word; the call to the conference's node dials that word, and the node asks what to do with it (mod_xml_curl), as
it does with every call. Nobody else knows the word, and it is forgotten when it was used or after a moment.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.foundation.events.publishing import client
from apps.switching.calls.dial_string import Contact
from apps.switching.calls.port import ConferenceRequest
from apps.switching.switches.lines import run_api

#: Seconds the call may take to arrive.
HELD = 30
#: The profile that asks nobody for a password: whether a call is let in is said in the dialplan's answer.
PROFILE = "external"
DIALLED = re.compile(r"conference-([0-9a-f]{32})")
_PASSAGE, _ADDRESS = "kazoo:conference-passage:", "kazoo:node-sip-address:"
_ADDRESS_KEPT = 60
#: `URL                  sip:mod_sofia@10.0.0.5:5080` in `sofia status profile`.
_URL = re.compile(r"^URL\s+sips?:[^@\s]*@([^\s;]{1,255}:\d{1,5})\s*$", re.MULTILINE)


class NoWayThere(Exception):
    """The node does not say where calls from other nodes reach it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`variables` are whose call it is (`account_id`, `authorizing_id` …), on the node the conference is on."""

    node: str
    request: ConferenceRequest
    variables: Mapping[str, str] = field(default_factory=dict)


def open_passage(passage: Passage) -> Contact:
    """What to dial. Raises NoWayThere, UnknownNode, EslError and RedisError."""
    address = _address_of(passage.node)
    word = secrets.token_hex(16)
    request = passage.request
    noted = {
        "node": passage.node,
        "name": request.name,
        "profile": request.profile,
        "flags": list(request.flags),
        "conference": dict(request.variables),
        "variables": dict(passage.variables),
    }
    client().set(f"{_PASSAGE}{word}", json.dumps(noted), ex=HELD)
    return Contact(f"sip:conference-{word}@{address}", profile=PROFILE)


def take_passage(word: str, node: str) -> Passage | None:
    """What was noted under the word for this node, once. Raises RedisError."""
    found = client().getdel(f"{_PASSAGE}{word}")
    noted = json.loads(found) if found else {}
    if not noted or noted["node"] != node:
        return None
    request = ConferenceRequest(
        noted["name"], noted["profile"], tuple(noted["flags"]), variables=dict(noted["conference"])
    )
    return Passage(node, request, noted["variables"])


def _address_of(node: str) -> str:
    known = client().get(f"{_ADDRESS}{node}")
    if known:
        return known.decode() if isinstance(known, bytes) else str(known)
    answer = run_api(node, "sofia", f"status profile {PROFILE}")
    found = _URL.search(answer.text)
    if found is None:
        raise NoWayThere(f"{node} does not say where its profile {PROFILE} is")
    client().set(f"{_ADDRESS}{node}", found[1], ex=_ADDRESS_KEPT)
    return found[1]
