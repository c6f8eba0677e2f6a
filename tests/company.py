"""The cast with people who signed in, committed: for tests whose asynchronous parts have connections of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.documents.actions import create_document
from apps.foundation.identity import queries, tokens
from apps.foundation.identity.models import Login
from apps.foundation.identity.principal import system_principal
from apps.foundation.identity.web import log_in
from apps.foundation.tenants.actions import drop_tenant
from tests.cast import Tree, plant_tree

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    """Somebody who signed in: `token` is good for `account`."""

    account: Account
    login: Login
    token: str


@dataclass
class Company:
    """`olga` runs the installation, `nora` and `sven` the resellers north and south, `alice` the bakery (north),
    `carol` the clinic (north), `dave` the harbour (south); `bob` is a plain user of the bakery and `bella` another."""

    tree: Tree
    people: dict[str, Person] = field(default_factory=dict)

    def hire(self, name: str, account: Account, priv_level: str) -> Person:
        document = {
            "first_name": name.title(),
            "last_name": "Test",
            "username": name,
            "password": PASSWORD,
            "priv_level": priv_level,
            "enabled": True,
            "require_password_update": False,
        }
        with account_scope(account):
            login = create_document(queries.login_model(), document, system_principal(account.id))
        token, _claims = tokens.token_for(account, login, tokens.USER_AUTH)
        self.people[name] = Person(account, login, token)
        return self.people[name]


def found_company() -> Company:
    made = Company(plant_tree())
    tree = made.tree
    for name, account, level in [
        ("olga", tree.master, "admin"),
        ("nora", tree.north, "admin"),
        ("sven", tree.south, "admin"),
        ("alice", tree.bakery, "admin"),
        ("bob", tree.bakery, "user"),
        ("bella", tree.bakery, "user"),
        ("carol", tree.clinic, "admin"),
        ("dave", tree.harbour, "admin"),
    ]:
        made.hire(name, account, level)
    return made


def session_of(person: Person) -> str:
    """The key of a new web session in which the person is signed in; its cookie is all a browser needs."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    log_in(request, person.account, person.login)
    request.session.save()
    return request.session.session_key or ""


def dissolve(company: Company) -> None:
    """Remove every account of the tree, its schemas and its rows in the shared tables."""
    remove_accounts([account.id for account in vars(company.tree).values() if isinstance(account, Account)])


def remove_accounts(ids: list[str]) -> None:
    """Remove committed accounts for good, with whatever names them. Nothing may be left below them."""
    tenants = {account.tenant_id: account.tenant for account in Account.objects.filter(id__in=ids)}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_account WHERE id = ANY(%s)", [ids])
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name = 'account_id' AND table_name <> 'tenants_tenant'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM public."{table}" WHERE account_id = ANY(%s)', [ids])
    for tenant in tenants.values():
        drop_tenant(tenant)
