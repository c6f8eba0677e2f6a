from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Speaker, noun

_CENT = noun("masculine", "cent", "cents")


class French(Speaker):
    """ "quatorze heures cinq", "vingt et une heures"."""

    star, pound, plus, minus, point = "étoile", "dièse", "plus", "moins", "virgule"
    conjunction, today, yesterday = "et", "aujourd'hui", "hier"
    day = noun("masculine", "jour", "jours")
    hour = noun("feminine", "heure", "heures")
    minute = noun("feminine", "minute", "minutes")
    second = noun("feminine", "seconde", "secondes")
    hundredths = {
        "EUR": noun("masculine", "centime", "centimes"),
        "CHF": noun("masculine", "centime", "centimes"),
        "USD": _CENT, "CAD": _CENT, "AUD": _CENT,
        "GBP": noun("masculine", "penny", "pence"),
    }  # fmt: skip
    currency_genders = dict.fromkeys(
        ("GBP", "INR", "SEK", "NOK", "DKK", "CZK", "TRY", "UAH", "EGP", "PKR", "ISK"), "feminine"
    )

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        said = f"{words}e" if gender == "feminine" and words.split("-")[-1].split()[-1] == "un" else words
        # "un million de dollars"
        return f"{said} de" if said.endswith(("million", "millions", "milliard", "milliards")) else said

    def full_date(self, moment: date, *, with_year: bool) -> str:
        day = "premier" if moment.day == 1 else self.number(moment.day)
        said = f"{self.weekday(moment)} {day} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        hours = self.counted(moment.hour, self.hour)
        return f"{hours} {self.number(moment.minute, 'feminine')}" if moment.minute else hours
