"""Several carriers in one request: each by itself, so that one that is refused keeps no other from being written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.commerce.carriers.actions import create_carrier, replace_carrier
from apps.commerce.carriers.models import CarrierResource
from apps.foundation.crossbar.documents import without_read_only
from apps.foundation.crossbar.errors import NotFound, ValidationFailed
from apps.foundation.identity.principal import Principal

MOST = 500


def create_several(given: Any, principal: Principal) -> dict[str, Any]:
    """`{successes: {id: document}, errors: {place: why}}`; `place` counts from 0. Raises ValidationFailed."""
    return _each(given, lambda _place, document: create_carrier(without_read_only(document), principal))


def replace_several(given: Any, carriers: Mapping[str, CarrierResource], principal: Principal) -> dict[str, Any]:
    """The same for carriers there are, by the `id` in each; errors by that id. Raises ValidationFailed."""

    def replace(identifier: str, document: dict[str, Any]) -> CarrierResource:
        if identifier not in carriers:
            raise NotFound(identifier)
        return replace_carrier(carriers[identifier], without_read_only(document), principal)

    return _each(given, replace, by_id=True)


def documents_of(given: Any) -> list[dict[str, Any]]:
    """The documents of a request. Raises ValidationFailed for anything but a list of objects."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ValidationFailed.of("data", "type", _("A list of carriers is wanted"), target="array")
    if len(given) > MOST:
        message = _("The list is more than %(most)d items") % {"most": MOST}
        raise ValidationFailed.of("data", "maxItems", message, target=MOST)
    return given


def _each(
    given: Any, write: Callable[[str, dict[str, Any]], CarrierResource], *, by_id: bool = False
) -> dict[str, Any]:
    done: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for place, document in enumerate(documents_of(given)):
        name = str(document.get("id") or "") if by_id else str(place)
        try:
            with transaction.atomic():
                carrier = write(name, document)
        except ValidationFailed as problem:
            refused[name] = problem.data
        except NotFound:
            refused[name] = {"id": {"not_found": {"message": _("There is no such carrier"), "cause": name}}}
        else:
            done[carrier.id] = carrier.to_document()
    return {"successes": done, "errors": refused}
