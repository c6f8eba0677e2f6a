"""How a call is to be recorded: what rules, callflows, keys and the API ask for, in one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

#: Seconds.
DEFAULT_LIMIT, SHORTEST_LIMIT, LONGEST_LIMIT = 3600, 5, 10_800
Format = Literal["mp3", "wav"]
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`origin` says why, in KAZOO's words; `label` is the customer's own. Seconds: `limit`, and `minimum`, below which
    nothing is kept. `sample_rate` 0 is the call's own. With `url` a copy is sent there by `method`.

    Nothing is recorded before the call is answered; with `after_bridge` nothing before somebody talks to the caller.
    A recording that does not `follow_transfer` ends when the caller is transferred. With `once` a call that is being
    recorded for the same `origin` is not recorded again.
    """

    origin: str = ""
    format: Format = "mp3"
    limit: int = DEFAULT_LIMIT
    minimum: int = 0
    after_answer: bool = False
    after_bridge: bool = False
    sample_rate: int = 0
    url: str = ""
    method: str = "put"
    name: str = ""
    label: str = ""
    owner_id: str = ""
    follow_transfer: bool = True
    once: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, Any], **more: Any) -> Self:
        """From KAZOO's field names, as in `call_recording.parameters`, `callflows.record_call` and
        `metaflows.record_call`. What is missing has its default."""
        get = parameters.get
        label, origin = _line(get("label")), _line(more.pop("origin", "") or get("origin"))
        limit = _number(get("time_limit")) or DEFAULT_LIMIT
        return cls(
            origin=f"{origin}: {label}" if origin and label else origin or label,
            format="wav" if get("format") == "wav" else "mp3",
            limit=min(max(limit, SHORTEST_LIMIT), LONGEST_LIMIT),
            minimum=_number(get("record_min_sec")),
            after_answer=bool(get("record_on_answer")),
            after_bridge=bool(get("record_on_bridge")),
            sample_rate=_number(get("record_sample_rate")),
            url=str(get("url") or ""),
            method="post" if get("method") == "post" else "put",
            name=_line(get("media_name")),
            label=label,
            follow_transfer=get("should_follow_transfer") is not False,
            **more,
        )

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """What `written` wrote."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    def written(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _line(value: object) -> str:
    return _UNSHOWN.sub(" ", str(value or "")).strip()[:128]
