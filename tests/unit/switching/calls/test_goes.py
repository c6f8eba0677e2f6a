"""Long sayings are played in several goes."""

from __future__ import annotations

import pytest

from apps.switching.calls.goes import LONGEST, MOST_PIECES, SEVERAL, in_goes


@pytest.mark.parametrize("media", ["", "tone_stream://%(100,0,440)", f"{SEVERAL}a!b", "http_cache://x/" + "a" * 3000])
def test_what_is_short_or_one_piece_stays_as_it_is(media: str) -> None:
    assert in_goes(media) == [media]


@pytest.mark.parametrize(("pieces", "length"), [(12, 300), (40, 120), (MOST_PIECES * 2 + 1, 3), (3, LONGEST * 2)])
def test_nothing_is_left_out_and_every_go_fits(pieces: int, length: int) -> None:
    names = [f"{number:04d}".ljust(length, "x") for number in range(pieces)]
    goes = in_goes(SEVERAL + "!".join(names))
    heard = [name for go in goes for name in go.removeprefix(SEVERAL).split("!")]
    assert heard == names
    assert all(go.count("!") < MOST_PIECES for go in goes)
    assert all(len(go) <= LONGEST or "!" not in go for go in goes)
