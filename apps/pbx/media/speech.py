"""What a call says: parts put together, in the caller's language, into one reference the switch can play.

A *part* is what is to be said: a prompt, a number, a date, a sound of the account. A *piece* is how it is heard: a text
that an engine speaks, or a sound that is there already. `sound()` makes pieces of parts and one reference of pieces.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from apps.foundation.accounts.bridge import in_account
from apps.foundation.accounts.scope import AccountUnknown
from apps.foundation.kit.clock import now
from apps.pbx.media.listener import DEFAULT_LISTENER, SPOKEN_LANGUAGE, Asking, Listener, listener_of, zone_of
from apps.pbx.media.pieces import TONE, Piece, reference
from apps.pbx.media.prompts import counted_text, text_of
from apps.pbx.media.queries import playable, prompt_override
from apps.pbx.media.saying import speaker
from apps.switching.calls.port import Call

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text of the catalogue (`apps.pbx.media.prompts`) by its id, such as `vm-enter_pass`, or the account's own sound
    for it."""

    id: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A number with what is counted, as a prompt with a plural has it: `Counted("vm-new_messages", 5)`."""

    id: str
    count: int


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number as it is counted: 21 is "twenty-one"."""

    value: int


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A whole number as a rank: 3 is "third"."""

    value: int


@dataclass(frozen=True, slots=True)
class Digits:
    """Each of these digits (and `*`, `#`, `+`) by itself: an extension, a PIN, a telephone number."""

    text: str


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A telephone number, in groups with pauses as it is written in its country."""

    text: str


@dataclass(frozen=True, slots=True)
class Date:
    """The day of a moment. `timezone` (IANA) empty: the account's. A moment without a zone is UTC."""

    moment: datetime
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """The time of day of a moment, as for `Date`."""

    moment: datetime
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class DateTime:
    """A moment: "today", "yesterday" or the day, and the time of day, as for `Date`."""

    moment: datetime
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in seconds: "one hour and five minutes"."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Words:
    """Free text. `voice` is `male` or `female` or a voice of the engine; `language` and `engine` empty: the call's."""

    text: str
    voice: str = ""
    language: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A sound of the account, by its document's id."""

    id: str


@dataclass(frozen=True, slots=True)
class File:
    """What the switch can play by this name: an absolute path on the node, `tone_stream://…`, an http(s) URL."""

    path: str


Spoken = Number | Ordinal | Digits | PhoneNumber | Date | TimeOfDay | DateTime | Duration | Money
Part = Prompt | Counted | Spoken | Words | Media | File


async def sound(call: Call, *parts: Part, language: str = "") -> str:
    """One reference for `call.play()` and `call.collect()`, all parts in turn, in the caller's language or the one
    that is named.

    Never raises: what cannot be said is logged, and a short tone stands in its place.
    """
    asking = Asking(call.authorizing_id, call.owner_id, language or call.variables.get(SPOKEN_LANGUAGE, ""))
    try:
        return await in_account(call.account_id, _composed, asking, parts)
    except AccountUnknown:
        logger.warning("call %s: no account %r to speak for", call.uuid, call.account_id)
    except Exception:
        logger.exception("call %s: what its account says about speech could not be read", call.uuid)
    return compose(parts, DEFAULT_LISTENER)


def compose(parts: Sequence[Part], listener: Listener) -> str:
    """The reference for these parts, for somebody who listens. Reads the account's own sounds: in its scope only."""
    return reference([piece for part in parts for piece in _pieces(part, listener)], listener)


def _composed(asking: Asking, parts: Sequence[Part]) -> str:
    return compose(parts, listener_of(asking))


def _pieces(part: Part, listener: Listener) -> list[Piece]:
    try:
        return _made(part, listener)
    except Exception:
        logger.exception("%r cannot be said in %s", part, listener.language)
        return [TONE]


def _made(part: Part, listener: Listener) -> list[Piece]:
    match part:
        case Prompt():
            return _prompted(part.id, listener)
        case Counted():
            return [Piece(text=counted_text(part.id, part.count, listener.tag))]
        case Words():
            return [Piece(text=part.text, voice=part.voice, tag=part.language, engine=part.engine)]
        case Media():
            return _recorded(playable(part.id)) or [TONE]
        case File():
            return [Piece(reference=part.path)]
        case _:
            return [Piece(text=said(part, listener))]


def _prompted(prompt_id: str, listener: Listener) -> list[Piece]:
    own = _recorded(prompt_override(prompt_id, listener.tag)) if listener.account_id else []
    return own or [Piece(text=text_of(prompt_id, listener.tag))]


def _recorded(found: str) -> list[Piece]:
    """A piece for each name in a reference."""
    return [Piece(reference=name) for name in found.removeprefix("file_string://").split("!") if name]


def said(part: Spoken, listener: Listener) -> str:
    """The words for a number, a moment, a length of time or an amount."""
    says = speaker(listener.tag)
    match part:
        case Number():
            return says.number(part.value)
        case Ordinal():
            return says.ordinal(part.value)
        case Digits():
            return says.digits(part.text)
        case PhoneNumber():
            return says.phone_number(part.text)
        case Duration():
            return says.duration(part.seconds)
        case Money():
            return says.money(part.amount, part.currency)
        case Date() | TimeOfDay() | DateTime():
            zone = zone_of(part.timezone) if part.timezone else listener.zone
            moment = part.moment.replace(tzinfo=part.moment.tzinfo or UTC).astimezone(zone)
            today = now().astimezone(zone).date()
            if isinstance(part, Date):
                return says.relative_date(moment.date(), today)
            return says.time_of_day(moment) if isinstance(part, TimeOfDay) else says.date_time(moment, today)
