"""Numbers, moments, lengths of time and money in ten languages."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from babel.numbers import get_currency_name
from hypothesis import given
from hypothesis import strategies as st

from apps.pbx.media.languages import LANGUAGES
from apps.pbx.media.saying import speaker, speakers
from apps.pbx.media.speaker import MOST

TODAY = date(2026, 11, 23)
EVERY_LANGUAGE = sorted(LANGUAGES)
WORDS = {
    "en": ("twenty-one", "first", "Sunday, November first", "two oh five p.m.", "two hours and five minutes",
           "five US dollars and twenty-five cents", "one million and one", "twenty-one minutes", "one, star, pound"),
    "es": ("veintiuno", "primero", "domingo primero de noviembre", "las dos y cinco de la tarde",
           "dos horas y cinco minutos", "cinco dólares estadounidenses y veinticinco centavos", "un millón uno",
           "veintiún minutos", "uno, asterisco, numeral"),
    "fr": ("vingt et un", "premier", "dimanche premier novembre", "quatorze heures cinq",
           "deux heures et cinq minutes", "cinq dollars des États-Unis et vingt-cinq cents", "un million un",
           "vingt et une minutes", "un, étoile, dièse"),
    "de": ("einundzwanzig", "erste", "Sonntag, der erste November", "vierzehn Uhr fünf",
           "zwei Stunden und fünf Minuten", "fünf US-Dollar und fünfundzwanzig Cent", "eine Million eins",
           "einundzwanzig Minuten", "eins, Stern, Raute"),
    "pt": ("vinte e um", "primeiro", "domingo, primeiro de novembro", "catorze horas e cinco minutos",
           "duas horas e cinco minutos", "cinco Dólares americanos e vinte e cinco centavos", "um milhão e um",
           "vinte e um minutos", "um, estrela, jogo da velha"),
    "it": ("ventuno", "primo", "domenica primo novembre", "ore quattordici e cinque", "due ore e cinque minuti",
           "cinque dollari statunitensi e venticinque centesimi", "un milione e uno", "ventuno minuti",
           "uno, asterisco, cancelletto"),
    "nl": ("eenentwintig", "eerste", "zondag één november", "veertien uur vijf", "twee uur en vijf minuten",
           "vijf Amerikaanse dollar en vijfentwintig cent", "een miljoen één", "eenentwintig minuten",
           "één, sterretje, hekje"),
    "ru": ("двадцать один", "первый", "воскресенье, первое ноября", "четырнадцать часов пять минут",
           "два часа пять минут", "пять долларов США двадцать пять центов", "один миллион один",
           "двадцать одна минута", "один, звёздочка, решётка"),
    "ar": ("واحد وعشرون", "الأول", "الأحد، واحد نوفمبر", "الساعة الثانية وخمس دقائق مساءً", "ساعتان وخمس دقائق",
           "خمسة دولارات أمريكية وخمسة وعشرون سنتًا", "مليون وواحد", "إحدى وعشرون دقيقة", "واحد، نجمة، مربع"),
    "zh": ("二十一", "第一", "十一月一日，星期日", "十四点零五分", "两小时五分钟", "五点二五美元", "一百万零一",
           "二十一分钟", "一，星号，井号"),
}  # fmt: skip


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_the_reviewed_table(language: str) -> None:
    says = speaker(language)
    assert WORDS[language] == (
        says.number(21),
        says.ordinal(1),
        says.relative_date(date(2026, 11, 1), TODAY),
        says.time_of_day(datetime(2026, 11, 23, 14, 5)),
        says.duration(2 * 3600 + 5 * 60 + 9),
        says.money(Decimal("5.25"), "USD"),
        says.number(1_000_001),
        says.duration(21 * 60),
        says.digits("1*#"),
    )


@pytest.mark.parametrize(
    ("language", "value", "words"),
    [
        ("zh", 10, "十"), ("zh", 110, "一百一十"), ("zh", 1_005, "一千零五"), ("zh", 20_300, "二万零三百"),
        ("zh", 100_000_005, "一亿零五"), ("zh", 10_010_000, "一千零一万"),
        ("ar", 3, "ثلاثة"), ("ar", 11, "أحد عشر"), ("ar", 2_000, "ألفان"), ("ar", 5_000, "خمسة آلاف"),
        ("ar", 300, "ثلاثمئة"), ("fr", 80, "quatre-vingts"), ("fr", 71, "soixante et onze"),
        ("es", -3, "menos tres"), ("ru", 2_000, "две тысячи"), ("de", 0, "null"),
    ],
)  # fmt: skip
def test_numbers_that_are_easily_wrong(language: str, value: int, words: str) -> None:
    assert speaker(language).number(value) == words


@pytest.mark.parametrize(
    ("language", "amount", "currency", "words"),
    [
        ("en", "1", "EUR", "one euro"), ("en", "0.50", "EUR", "fifty cents"),
        ("en", "-2", "USD", "minus two US dollars"),
        ("en", "21.01", "GBP", "twenty-one British pounds and one penny"),
        ("es", "21.01", "GBP", "veintiuna libras esterlinas y un penique"),
        ("es", "1000000", "USD", "un millón de dólares estadounidenses"),
        ("fr", "21.01", "GBP", "vingt et une livres sterling et un penny"),
        ("de", "1", "EUR", "ein Euro"), ("de", "1.01", "CHF", "ein Schweizer Franken und ein Rappen"),
        ("ru", "2.02", "RUB", "два российских рубля две копейки"),
        ("ru", "1.01", "UAH", "одна украинская гривна одна копейка"),
        ("zh", "2", "CNY", "两元"), ("zh", "21.01", "GBP", "二十一点零一英镑"),
        ("en", "1234.4", "JPY", "one thousand two hundred and thirty-four Japanese yen"),
        ("en", "2.5", "INR", "two point five Indian rupees"), ("it", "1", "EUR", "un euro"),
        ("ar", "2", "EUR", "اثنان يورو"), ("ar", "1", "USD", "دولار أمريكي واحد"),
        ("ar", "2", "GBP", "جنيهان إسترلينيان"),
    ],
)  # fmt: skip
def test_money(language: str, amount: str, currency: str, words: str) -> None:
    assert speaker(language).money(Decimal(amount), currency) == words


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@given(value=st.integers(min_value=-2 * MOST, max_value=2 * MOST))
def test_every_number_can_be_said(language: str, value: int) -> None:
    says = speaker(language)
    for words in (says.number(value), says.number(value, "feminine"), says.ordinal(value), says.duration(value)):
        assert words.strip()
        assert not any(one.isdigit() for one in words)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_numbers_up_to_two_thousand_are_all_different(language: str) -> None:
    said = [speaker(language).number(value) for value in range(2001)]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@given(moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2199, 12, 31)))
def test_every_moment_can_be_said(language: str, moment: datetime) -> None:
    says = speaker(language)
    said = says.date_time(moment, TODAY)
    assert said.strip()
    assert not any(one.isdigit() for one in said)
    assert says.time_of_day(moment) in said


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_the_days_of_a_year_and_the_minutes_of_a_day_are_all_different(language: str) -> None:
    says = speaker(language)
    days = [says.full_date(date.fromordinal(TODAY.toordinal() + day), with_year=True) for day in range(365)]
    assert len(set(days)) == 365
    minutes = [says.time_of_day(datetime(2026, 1, 1, at // 60, at % 60)) for at in range(1440)]
    assert len(set(minutes)) == 1440


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@given(
    cents=st.integers(min_value=-(10**9), max_value=10**9),
    currency=st.sampled_from(["USD", "EUR", "GBP", "JPY", "RUB", "CNY", "INR", "BRL", "CHF", "KWD", "XAU", "QQQ"]),
)
def test_every_amount_can_be_said(language: str, cents: int, currency: str) -> None:
    says = speaker(language)
    words = says.money(Decimal(cents) / 100, currency)
    assert words.strip()
    assert not any(one.isdigit() for one in words)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_amounts_name_their_currency(language: str) -> None:
    says = speaker(language)
    for currency in ("JPY", "INR", "KRW"):
        name = get_currency_name(currency, count=7, locale=language)
        assert name.replace(" ", "") in says.money(Decimal(7), currency).replace(" ", "")


def test_relative_days_and_telephone_numbers() -> None:
    says = speaker("en")
    assert says.relative_date(TODAY, TODAY) == "today"
    assert says.relative_date(date(2026, 11, 22), TODAY) == "yesterday"
    assert says.relative_date(date(2025, 12, 23), TODAY) == "Tuesday, December twenty-third, twenty twenty-five"
    assert says.phone_number("+13125550100") == "plus one, three one two, five five five, zero one zero zero"
    assert says.phone_number("1001") == "one, zero, zero, one"
    assert says.digits("hello") == ""


def test_there_is_a_speaker_for_every_language() -> None:
    assert set(speakers()) == set(LANGUAGES)
