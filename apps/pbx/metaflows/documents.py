"""What keys do during a call, as an account, a user or a device has it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from apps.foundation.documents.shape import Shape

#: Milliseconds between keys after which what was pressed so far counts.
DIGIT_TIMEOUT = 1_500
Key = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"]


class Metaflow(Shape):
    """One thing to be done, and what follows it (`children._`)."""

    module: str = Field(min_length=1, max_length=64, description="What is done.")
    data: dict[str, Any] = Field(default_factory=dict, description="The action's settings.")
    children: dict[str, Metaflow] = Field(default_factory=dict, description="What is done next, as `_`.")


class MetaflowsDocument(Shape):
    """Keys that do something during a call."""

    binding_digit: Key = Field("*", description="Pressed first: the keys that follow are read.")
    digit_timeout: int = Field(
        DIGIT_TIMEOUT, ge=0, le=60_000, description="Time to wait for each next key. Milliseconds."
    )
    listen_on: Literal["both", "self", "peer"] = Field(
        "self", description="Whose keys count: those of whom this belongs to, the other's, or both."
    )
    numbers: dict[str, Metaflow] = Field(default_factory=dict, description="What is done for exactly these keys.")
    patterns: dict[str, Metaflow] = Field(
        default_factory=dict,
        description="What is done for keys that match a regular expression.",
    )
