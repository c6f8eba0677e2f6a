"""The cast's accounts and people, made once for a module and rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.events.publishing import client
from apps.foundation.identity import queries
from apps.foundation.identity.actions import Attempt
from apps.foundation.identity.models import Login
from apps.foundation.identity.passwords import digest_of
from apps.foundation.identity.principal import system_principal
from tests.cast import Tree, plant_tree

PASSWORD = "correct horse"


class Cast:
    """`alice`, `nora`, `olga` and `carol` administer bakery, north, the master account and clinic; `bob` is a user."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.alice = person(tree.bakery, "alice", priv_level="admin", email="alice@bakery.test")
        self.bob = person(tree.bakery, "bob", email="bob@bakery.test")
        self.carol = person(tree.clinic, "carol", priv_level="admin")
        self.nora = person(tree.north, "nora", priv_level="admin")
        self.olga = person(tree.master, "olga", priv_level="admin")


def person(account: Account, name: str, **fields: Any) -> Login:
    document = {
        "first_name": name.title(),
        "last_name": "Test",
        "username": name,
        "password": PASSWORD,
        "priv_level": "user",
        "enabled": True,
        "require_password_update": False,
    }
    with account_scope(account):
        return create_document(queries.login_model(), document | fields, system_principal(account.id))


def attempt(who: str, password: str = PASSWORD, method: Any = "md5", **more: str) -> Attempt:
    return Attempt(digest_of(who, password, method), method, more.pop("named", "bakery"), **more)


@pytest.fixture(scope="module")
def _module_cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            yield Cast(plant_tree())
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)


@pytest.fixture
def cast(_module_cast: Cast, db: None) -> Cast:
    """Fresh rows: a test may change them, and the next one must not see it."""
    _forget_failed_logins()
    for group in (_module_cast.tree, _module_cast):
        for value in vars(group).values():
            if isinstance(value, Account):
                value.refresh_from_db()
    for name, account in [
        ("alice", "bakery"),
        ("bob", "bakery"),
        ("carol", "clinic"),
        ("nora", "north"),
        ("olga", "master"),
    ]:
        with account_scope(getattr(_module_cast.tree, account)):
            getattr(_module_cast, name).refresh_from_db()
    return _module_cast


def _forget_failed_logins() -> None:
    keys = list(client().scan_iter("kazoo:login:*"))
    if keys:
        client().delete(*keys)
