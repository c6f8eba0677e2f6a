"""A planted tree, and a customer to work in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.principal import Principal, Role, system_principal
from apps.pbx.users.actions import create_user
from apps.pbx.users.models import User
from tests.cast import Tree
from tests.trees import _module_tree, tree

__all__ = ["_module_tree", "tree"]


@pytest.fixture
def bakery(tree: Tree) -> Iterator[Account]:
    """The bakery, in scope."""
    with account_scope(tree.bakery.id) as account:
        yield account


@pytest.fixture
def admin(bakery: Account) -> Principal:
    return system_principal(bakery.id)


def person(name: str, principal: Principal, **document: object) -> User:
    given = {"first_name": name.title(), "last_name": "Test", "username": name, "password": "correct horse"}
    return create_user(given | document, principal)


def as_user(user: User) -> Principal:
    return Principal(account_id=user.account_id, user_id=user.id, role=Role.USER, method="user_auth")
