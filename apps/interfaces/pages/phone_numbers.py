"""Phone numbers as the pages show them: national form in the account's own country, international form elsewhere."""

from __future__ import annotations

from apps.foundation.kit.phone_numbers import for_display

#: Shorter ones are extensions, star codes and emergency numbers: people know them as they are.
SHORTEST = 7


def shown_number(number: str, region: str) -> str:
    """`region` is the account's country, ISO 3166 alpha-2 (`home_region`). What is no phone number stays as it is."""
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or (digits == number and len(digits) < SHORTEST):
        return number
    return for_display(number, region)
