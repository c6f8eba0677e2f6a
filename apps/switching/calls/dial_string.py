"""Dial strings for the `bridge` application, made from typed legs. No value can forge a variable or a leg.

What the switch does with them (switch_ivr_originate.c, found by running it):

- A list of legs holds at most 128; the last one gets the rest unsplit, so 127 ring and the others are silently never
  dialled. More are joined as *enterprise* chunks (`:_:`), each in a thread of its own.
- Only `<…>` covers every chunk; `{…}` covers the first and leaves the others ringing after a timeout.
- Brackets, quotes, bars and backslashes in values are taken apart in several passes, and `${…}` even runs commands, so
  such characters are refused. Variables are separated by `~` (`^^~`), which leaves commas free for names and lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

LEGS_IN_A_CHUNK = 127
MOST_CHUNKS = 128
_SEPARATOR = "~"
_SECRETS = "sip_auth_"
# `:_` could make `:_:` of what stands before or behind it.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f'\"\\$~|<>{}\[\]^\u2028\u2029]|:_")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,127}")
_CONTACT = re.compile(r"sips?:[^\s,\[\]]{1,900}?(\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?(;[^\s,\[\]]{0,900})?)?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}")
_NUMBER = re.compile(r"[+*#A-Za-z0-9][*#A-Za-z0-9._\-]{0,63}")
_LOOKALIKES = str.maketrans({
    "'": "\u2019", '"': "\u201d", "\\": "/", "$": "\uff04", "~": "-", "|": "/",
    "<": "(", ">": ")", "{": "(", "}": ")", "[": "(", "]": ")", "^": " ",
})  # fmt: skip
#: In a caller's name (switch_sanitize_number, which mod_sofia applies to it).
_CUT_OFF = str.maketrans({":": "-", "/": "-", "@": "(at)"})


class UnsafeValue(ValueError):
    """A value that would be read as something else inside a dial string."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A SIP URI to send the INVITE to: a registered phone's contact, a trunk's address. `profile` is sofia's."""

    uri: str
    profile: str = "internal"

    def __str__(self) -> str:
        bare = re.sub(r"\[[0-9A-Fa-f:.]{2,45}\]", "", self.uri, count=1)
        if not _CONTACT.fullmatch(self.uri) or _UNSAFE.search(bare):
            raise UnsafeValue(f"not a contact that can be dialled: {self.uri[:80]!r}")
        return f"sofia/{_word('the profile', self.profile)}/{self.uri}"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A number sent out through a carrier's gateway, by the name the switch knows it."""

    name: str
    number: str

    def __str__(self) -> str:
        return f"sofia/gateway/{_word('the gateway', self.name)}/{_number(self.number)}"


@dataclass(frozen=True, slots=True)
class Redial:
    """A number dialled anew through the dialplan (loopback), as if somebody of `context` had called it."""

    number: str
    context: str

    def __str__(self) -> str:
        return f"loopback/{_number(self.number)}/{_word('the context', self.context)}/XML"


@dataclass(frozen=True, slots=True)
class Leg:
    """One thing to ring. `timeout` and `delay` are seconds; without a timeout the request's holds."""

    target: Contact | Gateway | Redial
    timeout: int | None = None
    delay: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        own = dict(self.variables)
        if self.timeout:
            own["leg_timeout"] = str(self.timeout)
        if self.delay:
            own["leg_delay_start"] = str(self.delay)
        return _brackets("[", own, "]") + str(self.target)


def dial_string(legs: Sequence[Leg], variables: Mapping[str, str] | None = None) -> str:
    """All `legs` at once, `variables` on each of them. Raises `UnsafeValue`, and ValueError for none or too many."""
    if not legs:
        raise ValueError("nothing to dial")
    if len(legs) > LEGS_IN_A_CHUNK * MOST_CHUNKS:
        raise ValueError(f"{len(legs)} legs, at most {LEGS_IN_A_CHUNK * MOST_CHUNKS} can be rung at once")
    texts = [str(leg) for leg in legs]
    chunks = [",".join(texts[start : start + LEGS_IN_A_CHUNK]) for start in range(0, len(texts), LEGS_IN_A_CHUNK)]
    return _brackets("<", variables or {}, ">") + ":_:".join(chunks)


def safe_text(value: str) -> str:
    """The value as it may stand in a dial string or an application's argument; raises `UnsafeValue`."""
    if _UNSAFE.search(value):
        raise UnsafeValue(f"cannot be sent to the switch: {value[:80]!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnsafeValue("not valid text") from error
    return value


def is_safe_text(value: str) -> bool:
    """Whether `safe_text` takes the value, and takes it whole: outer blanks would be cut off."""
    try:
        return safe_text(value) == value.strip()
    except UnsafeValue:
        return False


def display_text(value: str) -> str:
    """A person's text (a caller's name) with look-alikes for what the switch would read as syntax: O’Brien."""
    value = value.encode("utf-8", "replace").decode().translate(_LOOKALIKES).replace(":_", ": _")
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", value)).strip()


def shown_name(value: str) -> str:
    """A caller's name as a phone shows all of it: mod_sofia drops what stands before `:` or `/` and behind `@`."""
    value = re.sub(r"\s*:\s+", " - ", display_text(value))
    return value.translate(_CUT_OFF).strip()


def is_cut_off(name: str) -> bool:
    """Whether the switch would show a part of this caller's name only."""
    return any(sign in name for sign in ":/@")


def safe_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Those that can be set, outer blanks gone; raises `UnsafeValue`. Empty values are left out: they set nothing."""
    checked = {}
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise UnsafeValue(f"not a variable name: {name[:80]!r}")
        if name.startswith(_SECRETS) and not is_safe_text(value):
            raise UnsafeValue(f"{name} cannot be sent to the switch")  # the text ends in a log
        if value.strip():
            checked[name] = safe_text(value.strip())
    return checked


def settable(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of a customer's own pairs (extra SIP headers) those that can be set; the others are left out."""
    kept: dict[str, str] = {}
    for name, value in pairs:
        try:
            kept |= safe_variables({name: value})
        except UnsafeValue:
            continue
    return kept


def _brackets(opening: str, variables: Mapping[str, str], closing: str) -> str:
    pairs = [f"{name}={value}" for name, value in safe_variables(variables).items()]
    return f"{opening}^^{_SEPARATOR}{_SEPARATOR.join(pairs)}{closing}" if pairs else ""


def _word(what: str, value: str) -> str:
    if not _WORD.fullmatch(value):
        raise UnsafeValue(f"{what} cannot be dialled: {value[:80]!r}")
    return value


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise UnsafeValue(f"not a number that can be dialled: {value[:80]!r}")
    return value
