from __future__ import annotations

from datetime import date, datetime

from apps.pbx.media.speaker import Gender, Noun, Speaker, noun

#: As numbers stand before (or without) a masculine noun, and before a feminine one.
_MASCULINE = ("صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة")
_FEMININE = ("صفر", "واحدة", "اثنتان", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر")
_TENS = ("", "", "عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون")
_HUNDREDS = ("", "مئة", "مئتان", "ثلاثمئة", "أربعمئة", "خمسمئة", "ستمئة", "سبعمئة", "ثمانمئة", "تسعمئة")
#: One, two, three to ten, more.
_SCALES = (
    (10**9, ("مليار", "ملياران", "مليارات", "مليار")),
    (10**6, ("مليون", "مليونان", "ملايين", "مليون")),
    (1000, ("ألف", "ألفان", "آلاف", "ألف")),
)
_RANKS = ("", "الأول", "الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع", "العاشر",
          "الحادي عشر", "الثاني عشر", "الثالث عشر", "الرابع عشر", "الخامس عشر", "السادس عشر", "السابع عشر",
          "الثامن عشر", "التاسع عشر", "العشرون")  # fmt: skip
_HOURS = ("الثانية عشرة", "الواحدة", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة",
          "التاسعة", "العاشرة", "الحادية عشرة")  # fmt: skip
_CENT = noun("masculine", "سنت", "سنت", two="سنتان", few="سنتات", many="سنتًا")
#: Of CLDR's names of currencies, Arabic has few with their plural forms.
_CURRENCIES = {
    "USD": noun("masculine", "دولار أمريكي", "دولار أمريكي", two="دولاران أمريكيان", few="دولارات أمريكية",
                many="دولارًا أمريكيًا"),
    "EUR": noun("masculine", "يورو", "يورو", two="اثنان يورو"),
    "GBP": noun("masculine", "جنيه إسترليني", "جنيه إسترليني", two="جنيهان إسترلينيان", few="جنيهات إسترلينية",
                many="جنيهًا إسترلينيًا"),
    "EGP": noun("masculine", "جنيه مصري", "جنيه مصري", two="جنيهان مصريان", few="جنيهات مصرية",
                many="جنيهًا مصريًا"),
    "SAR": noun("masculine", "ريال سعودي", "ريال سعودي", two="ريالان سعوديان", few="ريالات سعودية",
                many="ريالًا سعوديًا"),
    "AED": noun("masculine", "درهم إماراتي", "درهم إماراتي", two="درهمان إماراتيان", few="دراهم إماراتية",
                many="درهمًا إماراتيًا"),
}  # fmt: skip


class Arabic(Speaker):
    """Numbers from three to ten take the other gender than what is counted; two of a thing is a word of its own."""

    star, pound, plus, minus, point = "نجمة", "مربع", "زائد", "ناقص", "فاصلة"
    conjunction, today, yesterday = "و", "اليوم", "أمس"
    comma = "، "
    day = noun("masculine", "يوم", "يوم", two="يومان", few="أيام", many="يومًا")
    hour = noun("feminine", "ساعة", "ساعة", two="ساعتان", few="ساعات", many="ساعة")
    minute = noun("feminine", "دقيقة", "دقيقة", two="دقيقتان", few="دقائق", many="دقيقة")
    second = noun("feminine", "ثانية", "ثانية", two="ثانيتان", few="ثوانٍ", many="ثانية")
    hundredths = dict.fromkeys(("EUR", "USD", "CAD", "AUD"), _CENT) | {
        "GBP": noun("masculine", "بنس", "بنس", two="بنسان", few="بنسات", many="بنسًا"),
        "EGP": noun("masculine", "قرش", "قرش", two="قرشان", few="قروش", many="قرشًا"),
    }
    currency_genders = dict.fromkeys(("INR", "SEK", "NOK", "DKK", "CZK", "TRY", "PKR", "ISK"), "feminine")

    def cardinal(self, value: int) -> str:
        return _said(value, "masculine")

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        return _said(value, gender)

    def ordinal(self, value: int) -> str:
        return _RANKS[value] if 0 < value < len(_RANKS) else f"رقم {self.number(value)}"

    def counted(self, value: int, what: Noun) -> str:
        if value == 1:
            return f"{what.after('one')} {self.number(1, what.gender)}"
        return what.after("two") if value == 2 else super().counted(value, what)

    def joined(self, parts: list[str]) -> str:
        return " و".join(parts)

    def _units(self, whole: int, currency: str) -> str:
        name = _CURRENCIES.get(currency)
        return self.counted(whole, name) if name is not None else super()._units(whole, currency)

    def full_date(self, moment: date, *, with_year: bool) -> str:
        said = f"{self.weekday(moment)}، {self.number(moment.day)} {self.month(moment)}"
        return f"{said} {self.year(moment)}" if with_year else said

    def time_of_day(self, moment: datetime) -> str:
        half = "صباحًا" if moment.hour < 12 else "مساءً"
        minutes = f" و{self.counted(moment.minute, self.minute)}" if moment.minute else ""
        return f"الساعة {_HOURS[moment.hour % 12]}{minutes} {half}"


def _said(value: int, gender: Gender) -> str:
    if value == 0:
        return _MASCULINE[0]
    parts = []
    for size, names in _SCALES:
        count, value = divmod(value, size)
        if count:
            parts.append(_scaled(count, names))
    if value:
        parts.append(_below_thousand(value, gender))
    return " و".join(parts)


def _scaled(count: int, names: tuple[str, str, str, str]) -> str:
    one, two, few, many = names
    if count == 1:
        return one
    if count == 2:
        return two
    ending = count % 100
    return f"{_below_thousand(count, 'masculine')} {few if 3 <= ending <= 10 else many}"


def _below_thousand(value: int, gender: Gender) -> str:
    hundreds, rest = divmod(value, 100)
    parts = [_HUNDREDS[hundreds]] if hundreds else []
    if rest:
        parts.append(_below_hundred(rest, gender))
    return " و".join(parts)


def _below_hundred(value: int, gender: Gender) -> str:
    feminine = gender == "feminine"
    units = _FEMININE if feminine else _MASCULINE
    if value <= 10:
        return units[value]
    if value == 11:
        return "إحدى عشرة" if feminine else "أحد عشر"
    if value == 12:
        return "اثنتا عشرة" if feminine else "اثنا عشر"
    if value < 20:
        return f"{units[value - 10]} {'عشرة' if feminine else 'عشر'}"
    tens, unit = divmod(value, 10)
    if not unit:
        return _TENS[tens]
    first = "إحدى" if feminine and unit == 1 else units[unit]
    return f"{first} و{_TENS[tens]}"
