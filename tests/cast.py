"""The cast of the access tests: who owns, who shares, and who must see nothing.

master ── north (reseller) ── bakery (Alice's, Bob works there) ── branch
      │                    └─ clinic (Carol's)
      └── south (reseller) ── harbour (Dave's)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.foundation.accounts.actions import create_account, create_master, promote_to_reseller
from apps.foundation.accounts.models import Account
from apps.foundation.accounts.queries import master_account
from apps.foundation.identity.principal import Principal, system_principal


@dataclass
class Tree:
    """The accounts of the cast, each with a schema where it is a reseller."""

    master: Account
    north: Account
    south: Account
    bakery: Account
    clinic: Account
    harbour: Account
    branch: Account
    principal: Principal = field(init=False)

    def __post_init__(self) -> None:
        self.principal = system_principal(self.master.id)


def plant_tree() -> Tree:
    """Make the accounts. Two schemas are cloned besides the master's, so about two seconds."""
    master = master_account() or create_master({"name": "Operator", "realm": "operator.test"})
    system = system_principal(master.id)

    def account(parent: Account, name: str) -> Account:
        return create_account(parent, {"name": name, "realm": f"{name.lower()}.test"}, system)

    north, south = account(master, "North"), account(master, "South")
    promote_to_reseller(north, system)
    promote_to_reseller(south, system)
    bakery = account(north, "Bakery")
    return Tree(
        master=master,
        north=north,
        south=south,
        bakery=bakery,
        clinic=account(north, "Clinic"),
        harbour=account(south, "Harbour"),
        branch=account(bakery, "Branch"),
    )
