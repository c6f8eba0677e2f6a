from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Noun, Speaker, noun

_CENTESIMO = noun("masculine", "centesimo", "centesimi")


class Italian(Speaker):
    """ "ore quattordici e cinque", "un'ora"."""

    star, pound, plus, minus, point = "asterisco", "cancelletto", "più", "meno", "virgola"
    conjunction, today, yesterday = "e", "oggi", "ieri"
    day = noun("masculine", "giorno", "giorni")
    hour = noun("feminine", "ora", "ore")
    minute = noun("masculine", "minuto", "minuti")
    second = noun("masculine", "secondo", "secondi")
    hundredths = dict.fromkeys(("EUR", "USD", "CAD", "AUD", "CHF"), _CENTESIMO) | {
        "GBP": noun("masculine", "penny", "pence")
    }
    currency_genders = dict.fromkeys(
        ("GBP", "INR", "SEK", "NOK", "DKK", "CZK", "TRY", "UAH", "EGP", "PKR", "ISK"), "feminine"
    )

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        if value == 1:
            return "una" if gender == "feminine" else "un"
        # "un milione di dollari"
        return f"{words} di" if words.endswith(("milione", "milioni", "miliardo", "miliardi")) else words

    def counted(self, value: int, what: Noun) -> str:
        return "un'ora" if value == 1 and what is self.hour else super().counted(value, what)

    def full_date(self, moment: date, *, with_year: bool) -> str:
        day = "primo" if moment.day == 1 else self.number(moment.day)
        said = f"{self.weekday(moment)} {day} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        hours = f"ore {'una' if moment.hour == 1 else self.number(moment.hour)}"
        return f"{hours} e {self.number(moment.minute)}" if moment.minute else hours
