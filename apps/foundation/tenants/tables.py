"""Which tables hold rows of accounts, found by their `account_id` column: nothing has to be registered, so nothing can
be forgotten when an account is moved, counted or removed.
"""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.models import AutoField, Model

#: Django's own tables in a tenant's schema; they hold no account's data.
_FRAMEWORK = {"contenttypes", "auth"}


class TableWithoutAccount(Exception):
    """A tenant table cannot be moved: it does not say whose its rows are, or numbers them within its schema."""


def columns(model: type[Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields if not field.generated]


def has_account(model: type[Model]) -> bool:
    return any(field.column == "account_id" for field in model._meta.concrete_fields)


@cache
def tenant_models() -> tuple[type[Model], ...]:
    """The models of every tenant table. Raises TableWithoutAccount."""
    found: list[type[Model]] = []
    for model in _models(set(settings.TENANT_APPS)):
        if model._meta.app_label in _FRAMEWORK:
            continue
        if not has_account(model) or isinstance(model._meta.pk, AutoField):
            raise TableWithoutAccount(f"{model._meta.label} needs an account_id column and an id that is a CharField")
        found.append(model)
    return tuple(found)


@cache
def directory_models() -> tuple[type[Model], ...]:
    """The models of every shared table whose rows belong to accounts; not the tree itself and not the tenants."""
    models = _models(set(settings.SHARED_APPS))
    return tuple(model for model in models if has_account(model) and model._meta.app_label != "tenants")


def _models(names: set[str]) -> list[type[Model]]:
    configs = [config for config in apps.get_app_configs() if config.name in names]
    models = [model for config in configs for model in config.get_models(include_auto_created=True)]
    return [model for model in models if not model._meta.proxy and not model._meta.swapped]
