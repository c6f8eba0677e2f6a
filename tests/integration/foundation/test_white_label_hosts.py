"""Whose host names are answered: the operator's, and every domain a white label has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.foundation.white_label.actions import delete_white_label, replace_white_label
from apps.foundation.white_label.hosts import forget_domains
from tests.cast import Tree

pytestmark = pytest.mark.django_db

DOMAIN = "phone.north.test"


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    forget_domains()
    yield
    forget_domains()


def status(host: str, path: str = "/login") -> int:
    return Client(headers={"host": host}).get(path).status_code


def test_a_white_labels_domain_is_answered_while_it_has_it(tree: Tree, django_capture_on_commit_callbacks: Any) -> None:
    assert status(DOMAIN) == 400
    with django_capture_on_commit_callbacks(execute=True):
        replace_white_label(tree.north, {"company_name": "North", "domain": DOMAIN}, tree.principal)
    for host in (DOMAIN, DOMAIN.upper(), f"{DOMAIN}:8443", "localhost"):
        assert status(host) == 200, host
    with django_capture_on_commit_callbacks(execute=True):
        delete_white_label(tree.north, tree.principal)
    assert status(DOMAIN) == 400


@pytest.mark.parametrize(
    "host", ["stranger.test", f"x.{DOMAIN}", f"{DOMAIN}.evil.test", f"{DOMAIN}@evil.test", "", "a b", f"{DOMAIN}:x"]
)
def test_other_hosts_are_refused(tree: Tree, host: str, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        replace_white_label(tree.north, {"domain": DOMAIN}, tree.principal)
    assert status(host) == 400


def test_forms_work_on_the_domain(tree: Tree, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        replace_white_label(tree.north, {"domain": DOMAIN}, tree.principal)
    browser = Client(enforce_csrf_checks=True, headers={"host": DOMAIN, "origin": f"https://{DOMAIN}"})
    token = browser.get("/login", secure=True).cookies["kazoo_csrf"].value
    form = {"account": "north.test", "username": "x", "password": "y", "csrfmiddlewaretoken": token}
    refused = browser.post("/login", form, secure=True)
    assert b'name="password"' in refused.content  # the form again: nobody is called x
    foreign = browser.post("/login", form, secure=True, headers={"origin": "https://evil.test"})
    assert foreign.status_code == 403


def test_a_guess_costs_no_query(tree: Tree, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert status("first.test") == 400
    with django_assert_num_queries(0):
        for number in range(5):
            assert status(f"guess-{number}.test") == 400
