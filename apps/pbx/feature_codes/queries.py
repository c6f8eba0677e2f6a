"""Which star codes there are, and which of them an account has. Runs inside `account_scope`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.pbx.callflows.models import Callflow, CallflowNumber
from apps.pbx.callflows.registry import verbs
from apps.pbx.feature_codes.catalogue import CATALOGUE, FeatureCode


@dataclass(frozen=True, slots=True)
class CodeState:
    """`callflow_id` is the account's own callflow for the feature, empty for none; `taken_by` that of something else
    that is dialled by this number."""

    code: FeatureCode
    callflow_id: str = ""
    number: str = ""
    taken_by: str = ""

    @property
    def is_free(self) -> bool:
        return not self.callflow_id and not self.taken_by

    def to_document(self) -> dict[str, Any]:
        return {
            "id": self.code.number,
            "name": self.code.name,
            "number": self.number or self.code.number,
            "dialled": self.code.dialled,
            "label": str(self.code.label),
            "followed_by": str(self.code.rest_label) or None,
            "module": self.code.module,
            "installed": bool(self.callflow_id),
            "callflow_id": self.callflow_id or self.taken_by or None,
        }


def offered() -> tuple[FeatureCode, ...]:
    """The codes of the catalogue there is a verb for."""
    return tuple(code for code in CATALOGUE if code.module in verbs())


def states() -> list[CodeState]:
    """Every code offered, and whether the scope's account has it. Two queries."""
    installed: dict[str, tuple[str, str]] = {}
    taken = dict(CallflowNumber.objects.values_list("number", "callflow_id"))
    for callflow in Callflow.objects.filter(document__has_key="featurecode").order_by("created", "id"):
        featurecode = callflow.document.get("featurecode") or {}
        installed.setdefault(str(featurecode.get("name")), (callflow.id, str(featurecode.get("number") or "")))
        taken |= dict.fromkeys(callflow.patterns, callflow.id)
    found = []
    for code in offered():
        callflow_id, number = installed.get(code.name, ("", ""))
        others = (taken[one] for one in (*code.numbers, *code.patterns) if one in taken)
        found.append(CodeState(code, callflow_id, number, "" if callflow_id else next(others, "")))
    return found
