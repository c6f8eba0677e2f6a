"""Signatures are those of the Standard Webhooks specification."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from apps.pbx.webhooks.signing import new_secret, signature, signed_headers

#: The vector of the specification's own libraries (standard-webhooks/standard-webhooks, `test_sign_function`).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_reference_vector() -> None:
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY) == expected


def test_what_we_sign_the_library_believes() -> None:
    old, new = new_secret(), new_secret()
    headers = signed_headers([new, old], "an_id", int(time.time()), BODY)
    for secret in (old, new):
        assert Verifier(secret).verify(BODY, headers) == {"test": 2432232314}
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new).verify(BODY, {**headers, "webhook-id": "another"})


def test_an_old_message_is_not_believed() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(BODY, signed_headers([secret], "an_id", int(time.time()) - 600, BODY))


def test_secrets_are_long_and_different() -> None:
    secret = new_secret()
    assert secret != new_secret()
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


def test_without_a_secret_nothing_is_signed() -> None:
    assert signed_headers([], "an_id", 1, b"") == {"webhook-id": "an_id", "webhook-timestamp": "1"}
