"""Whether a caller may dial what he dialled, asked before the first step of a flow. Runs inside `account_scope`.

Only calls of the account's own phones and people are asked about; a carrier's never are, and emergency calls always
pass. A number that a flow of the account answers by itself, and that is no telephone number (an extension, a feature
code), is not refused for its class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.foundation.accounts.models import Account
from apps.pbx.devices.models import Device
from apps.pbx.endpoints import rules
from apps.pbx.endpoints.rules import Document
from apps.pbx.groups.models import Group
from apps.pbx.numbers.answering import as_number, home_region
from apps.pbx.numbers.classifiers import EMERGENCY, UNKNOWN, Classifier, classifiers_of, classify
from apps.pbx.users.models import User

#: Groups may hold groups; deeper than this they are taken for a loop.
DEEPEST_GROUP = 4


@dataclass(frozen=True, slots=True)
class Denial:
    """What the caller is told: a prompt first, then 403 Forbidden. `why` is for the log."""

    why: str
    prompt: str = "cf-unauthorized_call"
    code: int = 403
    reason: str = "Forbidden"


def denial_of(
    account: Account,
    dialled: str,
    authorizing_id: str,
    flow: Mapping[str, Any] | None,
    classifiers: Sequence[Classifier],
    *,
    on_net: bool,
) -> Denial | None:
    """None where the call may be made. `flow` is what answers it; `on_net` that it does so by the number itself and not
    by `no_match`; `classifiers` are the account's."""
    caller = _Caller.of(account, authorizing_id)
    if caller is None:
        return None
    found = classify(as_number(dialled, home_region(account)) or dialled, classifiers)
    if found.name == EMERGENCY or classify(dialled, classifiers).name == EMERGENCY:
        return None
    if not (on_net and found.name == UNKNOWN) and caller.is_denied(found):
        return Denial(f"calls to {found.name} are restricted")
    if caller.keeps_to_groups and flow is not None and not caller.shares_a_group_with(flow):
        return Denial("no group has both of them")
    return None


def may_dial(account: Account, number: str, authorizing_id: str) -> bool:
    """Whether the endpoint's restrictions let a number be called: for verbs that dial one the caller chose."""
    return denial_of(account, number, authorizing_id, None, classifiers_of(account), on_net=False) is None


@dataclass(frozen=True, slots=True)
class _Caller:
    ids: tuple[str, ...]
    account: Document
    users: Sequence[Document]
    device: Document

    @classmethod
    def of(cls, account: Account, authorizing_id: str) -> _Caller | None:
        if not authorizing_id:
            return None
        device = Device.objects.filter(id=authorizing_id).first()
        people = device.user_ids if device is not None else (authorizing_id,)
        users = list(User.objects.filter(id__in=people))
        if device is None and not users:
            return None
        document = device.document if device is not None else {}
        return cls((authorizing_id, *people), account.document, [user.document for user in users], document)

    def is_denied(self, classifier: Classifier) -> bool:
        return rules.restriction(classifier.name, account=self.account, users=self.users, device=self.device)

    @property
    def keeps_to_groups(self) -> bool:
        return rules.closed_groups(account=self.account, users=self.users, device=self.device)

    def shares_a_group_with(self, flow: Mapping[str, Any]) -> bool:
        """Whether a group holds both; true for a flow that begins with neither a user nor a device."""
        data = flow.get("data")
        called = str(data.get("id") or "") if isinstance(data, Mapping) else ""
        if flow.get("module") not in ("user", "device") or not called or called in self.ids:
            return True
        owner = Device.objects.filter(id=called).first()
        theirs = {called, *(owner.user_ids if owner is not None else ())}
        return bool(_groups_of(self.ids) & _groups_of(theirs))


def _groups_of(members: Sequence[str] | set[str]) -> set[str]:
    """The groups that hold any of them, and the groups that hold those."""
    found: set[str] = set()
    wanted = set(members)
    for _ in range(DEEPEST_GROUP):
        groups = set(Group.objects.filter(document__endpoints__has_any_keys=list(wanted)).values_list("id", flat=True))
        wanted = groups - found
        if not wanted:
            break
        found |= wanted
    return found
