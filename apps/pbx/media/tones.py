"""Tones as TGML, the language of the switch's mod_tone_stream."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from apps.foundation.documents.shape import Shape

#: Decibels between the loudest and silence, as far as a volume of 0 goes.
_RANGE = 50


class Tone(Shape):
    """Frequencies that sound together, on and off, some times."""

    frequencies: list[Annotated[int, Field(ge=1, le=4000)]] = Field(
        min_length=1, max_length=4, description="Hertz, heard at once."
    )
    duration_on: int = Field(500, ge=1, le=60_000, description="Milliseconds it sounds.")
    duration_off: int = Field(0, ge=0, le=60_000, description="Milliseconds of silence after it.")
    repeat: int = Field(1, ge=1, le=100, description="How many times.")
    volume: int | None = Field(None, ge=0, le=100, description="Loudness, 100 for the loudest.")

    @property
    def reference(self) -> str:
        """What `Call.play` takes: `%(on,off,hertz,…)`, with `v` in decibels below the loudest."""
        quieter = f"v={(self.volume - 100) * _RANGE / 100:g};" if self.volume is not None else ""
        hertz = ",".join(str(one) for one in self.frequencies)
        again = f";loops={self.repeat}" if self.repeat > 1 else ""
        return f"tone_stream://{quieter}%({self.duration_on},{self.duration_off},{hertz}){again}"
