"""What a client may ask of a live channel."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape


class ChannelAction(Shape):
    """Something to be done with a live leg. `transfer` needs a `target`; `hangup` takes a `cause`. The names of what
    keys can do in a call (`hold`, `park`, `record_call` …) are actions too, with their settings beside."""

    action: str = Field(
        min_length=1, max_length=64, description="What is done with the leg: hangup, transfer, metaflow, hold, park …"
    )
    target: str = Field("", max_length=64, description="The number or extension a transfer goes to.")
    leg: Literal["self", "aleg", "bleg", "other"] = Field(
        "self", description="Which leg a transfer moves: this one, or the one it talks to (bleg, other)."
    )
    cause: str = Field("NORMAL_CLEARING", pattern=r"^[A-Z][A-Z0-9_]{1,63}$", description="The hang-up cause.")
    module: str = Field("", description="With `metaflow`: what is done.")
    data: dict[str, Any] = Field(default_factory=dict, description="With `metaflow`: the module's data.")
