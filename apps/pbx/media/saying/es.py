from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Speaker, noun

_CENTAVO = noun("masculine", "centavo", "centavos")


class Spanish(Speaker):
    """ "las dos y cinco de la tarde"; "veintiún segundos", "veintiuna horas"."""

    star, pound, plus, minus, point = "asterisco", "numeral", "más", "menos", "coma"
    conjunction, today, yesterday = "y", "hoy", "ayer"
    day = noun("masculine", "día", "días")
    hour = noun("feminine", "hora", "horas")
    minute = noun("masculine", "minuto", "minutos")
    second = noun("masculine", "segundo", "segundos")
    hundredths = {
        "EUR": noun("masculine", "céntimo", "céntimos"),
        "USD": _CENTAVO, "MXN": _CENTAVO, "ARS": _CENTAVO, "COP": _CENTAVO, "BRL": _CENTAVO,
        "GBP": noun("masculine", "penique", "peniques"),
        "CAD": _CENTAVO, "AUD": _CENTAVO,
    }  # fmt: skip
    currency_genders = dict.fromkeys(
        ("GBP", "INR", "SEK", "NOK", "DKK", "CZK", "TRY", "UAH", "EGP", "PKR", "ISK"), "feminine"
    )

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        if gender == "feminine":
            said = " ".join(
                f"{word[:-2]}as" if word.endswith(("cientos", "quinientos")) else word for word in words.split()
            )
            return f"{said[:-1]}a" if said.endswith("uno") else said
        if words.endswith("veintiuno"):
            return f"{words[:-4]}iún"
        return words[:-1] if words.endswith("uno") else words

    def number(self, value: int, gender: Gender | None = None) -> str:
        said = super().number(value, gender)
        # "un millón de dólares"
        return f"{said} de" if gender and said.endswith(("millón", "millones")) else said

    def full_date(self, moment: date, *, with_year: bool) -> str:
        day = "primero" if moment.day == 1 else self.number(moment.day)
        said = f"{self.weekday(moment)} {day} de {self.month(moment)}"
        return f"{said} de {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        hour = moment.hour % 12 or 12
        said = "la una" if hour == 1 else f"las {self.number(hour)}"
        minutes = f" y {self.number(moment.minute)}" if moment.minute else ""
        return f"{said}{minutes} {_part_of_day(moment.hour)}"


def _part_of_day(hour: int) -> str:
    if hour < 6:
        return "de la madrugada"
    if hour < 12:
        return "de la mañana"
    return "de la tarde" if hour < 20 else "de la noche"
