from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Speaker, noun

_CENTAVO = noun("masculine", "centavo", "centavos")
_FEMININE = {"um": "uma", "dois": "duas"}


class Portuguese(Speaker):
    """Of Brazil: "catorze horas e cinco minutos", "vinte e duas horas"."""

    star, pound, plus, minus, point = "estrela", "jogo da velha", "mais", "menos", "vírgula"
    conjunction, today, yesterday = "e", "hoje", "ontem"
    day = noun("masculine", "dia", "dias")
    hour = noun("feminine", "hora", "horas")
    minute = noun("masculine", "minuto", "minutos")
    second = noun("masculine", "segundo", "segundos")
    hundredths = {
        "BRL": _CENTAVO, "USD": _CENTAVO, "CAD": _CENTAVO, "MXN": _CENTAVO,
        "EUR": noun("masculine", "cêntimo", "cêntimos"),
        "GBP": noun("masculine", "pêni", "pence"),
    }  # fmt: skip
    currency_genders = dict.fromkeys(
        ("GBP", "INR", "SEK", "NOK", "DKK", "CZK", "TRY", "UAH", "EGP", "PKR", "ISK"), "feminine"
    )

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        if gender == "feminine" and value < 1_000_000:
            words = " ".join(
                f"{word[:-2]}as" if word.endswith(("entos", "hentos")) else _FEMININE.get(word, word)
                for word in words.split()
            )
        # "um milhão de dólares"
        return f"{words} de" if words.endswith(("lhão", "lhões")) else words

    def full_date(self, moment: date, *, with_year: bool) -> str:
        day = "primeiro" if moment.day == 1 else self.number(moment.day)
        said = f"{self.weekday(moment)}, {day} de {self.month(moment)}"
        return f"{said} de {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        hours = self.counted(moment.hour, self.hour)
        return f"{hours} e {self.counted(moment.minute, self.minute)}" if moment.minute else hours
