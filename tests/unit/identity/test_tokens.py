"""A token says what it was signed with, and nothing else passes."""

from __future__ import annotations

import time
from dataclasses import replace

import jwt
import pytest
from pytest_django import Settings

from apps.foundation.identity import tokens
from apps.foundation.identity.errors import InvalidCredentials
from apps.foundation.identity.tokens import Claims, read_token, sign_token

NOW = int(time.time())
CLAIMS = Claims("a" * 32, "b" * 32, tokens.USER_AUTH, "c" * 32, NOW, NOW + 3600, "d" * 64)


@pytest.mark.parametrize(
    "claims",
    [
        CLAIMS,
        replace(CLAIMS, owner_id=None, method=tokens.API_AUTH),
        replace(CLAIMS, original_account_id="e" * 32, original_owner_id="f" * 32, original_sig="0" * 64),
    ],
)
def test_what_is_signed_is_what_is_read(claims: Claims) -> None:
    assert read_token(sign_token(claims)) == claims


def test_clients_can_read_the_claims() -> None:
    payload = jwt.decode(sign_token(CLAIMS), options={"verify_signature": False})
    assert payload["exp"] == NOW + 3600
    assert payload["account_id"] == "a" * 32
    assert payload["owner_id"] == "b" * 32
    assert "original_account_id" not in payload


def test_expired() -> None:
    with pytest.raises(InvalidCredentials):
        read_token(sign_token(replace(CLAIMS, expires=NOW - 1)))


def test_another_installation_cannot_sign(settings: Settings) -> None:
    settings.SECRET_KEY = "another"
    token = sign_token(CLAIMS)
    settings.SECRET_KEY = "ours"
    with pytest.raises(InvalidCredentials):
        read_token(token)


@pytest.mark.parametrize("token", ["", "undefined", "null", "a.b.c", "é", "x" * 5000, "..", "{}"])
def test_nonsense(token: str) -> None:
    with pytest.raises(InvalidCredentials):
        read_token(token)


def test_unsigned_tokens_and_tokens_without_claims_do_not_pass() -> None:
    payload = jwt.decode(sign_token(CLAIMS), options={"verify_signature": False})
    with pytest.raises(InvalidCredentials):
        read_token(jwt.encode(payload, "", algorithm="none"))
    for missing in ("exp", "jti", "identity_sig", "account_id"):
        some = {name: value for name, value in payload.items() if name != missing}
        with pytest.raises(InvalidCredentials):
            read_token(jwt.encode(some, tokens._key("token"), algorithm="HS256"))
