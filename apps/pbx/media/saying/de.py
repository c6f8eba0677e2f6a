from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Speaker, noun

_CENT = noun("masculine", "Cent", "Cent")


class German(Speaker):
    """ "vierzehn Uhr fünf", "Montag, der dreiundzwanzigste November"."""

    star, pound, plus, minus, point = "Stern", "Raute", "plus", "minus", "Komma"
    conjunction, today, yesterday = "und", "heute", "gestern"
    day = noun("masculine", "Tag", "Tage")
    hour = noun("feminine", "Stunde", "Stunden")
    minute = noun("feminine", "Minute", "Minuten")
    second = noun("feminine", "Sekunde", "Sekunden")
    hundredths = dict.fromkeys(("EUR", "USD", "CAD", "AUD"), _CENT) | {
        "CHF": noun("masculine", "Rappen", "Rappen"),
        "GBP": noun("masculine", "Penny", "Pence"),
    }
    currency_genders = {
        **dict.fromkeys(("INR", "SEK", "NOK", "DKK", "CZK", "TRY", "UAH", "PKR", "ISK"), "feminine"),
        "GBP": "neuter", "EGP": "neuter",
    }  # fmt: skip

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        if not words.endswith("eins"):
            return words
        return f"{words[:-1]}e" if gender == "feminine" else words[:-1]

    def full_date(self, moment: date, *, with_year: bool) -> str:
        said = f"{self.weekday(moment)}, der {self.ordinal(moment.day)} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def year(self, moment: date) -> str:
        return self.words(moment.year, "year")

    def time_of_day(self, moment: datetime) -> str:
        hours = f"{self.number(moment.hour, 'masculine')} Uhr"
        return f"{hours} {self.number(moment.minute)}" if moment.minute else hours
