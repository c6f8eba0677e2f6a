"""Star codes in the API."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from apps.foundation.crossbar.access import Access
from apps.foundation.crossbar.answers import Answer
from apps.foundation.crossbar.request import ApiRequest
from apps.foundation.crossbar.resource import AccountResource, route
from apps.foundation.documents.shape import Shape
from apps.foundation.identity.principal import Role
from apps.pbx.feature_codes.actions import install_feature_codes
from apps.pbx.feature_codes.queries import states

EXAMPLE = [
    {
        "id": "72",
        "name": "call_forward[action=activate]",
        "number": "72",
        "dialled": "*72",
        "label": "Forward all calls",
        "followed_by": "a number",
        "module": "call_forward",
        "installed": True,
        "callflow_id": "0123456789abcdef0123456789abcdef",
    }
]


class FeatureCodesWanted(Shape):
    numbers: list[str] = Field(
        default_factory=list, max_length=100, description="The codes without their star; all that are missing if empty."
    )


class FeatureCodeResource(AccountResource):
    """The star codes an account's phones can dial.

    Crossbar has no such resource: there, a user interface makes one callflow after the other. Each code is a callflow
    with `featurecode {name, number}`, and is changed or removed as one.
    """

    path = "feature_codes"
    access = Access(read=Role.ACCOUNT_ADMIN, write=Role.ACCOUNT_ADMIN)
    schema_name = "feature_codes"

    @route("", methods=("GET",), example=EXAMPLE)
    def codes(self, request: ApiRequest) -> list[dict[str, Any]]:
        """Every code there is, and whether the account has it.

        `callflow_id` is the callflow that answers it; where `installed` is false, one that uses its number for
        something else.
        """
        return [state.to_document() for state in states()]

    @route("", methods=("PUT",), shape=FeatureCodesWanted, example=EXAMPLE)
    def install(self, request: ApiRequest) -> Answer:
        """Make the callflows of the codes the account does not have yet.

        A code whose number is used for something else is left out.
        """
        wanted = FeatureCodesWanted.model_validate(request.data or {})
        install_feature_codes(request.principal, wanted.numbers)
        return Answer([state.to_document() for state in states()], status=201)
