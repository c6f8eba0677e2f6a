"""A client of the API for tests: the Django test client, crossbar's envelope, and nothing hidden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.foundation.accounts.models import Account
from apps.foundation.identity import tokens
from apps.foundation.identity.models import Login


@dataclass
class Reply:
    """`body` is the envelope, None where the answer is no JSON."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.headers.get("Content-Type", "").startswith("application/json") else None

    @property
    def data(self) -> Any:
        return self.body["data"]


class ApiClient:
    """Requests as one caller. `account` is where relative paths start (`devices` → /v2/accounts/{id}/devices)."""

    def __init__(self, token: str = "", account: Account | None = None) -> None:
        self.token, self.account = token, account
        self._client = Client()

    def __call__(self, verb: str, path: str, data: Any = None, **options: Any) -> Reply:
        """`options`: `envelope` for further keys of it, `body` for bytes as they are, `headers`, `content_type`."""
        headers = dict(options.get("headers", {}))
        if self.token:
            headers.setdefault("X-Auth-Token", self.token)
        body = options.get("body", b"")
        if data is not None or "envelope" in options:
            body = json.dumps({"data": {} if data is None else data, **options.get("envelope", {})})
        kind = options.get("content_type", "application/json")
        response = self._client.generic(verb, self.address(path), body, content_type=kind, headers=headers)
        content = b"".join(response) if response.streaming else response.content
        return Reply(response.status_code, dict(response.headers), content)

    def address(self, path: str) -> str:
        if path.startswith("/"):
            return path
        assert self.account is not None
        return f"/v2/accounts/{self.account.id}/{path}"

    def get(self, path: str, **options: Any) -> Reply:
        return self("GET", path, **options)

    def put(self, path: str, data: Any = None, **options: Any) -> Reply:
        return self("PUT", path, {} if data is None else data, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Reply:
        return self("POST", path, {} if data is None else data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Reply:
        return self("PATCH", path, {} if data is None else data, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self("DELETE", path, **options)


def client_of(account: Account, user: Login | None, at: Account | None = None) -> ApiClient:
    """Signed in without a password: what is tested comes after that."""
    token, _claims = tokens.token_for(account, user, tokens.USER_AUTH)
    return ApiClient(token, at or account)
