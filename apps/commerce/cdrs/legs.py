"""A finished leg, as whoever reports it hands it in: no word of the switch in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.commerce.cdrs.models import CallRecord
from apps.foundation.kit.clock import now
from apps.foundation.kit.ids import monthly_id
from apps.foundation.kit.partitions import first_of_month

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class NotARecord(ValueError):
    """What was handed in is not the record of a finished leg. The text says why."""


@dataclass(frozen=True, slots=True)
class FinishedLeg:
    """`hangup_code` is `sip:<status>`. `answered` is None for a leg nobody answered."""

    account_id: str
    switch: str
    call_id: str
    direction: str
    started: datetime
    ended: datetime
    answered: datetime | None = None
    other_leg_call_id: str = ""
    interaction_id: str = ""
    call_kind: str = ""
    caller_id_name: str = ""
    caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    dialed_number: str = ""
    from_uri: str = ""
    to_uri: str = ""
    request_uri: str = ""
    authorizing_id: str = ""
    authorizing_type: str = ""
    owner_id: str = ""
    callflow_id: str = ""
    hangup_cause: str = ""
    hangup_code: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ringing_seconds(self) -> int:
        """Whole seconds until the answer, or until the end where there was none."""
        return int(((self.answered or self.ended) - self.started).total_seconds())

    @property
    def billing_seconds(self) -> int:
        """Seconds after the answer; one that has begun counts."""
        return -((self.answered - self.ended) // timedelta(seconds=1)) if self.answered else 0

    def check(self) -> None:
        """Raises NotARecord for times that cannot be."""
        if self.direction not in ("inbound", "outbound"):
            raise NotARecord(f"direction is {self.direction[:32]!r}")
        if not _EARLIEST < self.started <= now() + timedelta(days=1):
            raise NotARecord(f"the leg began at {self.started:%Y-%m-%d}, which cannot be")
        if not self.started <= (self.answered or self.started) <= self.ended:
            raise NotARecord("the leg's times are out of order")
        if self.ended - self.started > timedelta(days=31):
            raise NotARecord("the leg lasted more than a month")

    def to_record(self) -> CallRecord:
        """The row; columns are filled to their width, no further."""
        naming = hashlib.md5(f"{self.switch}/{self.call_id}".encode(), usedforsecurity=False).hexdigest()
        record = CallRecord(
            id=monthly_id(self.started, naming),
            month=first_of_month(self.started.astimezone(UTC)).date(),
            ringing_seconds=self.ringing_seconds,
            billing_seconds=self.billing_seconds,
            duration_seconds=self.ringing_seconds + self.billing_seconds,
            document=self.details,
            started=self.started,
            answered=self.answered,
            ended=self.ended,
        )
        for name in _TEXTS:
            width = CallRecord._meta.get_field(name).max_length  # type: ignore[union-attr]
            setattr(record, name, getattr(self, name)[:width])
        return record


_TEXTS = tuple(
    name for name in FinishedLeg.__dataclass_fields__ if name not in ("started", "answered", "ended", "details")
)
