"""The public holidays of a country, as the `holidays` library knows them; it is loaded when first asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

ENGLISH = "en_US"


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """`country` is an ISO 3166 alpha-2 code, `subdivision` the library's name of a part of it (`BY`, `CA`).

    `names` limits it to those holidays, in the country's language or in English; empty for all of them. A holiday
    that is observed on another day counts on both.
    """

    country: str
    subdivision: str = ""
    names: frozenset[str] = frozenset()

    def name_on(self, day: date) -> str:
        """The holiday's name, empty where the day is none of them."""
        found = _of_year(self.country, self.subdivision, day.year).get(day, ())
        if not self.names:
            return found[0] if found else ""
        wanted = {name.casefold() for name in self.names}
        return next((name for name in found if name.casefold() in wanted), "")


def subdivisions_of(country: str) -> list[str] | None:
    """The parts of a country that have holidays of their own; None for a country nobody knows."""
    return _countries().get(country.upper())


def names_of(country: str, subdivision: str, year: int) -> dict[date, str]:
    """Every holiday of a year by its day."""
    return {day: names[0] for day, names in sorted(_of_year(country, subdivision, year).items())}


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, list[str]]:
    from holidays import list_supported_countries

    return list_supported_countries()


@lru_cache(maxsize=512)
def _of_year(country: str, subdivision: str, year: int) -> Mapping[date, tuple[str, ...]]:
    """Names by day, the country's own language first."""
    from holidays import country_holidays

    found: dict[date, tuple[str, ...]] = {}
    for language in _languages(country):
        days = country_holidays(country, subdiv=subdivision or None, years=year, language=language)
        for day in days:
            if day.year == year:
                found[day] = (*found.get(day, ()), *days.get_list(day))
    return {day: tuple(dict.fromkeys(names)) for day, names in found.items()}


@lru_cache(maxsize=256)
def _languages(country: str) -> tuple[str | None, ...]:
    from holidays import country_holidays

    calendar = country_holidays(country)
    spoken = [calendar.default_language]
    if ENGLISH in calendar.supported_languages and calendar.default_language != ENGLISH:
        spoken.append(ENGLISH)
    return tuple(spoken)
