"""Which numbers reach the emergency services: no limit may ever stand in their way."""

from __future__ import annotations

from phonenumbers import is_emergency_number

#: The North American number for trying out an emergency route without waking anybody.
TEST_NUMBER = "933"


def is_emergency(dialled: str, region: str) -> bool:
    """Whether `dialled` is an emergency number of the country (ISO 3166 alpha-2), such as 911 or 112."""
    return dialled == TEST_NUMBER or bool(is_emergency_number(dialled, region))
