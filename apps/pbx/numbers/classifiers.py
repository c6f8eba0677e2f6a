"""Classes of numbers: what restrictions and prices are set by. The first class whose expression matches is the one."""

import re
from dataclasses import dataclass
from typing import Any

_CARIBBEAN = (
    "684|264|268|242|246|441|284|345|767|809|829|849|473|671|876|664|670|787|939|869|758|784|721|868|649|340|658"
)
_NANP = "SS(###) ### - ####"


@dataclass(frozen=True, slots=True)
class Classifier:
    """`pretty_print` is KAZOO's mask for showing a number: `S` skips a character, `#` shows a digit."""

    name: str
    friendly_name: str
    regex: str
    pretty_print: str = ""

    def to_document(self) -> dict[str, Any]:
        shown = {"pretty_print": self.pretty_print} if self.pretty_print else {}
        return {"friendly_name": self.friendly_name, "regex": self.regex, **shown}


CLASSIFIERS = (
    Classifier("tollfree_us", "US TollFree", r"^\+1((?:800|888|877|866|855|844|833)\d{7})$", _NANP),
    Classifier("toll_us", "US Toll", r"^\+1(900\d{7})$", _NANP),
    Classifier("emergency", "Emergency Dispatcher", r"^(911|922|933|112|999)$"),
    Classifier("caribbean", "Caribbean", rf"^\+?1((?:{_CARIBBEAN})\d{{7}})$", _NANP),
    Classifier("did_us", "US DID", r"^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$", _NANP),
    Classifier("international", "International", r"^\+([2-9]\d{6,14})$|^(011\d*)$|^(00\d*)$"),
    Classifier("unknown", "Unknown", r"^(.*)$"),
)


def classify(number: str) -> Classifier:
    """The class of an E.164 number, or of digits as they were dialled."""
    return next(one for one in CLASSIFIERS if re.search(one.regex, number))
