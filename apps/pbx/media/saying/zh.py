from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from apps.pbx.media.speaker import Gender, Noun, Speaker, noun

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")


class Chinese(Speaker):
    """Mandarin: groups of four digits, 两 before what is counted, a zero for skipped places."""

    star, pound, plus, minus, point = "星号", "井号", "加", "负", "点"
    conjunction, today, yesterday = "", "今天", "昨天"
    comma = "，"
    day = noun("neuter", "天", "天")
    hour = noun("neuter", "小时", "小时")
    minute = noun("neuter", "分钟", "分钟")
    second = noun("neuter", "秒", "秒")

    def cardinal(self, value: int) -> str:
        return _said(value)

    def agreeing(self, words: str, value: int, gender: Gender) -> str:
        return "两" if value == 2 else words

    def number(self, value: int, gender: Gender | None = None) -> str:
        return super().number(value, gender).replace("负 ", "负")

    def ordinal(self, value: int) -> str:
        return f"第{self.number(value)}"

    def counted(self, value: int, what: Noun) -> str:
        return f"{self.number(value, what.gender)}{what.after('other')}"

    def joined(self, parts: list[str]) -> str:
        return "".join(parts)

    def full_date(self, moment: date, *, with_year: bool) -> str:
        said = f"{self.number(moment.month)}月{self.number(moment.day)}日，{self.weekday(moment)}"
        return f"{self.year(moment)}{said}" if with_year else said

    def year(self, moment: date) -> str:
        return "".join(_DIGITS[int(digit)] for digit in str(moment.year)) + "年"

    def time_of_day(self, moment: datetime) -> str:
        hours = f"{self.number(moment.hour, 'neuter')}点"
        if not moment.minute:
            return f"{hours}整"
        return f"{hours}{'零' if moment.minute < 10 else ''}{self.number(moment.minute)}分"

    def money(self, amount: Decimal, currency: str) -> str:
        return super().money(amount, currency).replace(" ", "")

    def currency_name(self, currency: str, count: int | Decimal) -> str:
        return "元" if currency == "CNY" else super().currency_name(currency, count)


def _said(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    groups, said = [], ""
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        if said and (group < 1000 or not groups[place + 1]):
            said += "零"
        said += _below_ten_thousand(group) + _GROUPS[place]
    # "十五", not "一十五", where nothing stands before it.
    return said.removeprefix("一") if said.startswith("一十") else said


def _below_ten_thousand(value: int) -> str:
    said, skipped = "", False
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if not digit:
            skipped = bool(said)
            continue
        said += ("零" if skipped else "") + _DIGITS[digit] + _PLACES[place]
        skipped = False
    return said
