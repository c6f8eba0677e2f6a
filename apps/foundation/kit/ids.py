"""Identifiers.

An id is 32 lower-case hex digits. A monthly record (call record, audit entry …) is named `YYYYMM-<32 hex>`, so that its
id alone says in which monthly partition it lives.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import NewType

AccountId = NewType("AccountId", str)
UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
CallId = NewType("CallId", str)

ID_PATTERN = re.compile(r"[0-9a-f]{32}")
MONTHLY_ID_PATTERN = re.compile(r"(\d{4})(0[1-9]|1[0-2])-[0-9a-f]{32}")


def new_id() -> str:
    return uuid.uuid4().hex


def is_id(value: str) -> bool:
    return ID_PATTERN.fullmatch(value) is not None


def monthly_id(moment: datetime, suffix: str | None = None) -> str:
    """`YYYYMM-<32 hex>` of the UTC month of `moment`; `suffix` (32 hex) makes it repeatable."""
    return f"{moment.astimezone(UTC):%Y%m}-{suffix or new_id()}"


def month_of(record_id: str) -> datetime | None:
    """First instant of the month a monthly id names, or None where it is not one."""
    match = MONTHLY_ID_PATTERN.fullmatch(record_id)
    return datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC) if match else None
