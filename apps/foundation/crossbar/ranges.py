"""`{key}_from` and `{key}_to` in Gregorian seconds, and the bound of time-ordered lists."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import QuerySet

from apps.foundation.crossbar.documents import has_column
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.kit.clock import from_gregorian, now
from apps.foundation.kit.partitions import first_of_month

#: The longest span of a time-ordered list: 31 days and an hour, for the end of daylight saving.
MAX_SPAN = timedelta(seconds=2_682_000)
DEFAULT_SPAN = timedelta(days=31)


def within_ranges(
    rows: "QuerySet[Any]", query: Mapping[str, str], ranges: Mapping[str, str], time_column: str | None
) -> "QuerySet[Any]":
    """The rows inside every range the client gives. Raises ValidationFailed (`date_range`)."""
    for name, column in ranges.items():
        start, end = _moment(query, f"{name}_from"), _moment(query, f"{name}_to")
        if column == time_column and name == "created":
            start, end = _bounded(start, end)
            rows = _in_months(rows, start, end)
        if start and end and start > end:
            raise _date_range(f"{name}_from", f"{name}_to is prior to {name}_from")
        rows = rows.filter(**{f"{column}__gte": start}) if start else rows
        rows = rows.filter(**{f"{column}__lte": end}) if end else rows
    return rows


def _bounded(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    end = end or now()
    start = start or end - DEFAULT_SPAN
    if end - start > MAX_SPAN:
        seconds = int(MAX_SPAN.total_seconds())
        raise _date_range("created_from", f"The range must not be more than {seconds} seconds", target=seconds)
    return start, end


def _in_months(rows: "QuerySet[Any]", start: datetime, end: datetime) -> "QuerySet[Any]":
    """So that the database reads the partitions of the months in question only."""
    model: type[models.Model] = rows.model
    if not getattr(model, "monthly", False) or not has_column(model, "month"):
        return rows
    return rows.filter(month__gte=first_of_month(start).date(), month__lte=first_of_month(end).date())


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        # The last second is included whole: rows carry fractions of it.
        moment = from_gregorian(int(text)) if len(text) < 20 else None
    except ValueError:
        moment = None
    if moment is None:
        raise _date_range(name, "Value must be a time in Gregorian seconds", value=text)
    return moment + timedelta(microseconds=999_999) if name.endswith("_to") else moment


def _date_range(name: str, message: str, **details: Any) -> ValidationFailed:
    return ValidationFailed.of(name, "date_range", message, **details)
