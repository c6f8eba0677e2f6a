"""The events a switch turns into NOTIFYs (mod_sofia, sofia_presence.c). Pure: headers out, questions in.

`PRESENCE_IN` becomes a NOTIFY to everybody who watches `from`; `MESSAGE_WAITING` one to everybody who watches the
account's messages, and to the phones registered under that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from apps.switching.esl.events import Event
from apps.switching.presence.models import LampState
from apps.switching.presence.queries import Counts, Lamp

#: Written into the XML of a NOTIFY as it is (sofia_presence_sub_callback).
_UNSAFE = re.compile(r"[<>&\"'\x00-\x1f\x7f]")
_STATUS: Mapping[LampState, tuple[str, str]] = {
    LampState.TERMINATED: ("Available", "online"),
    LampState.EARLY: ("Ringing", "busy"),
    LampState.CONFIRMED: ("On the phone", "busy"),
}


@dataclass(frozen=True, slots=True)
class LampQuestion:
    """Somebody subscribed to a lamp, renewed or ended it (`seconds` 0)."""

    realm: str
    presence_id: str
    event: str
    subscriber: str
    call_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class MessageQuestion:
    """A phone registered (`call_id`) or subscribed to its messages (`sub_call_id`)."""

    realm: str
    user: str
    profile: str
    call_id: str
    sub_call_id: str


def lamp_headers(presence_id: str, realm: str, lamp: Lamp) -> dict[str, str]:
    """The headers of PRESENCE_IN.

    Without a unique-id the NOTIFY lists no dialog: that is how "terminated" is told, for an id would have mod_sofia
    look for further dialogs of its own. The id is no channel's: a sent event with a channel's id goes to that channel
    and nowhere else (mod_event_socket.c). It stays the same for the lamp, so that one NOTIFY replaces the last.
    """
    status, rpid = _STATUS[lamp.state]
    headers = {
        "proto": "sip",
        "login": f"{presence_id}@{realm}",
        "from": f"{presence_id}@{realm}",
        "status": status,
        "rpid": rpid,
        "event_type": "presence",
        "alt_event_type": "dialog",
        "answer-state": lamp.state.value,
        "astate": lamp.state.value,
    }
    if lamp.state is LampState.TERMINATED:
        return headers
    number = safe(lamp.number) or presence_id
    headers["unique-id"] = sha256(f"{presence_id}@{realm}".encode()).hexdigest()[:32]
    if lamp.calling:
        # mod_sofia turns the direction round where the lamp is not the caller's own.
        called = {"caller-username": presence_id, "Caller-Destination-Number": number}
        return headers | {"presence-call-direction": "inbound", **called}
    by = {"Caller-Caller-ID-Number": number, "Caller-Caller-ID-Name": safe(lamp.name) or number}
    return headers | {"presence-call-direction": "outbound", **by}


def message_headers(user: str, realm: str, counts: Counts, question: MessageQuestion | None = None) -> dict[str, str]:
    """The headers of MESSAGE_WAITING: for everybody, or as the answer to one question."""
    headers = {
        "MWI-Messages-Waiting": "yes" if counts.new else "no",
        "MWI-Message-Account": f"{user}@{realm}",
        "MWI-Voice-Message": f"{counts.new}/{counts.saved} (0/0)",
        "sofia-profile": (question and question.profile) or "internal",
    }
    if question is not None and question.call_id:
        headers["call-id"] = question.call_id
    if question is not None and question.sub_call_id:
        headers["sub-call-id"] = question.sub_call_id
    return headers


def lamp_question(event: Event) -> LampQuestion | None:
    """PRESENCE_PROBE. None for what asks for no lamp (conferences, queues)."""
    if event.get("proto") != "sip" or not event.get("sub-call-id"):
        return None
    presence_id, _, realm = event.get("to").partition("@")
    if not presence_id or not realm:
        return None
    seconds = event.get("expires")
    return LampQuestion(
        realm=realm.lower(),
        presence_id=presence_id,
        event=event.get("proto-specific-event-name") or "presence",
        subscriber=event.get("from"),
        call_id=event.get("sub-call-id"),
        seconds=int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 9 else 0,
    )


def message_question(event: Event) -> MessageQuestion | None:
    """MESSAGE_QUERY."""
    user, _, realm = event.get("Message-Account").partition(":")[2].partition("@")
    if not user or not realm:
        return None
    return MessageQuestion(
        realm.lower(), user, event.get("VM-Sofia-Profile"), event.get("VM-Call-ID"), event.get("VM-sub-call-id")
    )


def safe(text: str) -> str:
    return _UNSAFE.sub("", text).strip()
