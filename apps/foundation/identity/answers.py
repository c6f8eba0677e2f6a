"""What crossbar answers to a login, and how its own refusals are worded."""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.errors import ApiError, ValidationFailed
from apps.foundation.identity.actions import SignedIn
from apps.foundation.identity.authentication import Authenticated
from apps.foundation.identity.errors import ResetAddressUnknown, ResetUnknown


def login_data(found: Authenticated) -> dict[str, Any]:
    """`data` of every kind of login. `owner_id` is left out where an API key signed in."""
    account, user = found.account, found.user
    language = getattr(user, "document", {}).get("language") if user else None
    data: dict[str, Any] = {
        "account_id": account.id,
        "account_name": account.name,
        "apps": [],
        "language": language or account.language,
        "cluster_id": cluster_id(),
        "reseller_id": account.reseller_above_id,
        "is_reseller": account.is_reseller,
        "is_master_account": account.is_master,
        "capabilities": {"voicemail": {"transcription": {"available": False, "default": False}}},
        "ui_config": {"api": {"default": f"{settings.PUBLIC_URL}v2/"}},
    }
    if user is not None:
        data |= {"owner_id": str(user.pk), "require_password_update": user.require_password_update}
    return data


def signed_in(found: SignedIn) -> Answer:
    """201: the token is in the envelope and in a header."""
    return Answer(
        login_data(found.authenticated),
        status=201,
        envelope={"auth_token": found.token},
        headers={"X-Auth-Token": found.token},
    )


def token_data(found: Authenticated, token: str) -> dict[str, Any]:
    """What a token says, and what its login was answered."""
    claims = found.claims
    data = login_data(found) | {"id": token, "method": claims.method, "exp": claims.expires, "iat": claims.issued}
    if claims.original_account_id:
        data |= {"original_account_id": claims.original_account_id, "original_owner_id": claims.original_owner_id}
    return data


def cluster_id() -> str:
    """32 hex digits, the same for every machine of the installation."""
    return hmac.new(settings.SECRET_KEY.encode(), b"identity.cluster", hashlib.sha256).hexdigest()[:32]


def unknown_reset(error: ResetUnknown) -> ApiError:
    message = _("The provided reset_id did not resolve to any user")
    return ValidationFailed.of("user", "not_found", message)


def unknown_address(error: ResetAddressUnknown) -> ApiError:
    message = _("The link may lead to a host of this installation only")
    return ValidationFailed.of("ui_url", "forbidden", message, cause=str(error))
