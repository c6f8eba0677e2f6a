"""Signed addresses: who holds one may read (or write) one file of one account until it expires, and nothing else.

`<account id>.<file id>.<r or w>.<day it expires, in days since 1970>.<signature>`. The day is rounded up to a week's
end, so that a file keeps its address, and a switch its copy, for a week or two.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.utils.crypto import constant_time_compare, salted_hmac

from apps.foundation.kit.clock import now
from apps.foundation.storage.errors import BadFileAddress

Purpose = Literal["r", "w"]
_SALT = "apps.foundation.storage.addresses"
_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})\.([rw])\.(\d{1,6})\.([A-Za-z0-9_-]{32})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = 7


@dataclass(frozen=True, slots=True)
class FileAddress:
    """What a token says."""

    account_id: str
    file_id: str
    purpose: Purpose


def sign(address: FileAddress) -> str:
    """The token for an address."""
    today = (now() - _EPOCH) // timedelta(days=1)
    text = f"{address.account_id}.{address.file_id}.{address.purpose}.{(today // _WEEK + 2) * _WEEK}"
    return f"{text}.{_signature(text)}"


def read_token(token: str) -> FileAddress:
    """Raises BadFileAddress."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise BadFileAddress("not an address")
    text, _, signature = token.rpartition(".")
    if not constant_time_compare(signature, _signature(text)):
        raise BadFileAddress("not signed by this installation")
    if _EPOCH + timedelta(days=int(match[4])) < now():
        raise BadFileAddress("expired")
    return FileAddress(match[1], match[2], "r" if match[3] == "r" else "w")


def _signature(text: str) -> str:
    digest = salted_hmac(_SALT, text, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)[:32].decode()
