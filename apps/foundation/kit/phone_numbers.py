"""E.164 numbers: parsed and written by the phonenumbers library, never by a regular expression of ours.

It is loaded with the first number: several processes see none.
"""

from typing import NewType

E164 = NewType("E164", str)


class NotANumber(ValueError):
    """The text is not a phone number that can be dialled."""


def to_e164(text: str, region: str = "US") -> E164:
    """`+15551234567` of what a person or a carrier wrote; `region` (ISO 3166 alpha-2) reads national forms.

    Numbers that are possible but not assigned (555-0100 …) pass: a test range is a legitimate number.
    """
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, None if text.startswith("+") else region)
    except phonenumbers.NumberParseException as error:
        raise NotANumber(text) from error
    if not phonenumbers.is_possible_number(parsed) or parsed.extension:
        raise NotANumber(text)
    return E164(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def for_display(number: str, region: str = "US") -> str:
    """National form at home, international form elsewhere; text that is no number is returned as it is."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    home = phonenumbers.country_code_for_region(region) == parsed.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)
