"""How a password is kept.

Clients prove a password by a *digest*: the MD5 or SHA-1 hex of `username:password` (`PUT /v2/user_auth`). A digest is
therefore as good as the password. At rest each digest exists only as an Argon2id hash, so that what a thief of the
database reads cannot be replayed.

A login names an account and a digest, but no username. So that not every person's Argon2 hash has to be tried, a row
also holds its digest's *sieve*: 12 bits of a keyed HMAC. It names about one candidate in 4,096; the key is not in the
database.
"""

import hashlib
import hmac
import re
import secrets
import time
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.conf import settings

DigestMethod = Literal["md5", "sha"]
DIGEST_METHODS: tuple[DigestMethod, ...] = ("md5", "sha")

#: OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}")
_SIEVE_DIGITS = 3
_VERIFIED_SECONDS = 60
_VERIFIED_LIMIT = 10_000


def digest_of(username: str, plain: str, method: DigestMethod) -> str:
    """Hex of `username:password`, the username in lower case."""
    text = f"{username.lower()}:{plain}".encode()
    if method == "md5":
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` is the lower-case hex of an MD5 or SHA-1."""
    return _DIGEST.fullmatch(text) is not None


def hash_digest(digest: str) -> str:
    """The Argon2id hash to store, in its encoded form with parameters and salt."""
    return _hasher.hash(digest)


def verify_digest(stored: str, digest: str) -> bool:
    """Whether `digest` is the one behind `stored`. Takes some 20 ms on purpose."""
    if not stored:
        return pretend_to_verify(digest)
    try:
        return _hasher.verify(stored, digest)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(16))


def pretend_to_verify(digest: str) -> bool:
    """Take as long as a verification where there is nobody to verify: time must not tell who exists."""
    verify_digest(_nobodys_hash(), digest)
    return False


class VerifiedDigests:
    """Remembers for a minute that a digest fitted a stored hash, for HTTP Basic, which proves it with every request.

    The stored hash is part of the key: after a password change nothing remembered fits any more.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._until: dict[bytes, float] = {}

    def knows(self, stored: str, digest: str) -> bool:
        return self._until.get(self._name(stored, digest), 0.0) > time.monotonic()

    def remember(self, stored: str, digest: str) -> None:
        if len(self._until) >= _VERIFIED_LIMIT:
            self._until.clear()
        self._until[self._name(stored, digest)] = time.monotonic() + _VERIFIED_SECONDS

    def _name(self, stored: str, digest: str) -> bytes:
        return hmac.digest(self._key, f"{stored}\n{digest}".encode(), "sha256")


def sieve_of(digest: str) -> str:
    """The sieve of a digest under the newest encryption key."""
    return _sieve(settings.ENCRYPTION_KEYS[0], digest)


def sieves_of(digest: str) -> list[str]:
    """Under every configured key: rows written before a key was added are still found."""
    return [_sieve(key, digest) for key in settings.ENCRYPTION_KEYS]


def _sieve(key: str, digest: str) -> str:
    return hmac.new(key.encode(), f"identity.sieve:{digest}".encode(), hashlib.sha256).hexdigest()[:_SIEVE_DIGITS]
