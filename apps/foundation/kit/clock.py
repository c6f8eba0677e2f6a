"""Time. KAZOO counts Gregorian seconds: seconds since year 0, that is Unix time plus 62,167,219,200."""

from datetime import UTC, datetime

GREGORIAN_OFFSET = 62_167_219_200
#: The last instant a datetime can hold, in Gregorian seconds; anything later is refused as a time.
GREGORIAN_MAXIMUM = GREGORIAN_OFFSET + 253_402_300_799


def now() -> datetime:
    return datetime.now(UTC)


def to_gregorian(moment: datetime) -> int:
    return int(moment.timestamp()) + GREGORIAN_OFFSET


def from_gregorian(seconds: int) -> datetime:
    """Raises ValueError where `seconds` lies outside the years 1 to 9999."""
    if not 0 < seconds <= GREGORIAN_MAXIMUM:
        raise ValueError("not a time in Gregorian seconds")
    try:
        return datetime.fromtimestamp(seconds - GREGORIAN_OFFSET, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time in Gregorian seconds") from error
