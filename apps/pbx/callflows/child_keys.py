"""Reading the keys of a verb's `children`: what each stands for, written for people, is also a rule.

`timeout` is that word; `USER_BUSY, NO_ANSWER …` lists examples of more of the same kind; words in blanks or brackets
("the rule's id") stand for anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

_MORE = "…"
_KINDS = (
    re.compile(r"sip:\d{3}"),
    re.compile(r"[0-9*#]{1,32}"),
    re.compile(r"\+?[0-9]{1,32}"),
    re.compile(r"[A-Z][A-Z0-9_]{1,63}"),
)


def fits(key: str, known: str) -> bool:
    """Whether a node's child `key` is one that `known` speaks of."""
    return _rule(known).fullmatch(key) is not None


@lru_cache(maxsize=1024)
def _rule(known: str) -> re.Pattern[str]:
    examples = [one.strip() for one in known.replace(_MORE, "").split(",") if one.strip()]
    alternatives = [re.escape(one) for one in examples]
    if any(re.search(r"[\s<>(){}]", one) for one in examples) or (_MORE in known and not examples):
        return re.compile(r".*", re.DOTALL)
    if _MORE in known:
        kinds = [kind for kind in _KINDS if any(kind.fullmatch(one) for one in examples)]
        if not kinds:
            return re.compile(r".*", re.DOTALL)
        alternatives += [kind.pattern for kind in kinds]
    return re.compile("|".join(f"(?:{one})" for one in alternatives) or "(?!)")
