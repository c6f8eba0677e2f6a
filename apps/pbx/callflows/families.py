"""Which verbs belong together, for whoever looks for one: the order of the reference, and what each page points to.

A verb that is not named here is listed among the others; nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OTHERS = "Others"
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Ringing": ("user", "device", "group", "ring_group", "doorman", "directory", "route_to_cid", "ring_group_toggle"),
    "Caller id": (
        "set_cid", "prepend_cid", "dynamic_cid", "lookupcidname", "privacy", "set_alert_info",
    ),
    "Choosing": (
        "menu", "detect_speech", "collect_dtmf", "flush_dtmf", "check_cid", "cidlistmatch", "nomorobo", "fax_detect",
        "branch_bnumber", "branch_variable",
    ),
    "Time": ("temporal_route", "sleep", "wait_for_hangup"),
    "Sounds": ("answer", "play", "tts", "audio_macro", "tones", "language", "dead_air", "send_dtmf"),
    "People's own features": ("call_forward", "do_not_disturb", "call_waiting", "hotdesk", "manual_presence", "wakeup"),
    "In a call": (
        "park", "move", "call_pickup", "group_pickup", "group_pickup_feature", "camping_feature", "intercept",
        "intercept_feature", "eavesdrop", "eavesdrop_feature", "after_bridge", "record_call", "record_caller",
    ),
    "Speaking to many": ("conference", "conference_feature", "page_group", "intercom"),
    "Voicemail and fax": ("voicemail", "missed_call_alert", "faxbox", "receive_fax"),
    "To the outside": ("resources", "offnet", "disa"),
    "Where the flow goes": ("callflow", "transfer", "hangup", "response", "noop", "pivot"),
    "Remembering and telling": ("set", "set_variable", "set_variables", "edr", "webhook"),
}  # fmt: skip


def family_of(verb: str) -> str:
    return next((family for family, members in FAMILIES.items() if verb in members), OTHERS)


def by_family(names: Iterable[str]) -> dict[str, list[str]]:
    """These verbs by family, in the table's order; families without one are left out."""
    wanted = sorted(names)
    found = {family: [name for name in members if name in wanted] for family, members in FAMILIES.items()}
    found[OTHERS] = [name for name in wanted if family_of(name) == OTHERS]
    return {family: members for family, members in found.items() if members}


def related(verb: str, names: Iterable[str]) -> list[str]:
    """The others of a verb's family."""
    return [name for name in by_family(names).get(family_of(verb), ()) if name != verb]
