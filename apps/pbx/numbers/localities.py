"""Where a number is from, as its digits say: the phonenumbers library's maps, nothing is asked of anybody.

A number that was ported, or is a mobile, may be anywhere: `type` says which it is.
"""

from __future__ import annotations

from typing import Any

from apps.foundation.accounts.models import Account
from apps.pbx.numbers.answering import as_number, home_region


def locality_of(text: str, account: Account) -> dict[str, Any]:
    """`{number, e164_number, status, country, locality, geocode, timezones}`; only `number` and the `status` error for
    what is no number."""
    e164 = as_number(text, home_region(account))
    if e164 is None:
        return {"number": text, "status": "error"}
    import phonenumbers
    from phonenumbers import geocoder, timezone

    number = phonenumbers.parse(e164)
    place = geocoder.description_for_number(number, "en")
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number))
    return {
        "number": text,
        "e164_number": e164,
        "status": "success",
        "country": phonenumbers.region_code_for_number(number) or "",
        "locality": {"locality": place, "type": kind},
        "geocode": {"locality": place},
        "timezones": [zone for zone in timezone.time_zones_for_number(number) if zone != "Etc/Unknown"],
    }
