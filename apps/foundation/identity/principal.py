"""Who is asking, and what that lets them do."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """From least to most. A role holds in the principal's own account and in the accounts below it."""

    USER = 1
    ACCOUNT_ADMIN = 2
    RESELLER_ADMIN = 3
    OPERATOR = 4


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `user_id` is None for an API key or the system itself."""

    account_id: str
    user_id: str | None
    role: Role
    method: str
    token_id: str = ""
    request_id: str = ""
    impersonator_account_id: str | None = None
    impersonator_user_id: str | None = None


def system_principal(account_id: str) -> Principal:
    """The installation itself acting for an account: seeding, tasks, call handling."""
    return Principal(account_id=account_id, user_id=None, role=Role.OPERATOR, method="system")
