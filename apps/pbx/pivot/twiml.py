"""TwiML, read: an XML document becomes steps. Nothing of it is done here.

Read with defusedxml: no entities, no outer documents. Names are Twilio's, attributes too; `Variables` is KAZOO's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

#: Steps of one document, nested ones too.
MOST_STEPS = 100
#: Verbs, each with those it may hold.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "Say": (),
    "Play": (),
    "Pause": (),
    "Gather": ("Say", "Play", "Pause"),
    "Record": (),
    "Dial": ("Number", "User", "Device", "Conference", "Sip"),
    "Redirect": (),
    "Hangup": (),
    "Reject": (),
    "Variables": ("Variable",),
    "Set": (),
}


class BadTwiml(ValueError):
    """The document is no TwiML; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """One element: its name, its text, its attributes, the elements in it."""

    name: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[Step, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: int, least: int = 0, most: int = 3600) -> int:
        """A whole number between `least` and `most`; `default` where it is none."""
        text = self.get(name).strip()
        return min(max(int(text), least), most) if text.isascii() and text.isdigit() else default


def read_twiml(text: str) -> list[Step]:
    """The steps of a `<Response>`. Raises BadTwiml."""
    try:
        root: Element = fromstring(text.encode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise BadTwiml(f"not XML that can be read: {type(error).__name__}: {str(error)[:200]}") from error
    if _name(root) != "Response":
        raise BadTwiml(f"the document is a <{_name(root)[:64]}>, not a <Response>")
    steps = [_step(element, KNOWN) for element in root]
    if sum(1 + len(step.inner) for step in steps) > MOST_STEPS:
        raise BadTwiml(f"more than {MOST_STEPS} steps")
    return steps


def _step(element: Element, known: Mapping[str, tuple[str, ...]] | tuple[str, ...]) -> Step:
    name = _name(element)
    if name not in known:
        raise BadTwiml(f"there is no <{name[:64]}> here")
    held = known[name] if isinstance(known, Mapping) else ()
    return Step(
        name=name,
        text=" ".join((element.text or "").split()),
        attributes=dict(element.attrib),
        inner=tuple(_step(one, held) for one in element),
    )


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
