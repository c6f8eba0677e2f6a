"""What every language says in the same way, and the places where they differ.

Moments arrive in the listener's time zone. Whole numbers up to 10^12 are said as words, larger ones digit by digit.
Babel and num2words are loaded with the first sentence: most processes say nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar, Literal

Gender = Literal["masculine", "feminine", "neuter"]
MOST = 10**12
_one_at_a_time = threading.Lock()  # num2words' converters keep what they are at in themselves


@dataclass(frozen=True, slots=True)
class Noun:
    """Something that is counted: its words by plural category (CLDR: `one`, `two`, `few`, `many`, `other`)."""

    gender: Gender
    forms: Mapping[str, str]

    def after(self, category: str) -> str:
        return self.forms.get(category) or self.forms["other"]


def noun(gender: Gender, one: str, other: str, **more: str) -> Noun:
    return Noun(gender, {"one": one, "other": other, **more})


class Speaker:
    """Says things in one language."""

    star: ClassVar[str]
    pound: ClassVar[str]
    plus: ClassVar[str]
    minus: ClassVar[str]
    point: ClassVar[str]
    conjunction: ClassVar[str]
    today: ClassVar[str]
    yesterday: ClassVar[str]
    day: ClassVar[Noun]
    hour: ClassVar[Noun]
    minute: ClassVar[Noun]
    second: ClassVar[Noun]
    #: The hundredth of these currencies has a name that callers know; of others "point" and digits are said.
    hundredths: ClassVar[Mapping[str, Noun]] = {}
    #: Currencies whose name is not masculine.
    currency_genders: ClassVar[Mapping[str, Gender]] = {}
    comma: ClassVar[str] = ", "

    def __init__(self, language: str) -> None:
        from babel import Locale

        self.language = language
        self.locale = Locale.parse(language)

    # Numbers

    def number(self, value: int, gender: Gender | None = None) -> str:
        """As it is counted; with a gender, as it stands before a noun of it."""
        if value < 0:
            return f"{self.minus} {self.number(-value, gender)}"
        if value >= MOST:
            return self.digits(str(value))
        words = self.cardinal(value)
        return words if gender is None else self.agreeing(words, value, gender)

    def cardinal(self, value: int) -> str:
        """A number from 0 to `MOST` in its plain form."""
        return self.words(value, "cardinal")

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        """The words of a number as they stand before a noun."""
        return words

    def ordinal(self, value: int) -> str:
        """A rank, 1 is "first". Below 1 and beyond what a language has, the number itself."""
        return self.words(value, "ordinal") if 0 < value < 10_000 else self.number(value)

    def words(self, value: int, kind: str) -> str:
        from num2words import num2words  # type: ignore[import-untyped]

        with _one_at_a_time:
            return str(num2words(value, lang=self.language, to=kind)).replace(",", "").strip()

    def counted(self, value: int, what: Noun) -> str:
        """A number and what is counted."""
        category = str(self.locale.plural_form(abs(value)))
        return f"{self.number(value, what.gender)} {what.after(category)}"

    # Digits

    def digits(self, text: str) -> str:
        """Each digit and each `*`, `#`, `+` by itself; anything else is left out."""
        return self.comma.join(self._symbols(text))

    def phone_number(self, text: str) -> str:
        """In groups as its country writes it; what is no such number, digit by digit."""
        import phonenumbers

        try:
            parsed = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            return self.digits(text)
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        groups = (" ".join(self._symbols(group)) for group in written.replace("-", " ").split())
        return self.comma.join(group for group in groups if group)

    def _symbols(self, text: str) -> list[str]:
        others = {"*": self.star, "#": self.pound, "+": self.plus}
        return [self.cardinal(int(one)) if one in "0123456789" else others[one] for one in text if one in _SAYABLE]

    # Moments

    def relative_date(self, moment: date, today: date) -> str:
        """ "today", "yesterday", or the day of the week, of the month, and the month; the year where it is another."""
        if moment == today:
            return self.today
        if moment == today - timedelta(days=1):
            return self.yesterday
        return self.full_date(moment, with_year=moment.year != today.year)

    def full_date(self, moment: date, *, with_year: bool) -> str:
        raise NotImplementedError

    def time_of_day(self, moment: datetime) -> str:
        raise NotImplementedError

    def date_time(self, moment: datetime, today: date) -> str:
        return f"{self.relative_date(moment.date(), today)}{self.comma}{self.time_of_day(moment)}"

    def weekday(self, moment: date) -> str:
        from babel.dates import get_day_names

        return str(get_day_names("wide", context="format", locale=self.locale)[moment.weekday()])

    def month(self, moment: date) -> str:
        from babel.dates import get_month_names

        return str(get_month_names("wide", context="format", locale=self.locale)[moment.month])

    def year(self, moment: date) -> str:
        return self.number(moment.year)

    # Lengths of time

    def duration(self, seconds: int) -> str:
        """The two largest of days, hours, minutes and seconds. A negative length counts as none."""
        left, parts = max(0, seconds), []
        for size, what in ((86_400, self.day), (3_600, self.hour), (60, self.minute), (1, self.second)):
            count, left = divmod(left, size)
            if count:
                parts.append(self.counted(count, what))
            elif parts:
                break
        return self.joined(parts[:2]) if parts else self.counted(0, self.second)

    def joined(self, parts: list[str]) -> str:
        """A list of two at most, with "and"."""
        return f" {self.conjunction} ".join(parts)

    # Money

    def money(self, amount: Decimal, currency: str) -> str:
        """Rounded to the currency's smallest unit (ISO 4217); an unknown currency is said by its code."""
        from babel.numbers import get_currency_precision

        currency = currency.upper()
        places = get_currency_precision(currency)
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        if amount < 0:
            return f"{self.minus} {self.money(-amount, currency)}"
        whole = int(amount)
        rest = int((amount - whole).scaleb(places))
        if not rest:
            return self._units(whole, currency)
        if (hundredth := self.hundredths.get(currency)) is not None and places == 2:
            small = self.counted(rest, hundredth)
            return self.joined([self._units(whole, currency), small]) if whole else small
        decimals = " ".join(self._symbols(str(rest).rjust(places, "0").rstrip("0")))
        return f"{self.number(whole)} {self.point} {decimals} {self.currency_name(currency, amount)}"

    def _units(self, whole: int, currency: str) -> str:
        gender = self.currency_genders.get(currency, "masculine")
        return f"{self.number(whole, gender)} {self.currency_name(currency, whole)}"

    def currency_name(self, currency: str, count: int | Decimal) -> str:
        from babel.numbers import get_currency_name

        return str(get_currency_name(currency, count=count, locale=self.locale))


_SAYABLE = frozenset("0123456789*#+")
