"""The time of day somebody keys in. Pure; no Django.

Four digits are the hours of 24; three leave out the first nought. Where people write times with a.m. and p.m., hours
from 1 to 12 may mean either half of the day, and they are asked.
"""

from __future__ import annotations

from datetime import time

from babel import Locale, UnknownLocaleError

NOON = 12


def keyed_time(digits: str) -> time | None:
    """The time that 0730, 730 or 1915 stands for; None for what is none."""
    if len(digits) not in (3, 4) or not (digits.isascii() and digits.isdigit()):
        return None
    hour, minute = int(digits[:-2]), int(digits[-2:])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def has_halves(tag: str) -> bool:
    """Whether people of this language (`en-us`) write times of day with a.m. and p.m. (CLDR)."""
    language, _, region = tag.replace("_", "-").partition("-")
    for name in ((language, region.upper()), (language, "")):
        try:
            locale = Locale.parse("_".join(filter(None, name)))
        except (UnknownLocaleError, ValueError):
            continue
        return "h" in locale.time_formats["short"].pattern
    return False


def is_ambiguous(at: time, tag: str) -> bool:
    return 1 <= at.hour <= NOON and has_halves(tag)


def in_half(at: time, *, afternoon: bool) -> time:
    """The same hands of the clock, in the other half of the day where that was meant."""
    return at.replace(hour=at.hour % NOON + (NOON if afternoon else 0))
