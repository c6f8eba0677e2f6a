"""Long sayings: the switch takes one name of some 2,000 characters, and 128 pieces in it (mod_dptools, file_string).
What is longer is played in several goes, one after the other."""

from __future__ import annotations

SEVERAL = "file_string://"
LONGEST, MOST_PIECES = 2_000, 100


def in_goes(media: str) -> list[str]:
    """The names that say all of `media`, in order; `media` itself where it is short enough."""
    if not media.startswith(SEVERAL) or (len(media) <= LONGEST and media.count("!") < MOST_PIECES):
        return [media]
    goes: list[list[str]] = [[]]
    for piece in media.removeprefix(SEVERAL).split("!"):
        longer = [*goes[-1], piece]
        if goes[-1] and (len(longer) > MOST_PIECES or len(SEVERAL) + len("!".join(longer)) > LONGEST):
            goes.append([piece])
        else:
            goes[-1] = longer
    return [go[0] if len(go) == 1 else SEVERAL + "!".join(go) for go in goes]
