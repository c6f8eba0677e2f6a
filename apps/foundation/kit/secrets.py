"""Secrets at rest: reversible ones are encrypted with the installation's key, the others only hashed."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class SecretUnreadable(Exception):
    """A stored secret cannot be decrypted: the installation's encryption key was changed or lost."""


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: str) -> str:
    """Fernet token of `plain` with the first (newest) of `settings.ENCRYPTION_KEYS`."""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("stored secret cannot be decrypted with the configured key") from error


def fingerprint(secret: str) -> str:
    """SHA-256 of a high-entropy secret (an API key, a reset id), to look it up without storing it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def random_key() -> str:
    """64 hex digits, the shape of a crossbar API key."""
    return secrets.token_hex(32)


def random_password(length: int = 16) -> str:
    """Letters and digits that cannot be mistaken for one another, so that it can be typed into a phone."""
    alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(secrets.choice(alphabet) for _ in range(length))
