"""Rows and documents behind the verbs: what a caller may see, how an item is found, merged and kept."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from apps.foundation.crossbar.errors import Forbidden, NotFound, ValidationFailed
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.documents.models import AccountRow
from apps.foundation.identity.principal import Role

if TYPE_CHECKING:
    from apps.foundation.crossbar.resource import Resource


def has_column(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name))
    except FieldDoesNotExist:
        return False


def rows_of(model: type[Model], request: ApiRequest) -> "QuerySet[Any]":
    """A tenant table's manager is bound to the scope; a shared table is bound to the account here."""
    rows: QuerySet[Any] = model._default_manager.all()
    if issubclass(model, AccountRow) or not has_column(model, "account_id"):
        return rows
    return rows.filter(account_id=request.account.id)


def visible(resource: "Resource", request: ApiRequest) -> "QuerySet[Any]":
    rows = resource.rows(request)
    for noun, identifier in request.parent_ids.items():
        rows = rows.filter(**{resource.parents[noun]: identifier})
    own = resource.access.own
    if own and request.identified and request.identified.role is Role.USER:
        rows = rows.filter(**{own: request.identified.user_id or ""})
    return rows


def find(resource: "Resource", request: ApiRequest) -> Any:
    resource.check_id(request)
    rows = resource.visible(request).filter(**{resource.key: request.id})
    if request.verb not in ("GET", "HEAD"):
        rows = rows.select_for_update(of=("self",))
    found = rows.first()
    if found is None:
        raise NotFound(request.id)
    return found


def default_order(model: type[Model]) -> str:
    return "name" if has_column(model, "name") else "created" if has_column(model, "created") else "id"


def ranges_of(resource: "Resource", model: type[Model]) -> Mapping[str, str]:
    usual = {name: name for name in ("created", "modified") if has_column(model, name)}
    timed = {"created": resource.time_column} if resource.time_column else {}
    return {**usual, **timed, **resource.ranges}


def body_of(request: ApiRequest) -> dict[str, Any]:
    """`data` as an object. Raises ValidationFailed for a list where a document is wanted."""
    if not isinstance(request.data, dict):
        raise ValidationFailed.of("data", "type", "Value did not match type(s): object", target="object")
    return without_read_only(request.data)


def without_read_only(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a client may say: `id`, bookkeeping and private keys that it read and sends back are left out."""
    return {
        key: value
        for key, value in document.items()
        if key not in ("id", "_read_only") and not key.startswith("pvt_") and not (key.startswith("_"))
    }


def merge(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` laid over `stored`: objects key by key, a null removes, everything else is replaced whole."""
    merged = dict(stored)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def with_parents(resource: "Resource", request: ApiRequest, document: dict[str, Any]) -> dict[str, Any]:
    """What is created below `/users/{id}` belongs to that user, whatever the body says."""
    columns = {resource.parents[noun]: identifier for noun, identifier in request.parent_ids.items()}
    return document | columns


def keep_fixed(
    resource: "Resource", request: ApiRequest, stored: Mapping[str, Any], document: Mapping[str, Any]
) -> None:
    """Raises Forbidden where a plain user changes a field of their own row that is not theirs to change."""
    access, principal = resource.access, request.identified
    if principal is None or principal.role is not Role.USER or not access.own_write:
        return
    for field in access.own_fixed:
        if document.get(field, stored.get(field)) != stored.get(field):
            raise Forbidden(f"{field} can be changed by an administrator only")
