"""Access to a customer's cloud drive: an application's refresh token, exchanged for access tokens (RFC 6749 §6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode

from pydantic import Field

from apps.foundation.storage_plans.backend import BackendSettings
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.web import ask

#: Seconds before its end that an access token is not used any more.
_SPARE = 120
#: By refresh token: an access token, and when it ends (monotonic).
_tokens: dict[str, tuple[str, float]] = {}
_lock = threading.Lock()


class OAuthSettings(BackendSettings):
    """What an application was given when the owner of the drive let it in."""

    client_id: str = Field(min_length=1, max_length=512, description="The application's id.")
    client_secret: str = Field(min_length=1, max_length=1024, description="The application's secret.")
    refresh_token: str = Field(min_length=1, max_length=4096, description="What the owner's consent gave.")
    token_url: str | None = Field(None, max_length=512, description="Where access tokens are got, if not as usual.")
    api_url: str | None = Field(None, max_length=512, description="Where the service is, if not as usual.")


SECRETS = ("client_secret", "refresh_token")
MOVABLE = ("client_id", "token_url")


def access_token(settings: OAuthSettings, usual_url: str, more: Mapping[str, str] | None = None) -> str:
    """A token that holds for two minutes at least. Raises BackendError."""
    key = sha256(f"{settings.token_url} {settings.client_id} {settings.refresh_token}".encode()).hexdigest()
    with _lock:
        known = _tokens.get(key)
    if known is not None and known[1] > time.monotonic():
        return known[0]
    form = {
        "grant_type": "refresh_token",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "refresh_token": settings.refresh_token,
        **(more or {}),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ask("POST", settings.token_url or usual_url, content=urlencode(form).encode(), headers=headers)
    try:
        told = answer.json()
        token, seconds = str(told["access_token"]), float(told.get("expires_in", 3600))
    except (ValueError, KeyError, TypeError) as error:
        raise BackendError("The service gave no access token") from error
    with _lock:
        _tokens[key] = (token, time.monotonic() + seconds - _SPARE)
    return token
