"""Signing in, tokens, and what stops them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity import actions, api_keys, models, passwords, queries
from apps.foundation.identity.authentication import authenticate, authenticate_basic, authenticate_token
from apps.foundation.identity.errors import (
    AccountDisabled,
    InvalidCredentials,
    NotAllowed,
    TooManyAttempts,
    UserDisabled,
)
from apps.foundation.identity.models import Login, LoginAttempt
from apps.foundation.identity.passwords import digest_of
from apps.foundation.identity.principal import Principal, Role, system_principal
from apps.foundation.identity.tasks import forget_old_entries
from apps.foundation.identity.throttle import Throttle
from tests.integration.identity.conftest import PASSWORD, Cast, attempt


def token_of(account: Account, username: str) -> str:
    return actions.sign_in([account], attempt(username)).token


def principal_of(account: Account, username: str) -> Principal:
    return authenticate_token(token_of(account, username), "r1")


def change(user: Login, account: Account, **values: object) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    with account_scope(account):
        user.save()


@pytest.mark.parametrize("method", ["md5", "sha"])
def test_a_token_for_either_digest(cast: Cast, method: str) -> None:
    signed_in = actions.sign_in([cast.tree.bakery], attempt("bob", method=method))
    principal = authenticate_token(signed_in.token, "request 1")
    assert (principal.account_id, principal.user_id) == (cast.tree.bakery.id, cast.bob.pk)
    assert (principal.role, principal.method, principal.request_id) == (Role.USER, "cb_user_auth", "request 1")
    with account_scope(cast.tree.bakery):
        entry = AuditEntry.objects.get(action="user.signed_in", target_id=cast.bob.pk)
    assert entry.changes == {"method": [None, "cb_user_auth"]}


def test_roles(cast: Cast) -> None:
    tree = cast.tree
    expected = {
        (tree.bakery, "alice"): Role.ACCOUNT_ADMIN,
        (tree.bakery, "bob"): Role.USER,
        (tree.north, "nora"): Role.RESELLER_ADMIN,
        (tree.master, "olga"): Role.OPERATOR,
    }
    assert {key: principal_of(*key).role for key in expected} == expected


def test_a_token_costs_two_queries(cast: Cast) -> None:
    token = token_of(cast.tree.bakery, "alice")
    with CaptureQueriesContext(
        connection,
    ) as queries_made:
        authenticate_token(token)
    asked = [query["sql"] for query in queries_made if "search_path" not in query["sql"]]
    assert len(asked) == 2, asked


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper()])
def test_wrong_passwords(cast: Cast, password: str) -> None:
    with pytest.raises(InvalidCredentials):
        actions.sign_in([cast.tree.bakery], attempt("alice", password))


def test_another_accounts_person_is_nobody_here(cast: Cast) -> None:
    for account in (cast.tree.bakery, cast.tree.north, cast.tree.harbour):
        with pytest.raises(InvalidCredentials):
            actions.sign_in([account], attempt("carol"))


def test_several_accounts_are_tried(cast: Cast) -> None:
    signed_in = actions.sign_in([cast.tree.bakery, cast.tree.clinic], attempt("carol"))
    assert signed_in.authenticated.account == cast.tree.clinic


def test_accounts_by_name_realm_and_number(cast: Cast) -> None:
    bakery = cast.tree.bakery
    assert queries.accounts_named(None, None, " BAK-ery ") == [bakery]
    assert queries.accounts_named(None, "Bakery.test", "clinic") == [bakery]
    assert queries.accounts_named(None, None, "") == []
    assert queries.accounts_named(None, None, "!!") == []
    assert queries.accounts_named("+15550001", None, "bakery") == []
    directory = {"+15550001": bakery.id}.get
    queries.register_number_directory(directory)
    try:
        assert queries.accounts_named("+15550001", "clinic.test", None) == [bakery]
    finally:
        queries._number_directories.remove(directory)


def test_a_disabled_person(cast: Cast) -> None:
    token = token_of(cast.tree.bakery, "bob")
    change(cast.bob, cast.tree.bakery, enabled=False)
    with pytest.raises(InvalidCredentials):
        authenticate_token(token)
    with pytest.raises(UserDisabled):
        actions.sign_in([cast.tree.bakery], attempt("bob"))
    with pytest.raises(InvalidCredentials):
        actions.sign_in([cast.tree.bakery], attempt("bob", "wrong"))


def test_a_disabled_account(cast: Cast) -> None:
    token = token_of(cast.tree.bakery, "bob")
    Account.objects.filter(id=cast.tree.bakery.id).update(enabled=False)
    with pytest.raises(AccountDisabled):
        authenticate_token(token)
    with pytest.raises(AccountDisabled):
        actions.sign_in(queries.accounts_named(None, None, "bakery"), attempt("bob"))


def test_a_deleted_person_and_a_deleted_account(cast: Cast) -> None:
    bobs, carols = token_of(cast.tree.bakery, "bob"), token_of(cast.tree.clinic, "carol")
    change(cast.bob, cast.tree.bakery, deleted=cast.bob.created)  # type: ignore[attr-defined]
    Account.objects.filter(id=cast.tree.clinic.id).update(deleted=cast.bob.created)  # type: ignore[attr-defined]
    for token in (bobs, carols):
        with pytest.raises(InvalidCredentials):
            authenticate_token(token)


def test_signing_out_ends_one_token(cast: Cast) -> None:
    first, second = token_of(cast.tree.bakery, "bob"), token_of(cast.tree.bakery, "bob")
    claims = authenticate(second).claims
    for _ in range(2):
        actions.sign_out(claims)
    authenticate_token(first)
    with pytest.raises(InvalidCredentials):
        authenticate_token(second)
    forget_old_entries()
    with pytest.raises(InvalidCredentials):
        authenticate_token(second)


def test_a_new_password_ends_every_token_of_the_person_only(cast: Cast) -> None:
    bobs, alices = token_of(cast.tree.bakery, "bob"), token_of(cast.tree.bakery, "alice")
    cast.bob.set_password("another")
    change(cast.bob, cast.tree.bakery)
    authenticate_token(alices)
    with pytest.raises(InvalidCredentials):
        authenticate_token(bobs)


def test_voiding_an_accounts_tokens(cast: Cast) -> None:
    tokens = [
        token_of(cast.tree.bakery, "bob"),
        actions.sign_in_with_key(api_keys.ensure_api_key(cast.tree.bakery), "").token,
    ]
    actions.void_account_tokens(cast.tree.bakery, cast.tree.principal)
    for token in tokens:
        with pytest.raises(InvalidCredentials):
            authenticate_token(token)


def test_api_key(cast: Cast) -> None:
    assert api_keys.read_api_key(cast.tree.bakery) is None
    key = api_keys.ensure_api_key(cast.tree.bakery)
    assert api_keys.ensure_api_key(cast.tree.bakery) == api_keys.read_api_key(cast.tree.bakery) == key
    assert len(key) == 64
    token = actions.sign_in_with_key(key, "r").token
    principal = authenticate_token(token)
    assert (principal.user_id, principal.role, principal.method) == (None, Role.ACCOUNT_ADMIN, "cb_api_auth")
    new = api_keys.rotate_api_key(cast.tree.bakery, cast.tree.principal)
    assert new != key
    for stale in (lambda: actions.sign_in_with_key(key, ""), lambda: authenticate_token(token)):
        with pytest.raises(InvalidCredentials):
            stale()
    actions.sign_in_with_key(new, "")


def test_basic(cast: Cast) -> None:
    account_id = cast.tree.bakery.id
    for credentials in (
        digest_of("alice", PASSWORD, "md5"),
        digest_of("alice", PASSWORD, "sha"),
        f"alice:{PASSWORD}",
        f"Alice:{PASSWORD}",
    ):
        assert authenticate_basic(account_id, credentials).user_id == cast.alice.pk
    for wrong_account, credentials in [
        (account_id, "alice:wrong"),
        (account_id, ""),
        (cast.tree.clinic.id, f"alice:{PASSWORD}"),
        ("bakery", f"alice:{PASSWORD}"),
    ]:
        with pytest.raises(InvalidCredentials):
            authenticate_basic(wrong_account, credentials)
    cast.alice.set_password("another")
    change(cast.alice, cast.tree.bakery)
    with pytest.raises(InvalidCredentials):
        authenticate_basic(account_id, f"alice:{PASSWORD}")


def test_guessing_is_slowed_down_for_the_person_and_not_for_others(cast: Cast) -> None:
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            actions.sign_in([cast.tree.bakery], attempt("bob", "wrong", username="bob"))
    with pytest.raises(TooManyAttempts) as refused:
        actions.sign_in([cast.tree.bakery], attempt("bob", username="bob"))
    assert 0 < refused.value.retry_after <= 300
    actions.sign_in([cast.tree.bakery], attempt("alice", username="alice"))


def test_a_right_password_forgets_the_wrong_ones(cast: Cast) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(InvalidCredentials):
                actions.sign_in([cast.tree.bakery], attempt("bob", "wrong", username="bob"))
        actions.sign_in([cast.tree.bakery], attempt("bob", username="bob"))


def test_digests_are_counted_by_address(cast: Cast) -> None:
    def guess(number: int, address: str) -> None:
        with pytest.raises(InvalidCredentials):
            actions.sign_in([cast.tree.bakery], attempt("bob", str(number), client_ip=address))

    for number in range(10):
        guess(number, "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        actions.sign_in([cast.tree.bakery], attempt("bob", client_ip="192.0.2.1"))
    actions.sign_in([cast.tree.bakery], attempt("bob", client_ip="192.0.2.2"))


def test_right_passwords_from_one_address_are_never_refused(cast: Cast) -> None:
    for _ in range(35):
        throttle = Throttle(cast.tree.bakery.id, "", "192.0.2.3")
        throttle.reserve()
        throttle.succeeded()


def test_attempts_are_noted(cast: Cast) -> None:
    with pytest.raises(InvalidCredentials):
        actions.sign_in([cast.tree.bakery], attempt("bob", "wrong", client_ip="192.0.2.9", request_id="r9"))
    actions.sign_in([cast.tree.bakery], attempt("bob"))
    noted = list(LoginAttempt.objects.filter(account_id=cast.tree.bakery.id).order_by("created"))
    assert [(row.succeeded, row.user_id) for row in noted] == [(False, ""), (True, cast.bob.pk)]
    assert (noted[0].client_ip, noted[0].request_id, noted[0].message) == ("192.0.2.9", "r9", "invalid_credentials")


def test_impersonation_is_audited_and_ends_with_the_impersonator(cast: Cast) -> None:
    nora = principal_of(cast.tree.north, "nora")
    signed_in = actions.impersonate(nora, cast.tree.bakery, cast.bob)
    principal = authenticate_token(signed_in.token)
    assert (principal.account_id, principal.user_id, principal.role) == (cast.tree.bakery.id, cast.bob.pk, Role.USER)
    assert (principal.impersonator_account_id, principal.impersonator_user_id) == (cast.tree.north.id, cast.nora.pk)
    with account_scope(cast.tree.bakery):
        entry = AuditEntry.objects.get(action="user.impersonated")
    assert (entry.actor_account_id, entry.actor_user_id, entry.target_id) == (
        cast.tree.north.id,
        cast.nora.pk,
        cast.bob.pk,
    )
    change(cast.nora, cast.tree.north, enabled=False)
    with pytest.raises(InvalidCredentials):
        authenticate_token(signed_in.token)


def test_who_may_impersonate_whom(cast: Cast) -> None:
    tree = cast.tree
    olga, nora, alice = (
        principal_of(tree.master, "olga"),
        principal_of(tree.north, "nora"),
        principal_of(tree.bakery, "alice"),
    )
    actions.impersonate(olga, tree.north, cast.nora)
    actions.impersonate(nora, tree.clinic, cast.carol)
    acting = authenticate_token(actions.impersonate(olga, tree.north, cast.nora).token)
    refused = [
        (nora, tree.north, cast.nora),
        (nora, tree.master, cast.olga),
        (nora, tree.harbour, cast.bob),
        (alice, tree.bakery, cast.bob),
        (acting, tree.bakery, cast.bob),
        (system_principal(tree.master.id), tree.bakery, cast.bob),
    ]
    for principal, account, user in refused:
        with pytest.raises(NotAllowed):
            actions.impersonate(principal, account, user)


def test_finding_an_account_by_its_name_can_use_the_index(cast: Cast) -> None:
    # In a table of a few rows every way costs the same.
    tenant = cast.tree.bakery.tenant
    Account.objects.bulk_create(
        Account(name=f"Customer {number}", realm=f"customer{number}.test", tenant=tenant) for number in range(500)
    )
    with CaptureQueriesContext(connection) as made:
        queries.accounts_named(None, None, "bakery")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_account")
        cursor.execute("EXPLAIN " + made[-1]["sql"])
        plan = " ".join(str(row[0]) for row in cursor.fetchall())
    assert "accounts_name_key" in plan, plan


@pytest.mark.parametrize("typed", ["Café Olé!", "CAFÉ olé", "caféolé", "cafe\u0301 ole\u0301"])
def test_names_with_accents(cast: Cast, typed: str) -> None:
    Account.objects.filter(id=cast.tree.bakery.id).update(name="Café Olé!")
    assert queries.accounts_named(None, None, typed) == [cast.tree.bakery]


def test_guesses_sent_at_once_are_all_counted(cast: Cast) -> None:
    def guess(_number: int) -> bool:
        try:
            Throttle(cast.tree.bakery.id, "bob", "192.0.2.4").reserve()
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(guess, range(64))) == 5


@pytest.mark.parametrize(
    ("accounts", "who", "password"),
    [(["bakery"], "bob", PASSWORD), (["bakery"], "bob", "wrong"), (["bakery"], "nobody", "x"), ([], "bob", PASSWORD)],
)
def test_every_attempt_costs_one_verification(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, accounts: list[str], who: str, password: str
) -> None:
    verified: list[str] = []
    verify = passwords.verify_digest

    def counted(stored: str, digest: str) -> bool:
        verified.append(stored)
        return verify(stored, digest)

    for module in (passwords, models):
        monkeypatch.setattr(module, "verify_digest", counted)
    with suppress(InvalidCredentials):
        actions.sign_in([getattr(cast.tree, name) for name in accounts], attempt(who, password))
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$")
