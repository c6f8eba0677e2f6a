"""The star codes an account begins with: what is dialled, and the verb that answers it.

A *feature code* is a callflow with `featurecode {name, number}`, as KAZOO's user interfaces write them: administrators
change or remove it like any other. `name` and `number` are KAZOO's; a code of ours has a name of the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What follows the code: nothing, something that may be left out, or something that must be there.
Rest = Literal["", "optional", "required"]


@dataclass(frozen=True, slots=True)
class FeatureCode:
    """`number` is dialled after a star; `rest` are further digits, the first of them one of `starts`, so that no
    shorter code takes a longer one's."""

    number: str
    name: str
    module: str
    label: str | Promise
    data: Mapping[str, Any] = field(default_factory=dict)
    rest: Rest = ""
    rest_label: str | Promise = ""
    starts: str = "0-9"

    @property
    def dialled(self) -> str:
        return f"*{self.number}" if self.is_star else self.number

    @property
    def is_star(self) -> bool:
        """Words spelled on the keys are dialled without a star."""
        return len(self.number) < 4

    @property
    def numbers(self) -> list[str]:
        return [] if self.rest == "required" else [self.dialled]

    @property
    def patterns(self) -> list[str]:
        if not self.rest:
            return []
        return [rf"^{self.dialled.replace('*', chr(92) + '*')}([{self.starts}][0-9]*)$"]

    def to_callflow(self) -> dict[str, Any]:
        return {
            "name": str(self.label),
            "numbers": self.numbers,
            "patterns": self.patterns,
            "flow": {"module": self.module, "data": dict(self.data), "children": {}},
            "featurecode": {"name": self.name, "number": self.number},
            "contact_list": {"exclude": True},
        }


_NUMBER, _EXTENSION, _SLOT, _BOX = _("a number"), _("an extension"), _("a slot"), _("a mailbox")
_TIME = _("a time, such as 0730")

#: 1004 Hz, the tone of North American test numbers ("102 type"), for half a minute.
MILLIWATT = {"frequencies": [1004], "duration_on": 30_000}

CATALOGUE: tuple[FeatureCode, ...] = (
    FeatureCode(
        "72", "call_forward[action=activate]", "call_forward", _("Forward all calls"), {"action": "activate"},
        "optional", _NUMBER,
    ),
    FeatureCode(
        "73", "call_forward[action=deactivate]", "call_forward", _("Stop forwarding calls"), {"action": "deactivate"}
    ),
    FeatureCode(
        "74", "call_forward[action=toggle]", "call_forward", _("Switch call forwarding over"), {"action": "toggle"},
        "optional", _NUMBER,
    ),
    FeatureCode(
        "56", "call_forward[action=update]", "call_forward", _("Change the number calls are forwarded to"),
        {"action": "update"}, "optional", _NUMBER,
    ),
    FeatureCode(
        "90", "call_forward[action=activate,kind=busy]", "call_forward", _("Forward calls when busy"),
        {"action": "activate", "kind": "busy"}, "optional", _NUMBER,
    ),
    FeatureCode(
        "91", "call_forward[action=deactivate,kind=busy]", "call_forward", _("Stop forwarding calls when busy"),
        {"action": "deactivate", "kind": "busy"},
    ),
    FeatureCode(
        "53", "call_forward[action=activate,kind=no_answer]", "call_forward", _("Forward calls nobody answers"),
        {"action": "activate", "kind": "no_answer"}, "optional", _NUMBER,
    ),
    FeatureCode(
        "52", "call_forward[action=deactivate,kind=no_answer]", "call_forward",
        _("Stop forwarding calls nobody answers"), {"action": "deactivate", "kind": "no_answer"},
    ),
    FeatureCode("78", "do_not_disturb[action=activate]", "do_not_disturb", _("Do not disturb"), {"action": "activate"}),
    FeatureCode(
        "79", "do_not_disturb[action=deactivate]", "do_not_disturb", _("Ring again"), {"action": "deactivate"}
    ),
    FeatureCode(
        "76", "do_not_disturb[action=toggle]", "do_not_disturb", _("Switch do-not-disturb over"), {"action": "toggle"}
    ),
    FeatureCode("11", "hotdesk[action=login]", "hotdesk", _("Log in to this phone"), {"action": "login"}),
    FeatureCode("12", "hotdesk[action=logout]", "hotdesk", _("Log out of this phone"), {"action": "logout"}),
    FeatureCode("13", "hotdesk[action=toggle]", "hotdesk", _("Log in to or out of this phone"), {"action": "toggle"}),
    FeatureCode(
        "3", "park_and_retrieve", "park", _("Park a call in a slot, or take it back"), {"action": "auto"}, "optional",
        _SLOT,
    ),
    FeatureCode("4", "valet", "park", _("Park a call in the next free slot"), {"action": "park"}),
    FeatureCode(
        "5", "retrieve", "park", _("Take a parked call back"), {"action": "retrieve"}, "optional", _SLOT, "0147-9"
    ),
    FeatureCode(
        "67", "privacy[mode=full]", "privacy", _("Call without showing who calls"), {"mode": "full"}, "required",
        _NUMBER,
    ),
    FeatureCode(
        "69", "milliwatt", "tones", _("Hear a test tone of 1004 Hz, for measuring the line"), {"tones": [MILLIWATT]}
    ),
    FeatureCode("97", "voicemail[action=check]", "voicemail", _("Listen to my messages"), {"action": "check"}),
    FeatureCode(
        "98", "voicemail[action=check,login]", "voicemail", _("Listen to a mailbox's messages"),
        {"action": "check", "login": True}, "optional", _BOX,
    ),
    FeatureCode(
        "*", 'voicemail[action="direct"]', "voicemail", _("Leave a message in a mailbox"), {"action": "compose"},
        "required", _BOX,
    ),
    FeatureCode("0", "intercom", "intercom", _("Speak to a phone without its ringing"), {}, "required", _EXTENSION),
    FeatureCode(
        "87", "group_pickup_feature[type=extension]", "group_pickup_feature", _("Answer another phone's call"),
        {"type": "extension"}, "required", _EXTENSION,
    ),
    FeatureCode(
        "86", "camping_feature", "camping_feature", _("Call back when an extension is free"), {}, "required", _EXTENSION
    ),
    FeatureCode(
        "55", "wakeup[action=menu]", "wakeup", _("Set a wake-up call"), {"action": "menu"}, "optional", _TIME
    ),
    FeatureCode("550", "wakeup[action=cancel]", "wakeup", _("Cancel all wake-up calls"), {"action": "cancel"}),
    FeatureCode("6683", "move", "move", _("Take my call to this phone")),
)  # fmt: skip

#: How a callflow's pattern is known to be a star code's.
CODE_OF_PATTERN: Mapping[str, FeatureCode] = {pattern: code for code in CATALOGUE for pattern in code.patterns}
