"""The planted tree, made once for a module and rolled back after it; each test's changes are rolled back before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from apps.foundation.accounts.models import Account
from tests.cast import Tree, plant_tree


@pytest.fixture(scope="module")
def _module_tree(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """The ids of the accounts by name; none in a module whose tests commit."""
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        yield {}
        return
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            tree = plant_tree()
            yield {one.name: getattr(tree, one.name).id for one in fields(tree) if one.init}
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)


@pytest.fixture
def tree(_module_tree: dict[str, str], db: None) -> Tree:
    """Read anew, for a test may change what it is given; a test that commits gets a tree of its own."""
    if not _module_tree:
        return plant_tree()
    return Tree(**{name: Account.objects.get(id=identifier) for name, identifier in _module_tree.items()})
