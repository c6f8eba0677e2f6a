"""Token restrictions: what the tokens of an account may do, by crossbar's rules.

A document maps how somebody authenticated (`cb_user_auth`, `cb_api_auth` …) to his `priv_level`, that to an endpoint
(the resource: `devices`), that to a list of entries. At each of these levels the exact key is taken, else `_`. The
first entry whose `allowed_accounts` holds the account in the address decides, and in it the first rule whose path
matches. Where nothing matches, the request is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.foundation.accounts.models import Account
from apps.foundation.identity.models import SYSTEM_RESTRICTIONS, TokenRestriction
from apps.foundation.identity.principal import Principal, Role

ANY = "_"
AUTH_ACCOUNT = "{AUTH_ACCOUNT_ID}"
DESCENDANT_ACCOUNT = "{DESCENDANT_ACCOUNT_ID}"


@dataclass(frozen=True, slots=True)
class RequestedAccess:
    """A request as the rules see it. `arguments` are the path tokens after the endpoint; `verb` GET, PUT, POST …

    `account_id` is the account in the address; `ancestors` are that account's.
    """

    auth_method: str
    priv_level: str
    auth_account_id: str
    endpoint: str
    arguments: tuple[str, ...]
    verb: str
    account_id: str
    ancestors: tuple[str, ...] = ()


def allowed(principal: Principal, account: Account | None, endpoint: str, arguments: Sequence[str], verb: str) -> bool:
    """Whether the restrictions of the principal's account, else the system's, let a request pass. One query.

    `account` is the one in the address, None outside /accounts.
    """
    document = restrictions_for(principal.account_id)
    if document is None:
        return True
    access = RequestedAccess(
        auth_method=principal.method,
        priv_level="user" if principal.role is Role.USER else "admin",
        auth_account_id=principal.account_id,
        endpoint=endpoint,
        arguments=tuple(arguments),
        verb=verb,
        account_id=account.id if account else principal.account_id,
        ancestors=tuple(account.ancestors) if account else (),
    )
    return allows(document, access)


def restrictions_for(account_id: str) -> dict[str, Any] | None:
    """The account's restrictions, else the system's, else None: nothing is restricted."""
    rows = {row.pk: row for row in TokenRestriction.objects.filter(pk__in=[account_id, SYSTEM_RESTRICTIONS])}
    row = rows.get(account_id) or rows.get(SYSTEM_RESTRICTIONS)
    restrictions = row.document.get("restrictions") if row else None
    return restrictions or None


def allows(restrictions: dict[str, Any], access: RequestedAccess) -> bool:
    """Evaluate the inside of `restrictions`."""
    level: Any = restrictions
    for key in (access.auth_method, access.priv_level, access.endpoint):
        level = level.get(key, level.get(ANY)) if isinstance(level, dict) else None
    entries = [level] if isinstance(level, dict) else level
    for entry in entries or ():
        if _holds_for_account(entry.get("allowed_accounts"), access):
            return _rules_allow(entry.get("rules") or {}, access)
    return False


def _holds_for_account(allowed_accounts: list[str] | None, access: RequestedAccess) -> bool:
    """No list means every account."""
    if allowed_accounts is None:
        return True
    own = access.account_id == access.auth_account_id
    return any(
        name in (ANY, access.account_id)
        or (name == AUTH_ACCOUNT and own)
        or (name == DESCENDANT_ACCOUNT and access.auth_account_id in access.ancestors)
        for name in allowed_accounts
    )


def _rules_allow(rules: dict[str, list[str]], access: RequestedAccess) -> bool:
    for pattern, verbs in rules.items():
        if path_matches(pattern, access.arguments):
            return ANY in verbs or access.verb in verbs
    return False


def path_matches(pattern: str, arguments: Sequence[str]) -> bool:
    """Whether a rule's path fits: `*` is one token, `#` any number of them, `/` none, anything else itself."""
    reachable = {0}
    for part in filter(None, pattern.split("/")):
        if part == "#":
            reachable = {end for start in reachable for end in range(start, len(arguments) + 1)}
        else:
            reachable = {at + 1 for at in reachable if at < len(arguments) and part in ("*", arguments[at])}
    return len(arguments) in reachable
