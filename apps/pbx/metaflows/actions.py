"""Every write of what keys do, in the document of the account, user or device it belongs to."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.foundation.accounts.actions import replace_account
from apps.foundation.accounts.documents import to_document
from apps.foundation.accounts.models import Account
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import validated
from apps.foundation.identity.principal import Principal
from apps.foundation.kit.patterns import BadPattern, search
from apps.pbx.devices.actions import replace_device
from apps.pbx.devices.models import Device
from apps.pbx.metaflows.documents import MetaflowsDocument
from apps.pbx.metaflows.registry import actions
from apps.pbx.users.actions import replace_user
from apps.pbx.users.models import User

Holder = Account | Device | User


@transaction.atomic
def replace_metaflows(holder: Holder, document: dict[str, Any] | None, principal: Principal) -> Holder:
    """Write them, or remove them (None). Raises ValidationFailed."""
    whole = to_document(holder) if isinstance(holder, Account) else holder.to_document()
    whole.pop("id", None)
    if document is None:
        whole.pop("metaflows", None)
    else:
        whole["metaflows"] = checked(document, principal)
    if isinstance(holder, Account):
        return replace_account(holder, whole, principal)
    if isinstance(holder, User):
        return replace_user(holder, whole, principal)
    return replace_device(holder, whole, principal)


def checked(document: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """With its defaults. Raises ValidationFailed, naming what is wrong with any action's settings."""
    document = validated(MetaflowsDocument, document)
    for kind in ("numbers", "patterns"):
        for keys, flow in document.get(kind, {}).items():
            if kind == "numbers" and not (keys.isascii() and keys.isdigit()):
                raise ValidationFailed.of(f"numbers.{keys}", "pattern", _("Only digits can be pressed"), value=keys)
            if kind == "patterns":
                _check_pattern(keys)
            _check_flow(f"{kind}.{keys}", flow, principal)
    return document


def _check_pattern(pattern: str) -> None:
    try:
        search(pattern, "")
    except BadPattern:
        raise ValidationFailed.of(
            "patterns", "pattern", _("This is no regular expression that can be used"), value=pattern
        ) from None


def _check_flow(path: str, flow: dict[str, Any], principal: Principal) -> None:
    action = actions().get(flow["module"])
    if action is None or not action.by_keys:
        known = [name for name, one in actions().items() if one.by_keys]
        raise ValidationFailed.of(
            f"{path}.module", "enum", _("There is no such action"), target=known, value=flow["module"]
        )
    try:
        data = action.Data.model_validate(flow.get("data") or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join([path, "data", *(str(part) for part in first["loc"])])
        raise ValidationFailed.of(where, first["type"], first["msg"]) from None
    action.check(data, principal)
    for key, child in (flow.get("children") or {}).items():
        _check_flow(f"{path}.children.{key}", child, principal)
