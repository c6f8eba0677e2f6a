from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Speaker, noun

_CENT = noun("masculine", "cent", "cents")


class English(Speaker):
    """The twelve-hour clock, and ordinals for days: "Monday, November twenty-third"."""

    star, pound, plus, minus, point = "star", "pound", "plus", "minus", "point"
    conjunction, today, yesterday = "and", "today", "yesterday"
    day = noun("neuter", "day", "days")
    hour = noun("neuter", "hour", "hours")
    minute = noun("neuter", "minute", "minutes")
    second = noun("neuter", "second", "seconds")
    hundredths = dict.fromkeys(("USD", "EUR", "CAD", "AUD", "NZD", "SGD", "HKD", "ZAR"), _CENT) | {
        "GBP": noun("masculine", "penny", "pence")
    }

    def full_date(self, moment: date, *, with_year: bool) -> str:
        said = f"{self.weekday(moment)}, {self.month(moment)} {self.ordinal(moment.day)}"
        return f"{said}, {self.year(moment)}" if with_year else said

    def year(self, moment: date) -> str:
        return self.words(moment.year, "year")

    def time_of_day(self, moment: datetime) -> str:
        half = "a.m." if moment.hour < 12 else "p.m."
        hour = self.number(moment.hour % 12 or 12)
        if not moment.minute:
            return f"{hour} {half}"
        minute = self.number(moment.minute)
        return f"{hour} {'oh ' if moment.minute < 10 else ''}{minute} {half}"
