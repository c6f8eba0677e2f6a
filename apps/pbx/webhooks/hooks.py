"""What a webhook can wait for, in KAZOO's words and some of our own, and what it is told.

A hook is a set of events by their keys; a new event of a kind that is here belongs to it without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.foundation.events.catalogue import catalogue

ALL = "all"
#: Our events that KAZOO knows as notifications, by the first two words of their keys.
NOTIFICATIONS: Mapping[str, str] = {
    "notification.emergency_bridge": "emergency_bridge",
    "notification.denied_emergency_bridge": "denied_emergency_bridge",
    "registration.registered": "register",
    "registration.unregistered": "deregister",
    "voicemail.new_voicemail": "voicemail_new",
    "voicemail.voicemail_saved": "voicemail_saved",
    "voicemail.voicemail_deleted": "voicemail_deleted",
}
#: How clients show them.
_FRIENDLY: Mapping[str, tuple[Promise, Promise]] = {
    "emergency_bridge": (_("Emergency Call"), _("Somebody called the emergency services.")),
    "denied_emergency_bridge": (_("Emergency Call Failed"), _("A call to the emergency services was not let through.")),
    "register": (_("Registration"), _("A phone registered that was not registered.")),
    "deregister": (_("De-Registration"), _("A phone is reachable no longer.")),
    "voicemail_new": (_("New Voicemail Message"), _("A message was left.")),
    "voicemail_saved": (_("Voicemail Message Saved"), _("A message was saved.")),
    "voicemail_deleted": (_("Voicemail Message Deleted"), _("A message was deleted.")),
}
OBJECT_ACTIONS = ("doc_created", "doc_edited", "doc_deleted")
#: Some types of objects; the documents of every resource have one.
OBJECT_TYPES = (
    "account", "callflow", "call_recording", "conference", "device", "directory", "faxbox", "group", "limits", "list",
    "mailbox_message", "media", "menu", "phone_number", "ring_group", "temporal_rule", "user", "vmbox", "webhook",
)  # fmt: skip
_OURS = ("event_category", "event_name")
Payload = Callable[[str, Mapping[str, Any]], dict[str, Any]]


def kind_of(key: str) -> str:
    """The first two words of an event's key."""
    return ".".join(key.split(".", 2)[:2])


def _as_it_is(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(data)


def _channel(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in data.items() if name not in _OURS}
    return told | {"is_internal_leg": bool(data.get("is_internal_leg", False))}


def _notification(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "notification_type": NOTIFICATIONS[kind_of(key)]}


def _notification_items() -> dict[str, dict[str, Promise]]:
    named = {ALL: (_("All"), _("Every notification there is.")), **_FRIENDLY}
    return {name: {"friendly_name": shown, "description": text} for name, (shown, text) in named.items()}


@dataclass(frozen=True, slots=True)
class Hook:
    """`prefixes` are beginnings of keys. `type_of` and `action_of` say what `type` and `action` of a webhook are
    compared with; `modifiers` are told to clients."""

    name: str | Promise
    description: str | Promise
    prefixes: tuple[str, ...]
    payload: Payload = _as_it_is
    modifiers: Mapping[str, Any] = field(default_factory=dict)
    type_of: Callable[[str], str] | None = None
    action_of: Callable[[str], str] | None = None


HOOKS: Mapping[str, Hook] = {
    "channel_create": Hook(
        _("Channel Create"), _("A leg of a call began."), ("call.CHANNEL_CREATE.",), _channel
    ),
    "channel_answer": Hook(
        _("Channel Answer"), _("A leg was answered: by a person, a menu …"), ("call.CHANNEL_ANSWER.",), _channel
    ),
    "channel_bridge": Hook(
        _("Channel Bridge"), _("Two legs were connected with one another."), ("call.CHANNEL_BRIDGE.",), _channel
    ),
    "channel_hold": Hook(_("Channel Hold"), _("A leg was put on hold."), ("call.CHANNEL_HOLD.",), _channel),
    "channel_unhold": Hook(
        _("Channel Unhold"), _("A leg was taken back from hold."), ("call.CHANNEL_UNHOLD.",), _channel
    ),
    "channel_destroy": Hook(
        _("Channel Destroy"), _("A leg ended; says why and how long it was."), ("call.CHANNEL_DESTROY.",), _channel
    ),
    "parking": Hook(
        _("Call Parking"), _("A call was parked, taken back, or given up in its slot."), ("call.PARK_",)
    ),
    "recording": Hook(
        _("Recording"), _("A recording began, ended, or is ready to be fetched."), ("call.RECORD_", "recording.")
    ),
    "conference": Hook(
        _("Conference"), _("Somebody came to a conference, left it, speaks …"), ("conference.event.",)
    ),
    "callflow": Hook(_("Callflow"), _("A callflow's step `edr` made a note."), ("call.EDR.",)),
    "registration": Hook(_("Registration"), _("A phone is reachable, or is so no longer."), ("registration.",)),
    "voicemail": Hook(
        _("Voicemail"), _("A message was left, saved or deleted, or a mailbox changed."), ("voicemail.",)
    ),
    "wakeup_call": Hook(
        _("Wake-up call"), _("A wake-up call was answered, put off, or missed."), ("wakeup_call.",)
    ),
    "object": Hook(
        _("Object"),
        _("A document was created, edited or deleted."),
        ("object.",),
        modifiers={
            "type": {"type": "array", "description": "Types of objects", "items": [ALL, *OBJECT_TYPES]},
            "action": {"type": "array", "description": "What was done", "items": [ALL, *OBJECT_ACTIONS]},
        },
        type_of=lambda key: key.split(".")[2],
        action_of=lambda key: key.split(".")[1],
    ),
    "notifications": Hook(
        _("Notifications"),
        _("What people can be notified of."),
        tuple(NOTIFICATIONS),
        _notification,
        modifiers={"type": {"type": "object", "items": _notification_items()}},
        type_of=lambda key: NOTIFICATIONS.get(kind_of(key), ""),
    ),
    ALL: Hook(_("All"), _("Every event there is; `hook_event` says which."), ("",)),
}  # fmt: skip


def described(hook_id: str) -> dict[str, Any]:
    """A hook as `GET /v2/webhooks` lists it, in the language of the request."""
    hook = HOOKS[hook_id]
    told = {"id": hook_id, "name": str(hook.name), "description": str(hook.description)}
    return told | ({"modifiers": _plain(hook.modifiers)} if hook.modifiers else {})


def _plain(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: _plain(value) for name, value in found.items()}
    return str(found) if isinstance(found, Promise) else found


def wants(hook_id: str, document: Mapping[str, Any], key: str, data: Mapping[str, Any]) -> bool:
    """Whether a webhook that waits for `hook_id` is told of an event."""
    hook = HOOKS.get(hook_id)
    if hook is None or not key.startswith(hook.prefixes):
        return False
    if hook.type_of is not None and not _is_among(hook.type_of(key), modifier(document, "type")):
        return False
    if hook.action_of is not None and not _is_among(hook.action_of(key), modifier(document, "action")):
        return False
    internal = data.get("is_internal_leg", False)
    return not internal or bool(document.get("include_internal_legs", True))


def modifier(document: Mapping[str, Any], name: str) -> frozenset[str]:
    """What the document's `type` or `action` names, there or in `custom_data`; empty for everything."""
    found = document.get(name) or (document.get("custom_data") or {}).get(name) or ()
    named = frozenset([found] if isinstance(found, str) else map(str, found))
    return frozenset() if ALL in named else named


def hook_event(hook_id: str, key: str) -> str:
    """The `hook_event` of what is sent: the hook, and for `all` the most exact one the event belongs to."""
    if hook_id != ALL:
        return hook_id
    named = (name for name, hook in HOOKS.items() if name != ALL and key.startswith(hook.prefixes))
    return next(named, kind_of(key).lower())


def payload_of(hook_id: str, document: Mapping[str, Any], key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, before `custom_data`'s own fields; those that choose events are not among them."""
    event = hook_event(hook_id, key)
    told = HOOKS[event].payload(key, data) if event in HOOKS else dict(data)
    hook = HOOKS.get(hook_id)
    chosen = hook.modifiers if hook is not None else {}
    custom = {name: value for name, value in (document.get("custom_data") or {}).items() if name not in chosen}
    return {"hook_event": event, **told, **custom}


def samples(hook_id: str) -> list[dict[str, Any]]:
    """What the hook's receiver gets, made of the events' examples."""
    hook = HOOKS[hook_id]
    examples = [example for kind in catalogue().values() if kind.durable for example in kind.examples()]
    mine = [example for example in examples if example.key.startswith(hook.prefixes)]
    found = [payload_of(hook_id, {}, example.key, example.data()) for example in mine]
    return found or _channel_samples(hook.prefixes[0])


def _channel_samples(prefix: str) -> list[dict[str, Any]]:
    """Events whose class has examples of other keys only: those, under this name."""
    name = prefix.strip(".").rpartition(".")[2]
    kinds = [kind for kind in catalogue().values() if any(key.startswith(prefix) for key in kind.keys)]
    examples = [example for kind in kinds for example in kind.examples()[:1]]
    return [payload_of(name.lower(), {}, f"{prefix}id", example.data()) for example in examples]


def _is_among(word: str, wanted: frozenset[str]) -> bool:
    return not wanted or word in wanted
