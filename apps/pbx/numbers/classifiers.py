"""Classes of numbers: what restrictions and prices are set by. The first class whose expression matches is the one.

An account, and any above it, may define classes of its own or others' expressions: `classifiers` of its document, by
name. The nearest wins; new classes are tried before the usual ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.kit.patterns import BadPattern, compile_pattern, search

_CARIBBEAN = (
    "684|264|268|242|246|441|284|345|767|809|829|849|473|671|876|664|670|787|939|869|758|784|721|868|649|340|658"
)
_NANP = "SS(###) ### - ####"
EMERGENCY, UNKNOWN = "emergency", "unknown"


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
    Classifier(EMERGENCY, "Emergency Dispatcher", r"^(911|922|933|833|811|711|112|999)$"),
    Classifier("caribbean", "Caribbean", rf"^\+?1((?:{_CARIBBEAN})\d{{7}})$", _NANP),
    Classifier("did_us", "US DID", r"^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$", _NANP),
    Classifier("international", "International", r"^\+([2-9]\d{6,14})$|^(011\d*)$|^(00\d*)$"),
    Classifier(UNKNOWN, "Unknown", r"^(.*)$"),
)


def classifiers_of(account: Account) -> tuple[Classifier, ...]:
    """The account's classes. Two queries at most: those above are read only where there are any."""
    above = {one.id: one.document for one in Account.objects.filter(id__in=account.ancestors)}
    documents = [above.get(identifier, {}) for identifier in account.ancestors]
    return merged([*documents, account.document])


def merged(documents: Sequence[Mapping[str, Any]]) -> tuple[Classifier, ...]:
    """The usual classes with what these documents say, the last one winning. An expression that is none is left out."""
    found = {one.name: one for one in CLASSIFIERS}
    for document in documents:
        given = document.get("classifiers")
        for name, options in given.items() if isinstance(given, Mapping) else ():
            if isinstance(options, Mapping) and (made := _made(str(name), options, found.get(str(name)))) is not None:
                found[made.name] = made
    usual = [one.name for one in CLASSIFIERS]
    own = [name for name in found if name not in usual]
    return tuple(found[name] for name in [*own, *usual])


def classify(number: str, classifiers: Sequence[Classifier] = CLASSIFIERS) -> Classifier:
    """The class of an E.164 number, or of digits as they were dialled."""
    return next((one for one in classifiers if search(one.regex, number)), classifiers[-1])


def _made(name: str, options: Mapping[str, Any], known: Classifier | None) -> Classifier | None:
    base = known or Classifier(name, name, "")
    wanted = replace(
        base,
        friendly_name=str(options.get("friendly_name") or base.friendly_name),
        regex=str(options.get("regex") or base.regex),
        pretty_print=str(options.get("pretty_print") or base.pretty_print),
    )
    try:
        compile_pattern(wanted.regex)
    except BadPattern:
        return None
    return wanted if wanted.regex else None
