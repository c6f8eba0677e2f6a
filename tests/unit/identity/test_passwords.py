"""What is stored of a password cannot be replayed, and proves both digests."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from apps.foundation.identity import passwords

MD5 = hashlib.md5(b"alice:Secret 1").hexdigest()
SHA = hashlib.sha1(b"alice:Secret 1").hexdigest()


def test_digests_are_crossbars() -> None:
    assert passwords.digest_of("Alice", "Secret 1", "md5") == MD5
    assert passwords.digest_of("Alice", "Secret 1", "sha") == SHA


@pytest.mark.parametrize("digest", [MD5, SHA])
def test_a_hash_verifies_its_digest_only(digest: str) -> None:
    stored = passwords.hash_digest(digest)
    assert stored.startswith("$argon2id$")
    assert digest not in stored
    assert stored != passwords.hash_digest(digest)
    assert passwords.verify_digest(stored, digest)
    assert not passwords.verify_digest(stored, "0" * len(digest))


@pytest.mark.parametrize("stored", ["", "plain", MD5, "$argon2id$broken"])
def test_nothing_verifies_against_no_hash(stored: str) -> None:
    assert not passwords.verify_digest(stored, MD5)
    assert not passwords.verify_digest(stored, stored)


@pytest.mark.parametrize("text", ["", "undefined", MD5.upper(), MD5[:-1], MD5 + "0", SHA + "0", "g" * 32, MD5 + "\n"])
def test_what_is_no_digest(text: str) -> None:
    assert not passwords.is_digest(text)


def test_sieve_survives_a_new_encryption_key(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    written = passwords.sieve_of(MD5)
    settings.ENCRYPTION_KEYS = [new, old]
    assert written in passwords.sieves_of(MD5)
    assert len(written) == 3


def test_a_remembered_digest_is_forgotten_with_the_hash() -> None:
    verified = passwords.VerifiedDigests()
    first, second = passwords.hash_digest(MD5), passwords.hash_digest(SHA)
    verified.remember(first, MD5)
    assert verified.knows(first, MD5)
    assert not verified.knows(first, SHA)
    assert not verified.knows(second, MD5)
