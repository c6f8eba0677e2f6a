"""Signatures a receiver can check. Source: the Standard Webhooks specification 1.0.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
#: Bytes; the specification wants 24 to 64.
LENGTH = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in Base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def signature(secret: str, uid: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the Base64 of HMAC-SHA256 over `uid.timestamp.body`. `timestamp` in POSIX seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{uid}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def signed_headers(secrets_: Sequence[str], uid: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret, the newest first."""
    found = {"webhook-id": uid, "webhook-timestamp": str(timestamp)}
    if secrets_:
        found["webhook-signature"] = " ".join(signature(one, uid, timestamp, body) for one in secrets_)
    return found
