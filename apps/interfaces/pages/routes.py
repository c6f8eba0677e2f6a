"""Which numbers lead to whom: read from the callflows whose first step rings a person, a phone or a group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from apps.interfaces.pages.phone_numbers import shown_number
from apps.pbx.callflows.documents import NO_MATCH
from apps.pbx.callflows.models import Callflow
from apps.pbx.feature_codes.catalogue import CODE_OF_PATTERN
from apps.pbx.ring_groups.models import RingGroup


@dataclass(frozen=True, slots=True)
class Route:
    """A number and the callflow that answers it."""

    number: str
    flow_id: str
    flow_name: str

    @property
    def kind(self) -> str:
        return "number" if self.number.startswith("+") else "extension"


def routes_to(module: str, ids: Sequence[str]) -> dict[str, list[Route]]:
    """By id: the numbers of flows whose first step is the verb `module` (user, device, group) with that id."""
    found: dict[str, list[Route]] = {}
    flows = Callflow.objects.filter(flow__module=module, flow__data__id__in=list(ids))
    for flow in flows.order_by("created"):
        routes = found.setdefault(str(flow.flow["data"]["id"]), [])
        routes += [Route(number, flow.id, str(flow)) for number in flow.numbers]
    return found


def extensions(routes: Sequence[Route]) -> list[str]:
    return [route.number for route in routes if route.kind == "extension"]


def groups_ringing(member_id: str) -> list[RingGroup]:
    return list(RingGroup.objects.filter(document__members__contains=[{"id": member_id}]).order_by("name"))


def flows_using(identifier: str) -> list[Callflow]:
    """Flows that name an id anywhere in their tree; what a person is warned of before deleting."""
    return [flow for flow in Callflow.objects.filter(_mentions(identifier)) if names(flow.flow, identifier)]


def names(node: Any, identifier: str) -> bool:
    if isinstance(node, dict):
        return any(names(value, identifier) for value in node.values())
    if isinstance(node, list):
        return any(names(value, identifier) for value in node)
    return bool(node == identifier)


def _mentions(identifier: str) -> Q:
    return Q(flow__icontains=identifier)


def shown_route(number: str, region: str) -> str:
    """A callflow's number as people write it."""
    return gettext("every other number") if number == NO_MATCH else shown_number(number, region)


def shown_pattern(pattern: str) -> str:
    """A star code's pattern as its card writes it (`*72…`: digits follow); any other as it is."""
    code = CODE_OF_PATTERN.get(pattern)
    return f"{code.dialled}…" if code else pattern
