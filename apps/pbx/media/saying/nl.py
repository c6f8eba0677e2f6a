from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Speaker, noun

_CENT = noun("masculine", "cent", "cent")


class Dutch(Speaker):
    """ "veertien uur vijf", "maandag drieëntwintig november"."""

    star, pound, plus, minus, point = "sterretje", "hekje", "plus", "min", "komma"
    conjunction, today, yesterday = "en", "vandaag", "gisteren"
    day = noun("masculine", "dag", "dagen")
    hour = noun("neuter", "uur", "uur")
    minute = noun("feminine", "minuut", "minuten")
    second = noun("feminine", "seconde", "seconden")
    hundredths = dict.fromkeys(("EUR", "USD", "CAD", "AUD"), _CENT) | {"GBP": noun("masculine", "penny", "pence")}

    def full_date(self, moment: date, *, with_year: bool) -> str:
        said = f"{self.weekday(moment)} {self.number(moment.day)} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        hours = f"{self.number(moment.hour)} uur"
        return f"{hours} {self.number(moment.minute)}" if moment.minute else hours
