"""Whether a storage document can be used: its kinds, settings, paths, references, and the storages themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import current_account
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.crossbar.validation import violations
from apps.foundation.storage_plans.backend import BackendSettings
from apps.foundation.storage_plans.backends import backends
from apps.foundation.storage_plans.documents import HERE, MASK
from apps.foundation.storage_plans.errors import BackendError
from apps.foundation.storage_plans.models import StorageHandler
from apps.foundation.storage_plans.paths import names_the_file
from apps.foundation.storage_plans.probing import probe
from apps.foundation.storage_plans.queries import known_plan, linked


@dataclass(frozen=True, slots=True)
class CheckedHandler:
    """A handler with its settings typed, the public ones apart from the secrets."""

    kind: str
    name: str
    shared: bool
    public: dict[str, Any]
    secrets: dict[str, Any]
    settings: BackendSettings


@dataclass(slots=True)
class Checked:
    """A document without its secrets, and its handlers."""

    document: dict[str, Any]
    handlers: dict[str, CheckedHandler] = field(default_factory=dict)


def check(document: dict[str, Any], source_id: str, *, try_out: bool) -> Checked:
    """`source_id` is the document that is replaced, for secrets that are not sent again. Raises ValidationFailed."""
    kept = (
        {row.key: row for row in StorageHandler.objects.filter(source_id=source_id, retired=None)} if source_id else {}
    )
    checked = Checked(dict(document))
    shown: dict[str, Any] = {}
    for key, given in document["attachments"].items():
        handler = _handler(f"attachments.{key}", given, kept.get(key))
        checked.handlers[key] = handler
        shown[key] = {**given, "settings": handler.public}
    checked.document["attachments"] = shown
    _check_references(document, checked)
    if try_out:
        for key, handler in checked.handlers.items():
            _try_out(f"attachments.{key}", handler)
    return checked


def _handler(path: str, given: Mapping[str, Any], kept: StorageHandler | None) -> CheckedHandler:
    kind = backends().get(given["handler"])
    if kind is None:
        message = "Value not found in enumerated list of values"
        raise ValidationFailed.of(f"{path}.handler", "enum", message, target=sorted(backends()), value=given["handler"])
    old = kept.secrets if kept is not None and kept.kind == given["handler"] else {}
    values = {name: old.get(name) if value == MASK else value for name, value in given["settings"].items()}
    try:
        settings = kind.settings_shape.model_validate(
            {name: value for name, value in values.items() if value is not None}
        )
    except ValidationError as error:
        raise ValidationFailed(violations(error, values, (*path.split("."), "settings"))) from None
    if not names_the_file(settings):
        message = _("Files would be written over one another: the path needs the id or the attachment")
        raise ValidationFailed.of(f"{path}.settings", "path", message)
    typed = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | _given(settings, values)
    secrets = {name: typed.pop(name) for name in kind.secrets if typed.get(name)}
    return CheckedHandler(
        given["handler"], given.get("name") or "", bool(given.get("shared")), typed, secrets, settings
    )


def _given(settings: BackendSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the client said, even where it is the default."""
    dumped = settings.model_dump(mode="json", exclude_none=True)
    return {name: dumped[name] for name in values if name in dumped}


def _check_references(document: Mapping[str, Any], checked: Checked) -> None:
    account = current_account()
    if others := set(document["connections"]) - {"local"}:
        message = _("Documents are kept in this installation's database only")
        raise ValidationFailed.of(f"connections.{min(others)}", "invalid", message)
    plan_id = document.get("plan_id")
    if plan_id and known_plan(plan_id) is None:
        raise ValidationFailed.of("plan_id", "not_found", _("There is no such storage plan"), cause=plan_id)
    for path, key in _named(document.get("plan") or {}):
        if key != HERE and key not in checked.handlers:
            message = _("The handler is not among the attachments")
            raise ValidationFailed.of(path, "not_found", message, cause=key)
    for key, handler in checked.handlers.items():
        if handler.kind == "link" and not _leads_somewhere(handler, checked, account):
            message = _("It leads to no handler that this account may use")
            raise ValidationFailed.of(f"attachments.{key}.settings.handler_id", "not_found", message)


def _leads_somewhere(handler: CheckedHandler, checked: Checked, account: Account) -> bool:
    settings = handler.public
    if not settings.get("account_id") and not settings.get("plan_id"):
        target = checked.handlers.get(settings["handler_id"])
        return target is not None and target.kind != "link"
    return linked(settings, account.id, account.ancestors, account.id) is not None


def _named(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`(path, handler)` for every handler the plan names."""
    for database, group in plan.items():
        rules = {"attachments": group.get("attachments")} if isinstance(group, Mapping) else {}
        types = group.get("types") or {} if isinstance(group, Mapping) else {}
        rules |= {f"types.{name}.attachments": (rule or {}).get("attachments") for name, rule in types.items()}
        for path, rule in rules.items():
            for choice in ("handler", "fallback"):
                if rule and rule.get(choice):
                    yield f"plan.{database}.{path}.{choice}", rule[choice]


def _try_out(path: str, handler: CheckedHandler) -> None:
    if handler.kind == "link":
        return
    account_id = current_account().id
    try:
        backend = backends()[handler.kind](handler.public | handler.secrets, account_id)
        result = probe(backend, handler.settings, account_id)
    except BackendError as error:
        raise ValidationFailed.of(f"{path}.settings", "invalid", str(error)) from None
    if not result.ok:
        raise ValidationFailed.of(f"{path}.settings", "invalid", result.message, cause=result.step)
