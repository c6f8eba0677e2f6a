from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Speaker, noun

_LAST: dict[Gender, dict[str, str]] = {
    "masculine": {},
    "feminine": {"один": "одна", "два": "две"},
    "neuter": {"один": "одно"},
}
_CENT = noun("masculine", "цент", "цента", few="цента", many="центов")


class Russian(Speaker):
    """Three plural forms, and days of the month in the neuter: "двадцать третье ноября"."""

    star, pound, plus, minus, point = "звёздочка", "решётка", "плюс", "минус", "запятая"
    conjunction, today, yesterday = "", "сегодня", "вчера"
    day = noun("masculine", "день", "дня", few="дня", many="дней")
    hour = noun("masculine", "час", "часа", few="часа", many="часов")
    minute = noun("feminine", "минута", "минуты", few="минуты", many="минут")
    second = noun("feminine", "секунда", "секунды", few="секунды", many="секунд")
    hundredths = dict.fromkeys(("EUR", "USD", "CAD", "AUD"), _CENT) | {
        "RUB": noun("feminine", "копейка", "копейки", few="копейки", many="копеек"),
        "UAH": noun("feminine", "копейка", "копейки", few="копейки", many="копеек"),
        "GBP": noun("masculine", "пенс", "пенса", few="пенса", many="пенсов"),
    }
    currency_genders = dict.fromkeys(("UAH", "INR", "SEK", "NOK", "DKK", "CZK", "TRY", "PKR", "ISK"), "feminine")

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        before, _, last = words.rpartition(" ")
        return f"{before} {_LAST[gender].get(last, last)}".strip()

    def joined(self, parts: list[str]) -> str:
        return " ".join(parts)

    def full_date(self, moment: date, *, with_year: bool) -> str:
        day = _inflected(self.ordinal(moment.day), "ое", "ье")
        said = f"{self.weekday(moment)}, {day} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def year(self, moment: date) -> str:
        return f"{_inflected(self.ordinal(moment.year), 'ого', 'ьего')} года"

    def time_of_day(self, moment: datetime) -> str:
        hours = self.counted(moment.hour, self.hour)
        return f"{hours} {self.counted(moment.minute, self.minute)}" if moment.minute else f"{hours} ровно"


def _inflected(ordinal: str, hard: str, soft: str) -> str:
    """`hard` in place of -ый and -ой, `soft` in place of the -ий of "третий"."""
    if ordinal.endswith("третий"):
        return ordinal.removesuffix("ий") + soft
    return ordinal[:-2] + hard
