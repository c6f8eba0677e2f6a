"""Names as they are spelled on the keys of a telephone (ITU-T E.161)."""

from __future__ import annotations

import unicodedata

_KEYS = {
    letter: key
    for key, letters in {
        "2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz",
    }.items()
    for letter in letters
}  # fmt: skip
#: Letters that no accent makes.
_ALIKE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def on_keys(name: str) -> str:
    """`Müller` is 685537: accents do not count, nor what is no letter or digit of the keys."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_ALIKE))
    return "".join(_KEYS.get(letter, letter if letter in "0123456789" else "") for letter in plain)
