"""Bindings: what a websocket client listens to, in KAZOO's words.

    call.<EVENT>.<call id>                       call.CHANNEL_ANSWER.*
    conference.event.<conference id>.<call id>   conference.event.*.*
    conference.command.<conference id>           conference.command.*
    presence.<what>.<extension>                  presence.dialog.*
    registration.<what>.<device id>              registration.registered.*
    voicemail.<what>.<mailbox id>                voicemail.new_voicemail.*
    recording.<what>.<recording id>              recording.ready.*
    wakeup_call.<what>.<wake-up call id>         wakeup_call.failed.*
    object.<action>.<type>[.<id>]                object.doc_edited.device
    object.<action>.<database>.<type>.<id>       the long form; the database can only be the account's own

An event's key has the same words without a database, so that matching goes word by word; `*` matches one word.
"""

from dataclasses import dataclass

CALL_EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_DESTROY",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "PARK_PARKED",
    "PARK_RETRIEVED",
    "PARK_ABANDONED",
    "RECORD_START",
    "RECORD_STOP",
    "EDR",
)
PRESENCE_EVENTS = ("dialog", "mwi_updates", "update")
REGISTRATION_EVENTS = ("registered", "unregistered")
VOICEMAIL_EVENTS = ("new_voicemail", "voicemail_saved", "voicemail_deleted", "mailbox_changed")
WAKEUP_EVENTS = ("answered", "snoozed", "failed")
RECORDING_EVENTS = ("ready",)
OBJECT_ACTIONS = ("doc_created", "doc_edited", "doc_deleted")
OBJECT_TYPES = (
    "account",
    "call_recording",
    "callflow",
    "device",
    "user",
    "group",
    "ring_group",
    "phone_number",
    "resource",
    "limits",
    "vmbox",
    "mailbox_message",
)


def available_bindings() -> dict[str, list[str]]:
    """Every binding there is, by the kind of event, as `GET /v2/websockets` lists them."""
    return {
        "call": [f"call.{event}.{{CALL_ID}}" for event in CALL_EVENTS],
        "conference": ["conference.command.{CONFERENCE_ID}", "conference.event.{CONFERENCE_ID}.{CALL_ID}"],
        "presence": [f"presence.{what}.{{PRESENCE_ID}}" for what in PRESENCE_EVENTS],
        "registration": [f"registration.{what}.{{DEVICE_ID}}" for what in REGISTRATION_EVENTS],
        "voicemail": [f"voicemail.{what}.{{VMBOX_ID}}" for what in VOICEMAIL_EVENTS],
        "wakeup_call": [f"wakeup_call.{what}.{{WAKEUP_CALL_ID}}" for what in WAKEUP_EVENTS],
        "recording": [f"recording.{what}.{{RECORDING_ID}}" for what in RECORDING_EVENTS],
        "object": [f"object.{action}.{noun}" for action in OBJECT_ACTIONS for noun in OBJECT_TYPES],
    }


class BadBinding(ValueError):
    """The binding is not one of the known forms. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Binding:
    """`text` is what the client sent and gets back; `words` what a key is compared with."""

    text: str
    words: tuple[str, ...]

    def matches(self, key: str) -> bool:
        """O(words of the binding). A binding without an id matches every id."""
        words = key.split(".", len(self.words) - 1) if self.words[0] != "object" else key.split(".")
        return len(words) >= len(self.words) and all(
            wanted in ("*", word) for wanted, word in zip(self.words, words, strict=False)
        )

    def is_about(self, key: str) -> bool:
        """Whether the thing the key names is one this binding follows, whatever happens to it. In a call and in
        presence, where the second word is what happens, that word counts only for parking and for messages."""
        words = key.split(".", len(self.words) - 1)
        if words[0] != self.words[0] or len(words) < len(self.words):
            return False
        group = _STATES.get(words[1], "")
        asked = _STATES.get(self.words[1], "") if self.words[1] != "*" else group
        names = zip(self.words[2:], words[2:], strict=False)
        return group == asked and all(wanted in ("*", word) for wanted, word in names)


#: Events about a state of its own. The others of a kind are about one state: whether the call, the lamp … is there.
_STATES = {
    "PARK_PARKED": "parked",
    "PARK_RETRIEVED": "parked",
    "PARK_ABANDONED": "parked",
    "mwi_updates": "messages",
    "command": "commands",
}


def parse_binding(text: object, account_id: str) -> Binding:
    """Raises BadBinding."""
    if not isinstance(text, str) or len(text) > 256:
        raise BadBinding("a binding is a text of at most 256 characters")
    kind, _, rest = text.partition(".")
    if kind == "call":
        return _call(text, rest)
    if kind == "conference":
        return _conference(text, rest.split("."))
    if kind == "presence":
        return _simple(text, kind, rest, PRESENCE_EVENTS)
    if kind == "registration":
        return _simple(text, kind, rest, REGISTRATION_EVENTS)
    if kind == "voicemail":
        return _simple(text, kind, rest, VOICEMAIL_EVENTS)
    if kind == "wakeup_call":
        return _simple(text, kind, rest, WAKEUP_EVENTS)
    if kind == "recording":
        return _simple(text, kind, rest, RECORDING_EVENTS)
    if kind == "object":
        return _object(text, rest.split("."), account_id)
    raise BadBinding(f"unknown binding: {text}")


def _call(text: str, rest: str) -> Binding:
    event, _, call_id = rest.partition(".")
    if event not in (*CALL_EVENTS, "*") or not call_id:
        raise BadBinding(f"unknown call binding: {text}")
    return Binding(text, ("call", event, call_id))


def _simple(text: str, kind: str, rest: str, events: tuple[str, ...]) -> Binding:
    """`<kind>.<event>.<id>`, where an id may hold dots and none means every one."""
    event, _, identifier = rest.partition(".")
    if event not in (*events, "*"):
        raise BadBinding(f"unknown {kind} binding: {text}")
    return Binding(text, (kind, event, identifier or "*"))


def _conference(text: str, words: list[str]) -> Binding:
    # A call id may hold dots.
    if words[0] == "event" and len(words) >= 2:
        return Binding(text, ("conference", "event", words[1], ".".join(words[2:]) or "*"))
    if words[0] == "command" and len(words) == 2:
        return Binding(text, ("conference", *words))
    raise BadBinding(f"unknown conference binding: {text}")


def _object(text: str, words: list[str], account_id: str) -> Binding:
    if len(words) == 4:
        database = words.pop(1)
        if database not in ("*", account_id, f"account/{account_id[:2]}/{account_id[2:4]}/{account_id[4:]}"):
            raise BadBinding(f"the database is not the account's own: {text}")
    if not 2 <= len(words) <= 3 or words[0] not in (*OBJECT_ACTIONS, "*") or words[1] not in (*OBJECT_TYPES, "*"):
        raise BadBinding(f"unknown object binding: {text}")
    return Binding(text, ("object", *words))
