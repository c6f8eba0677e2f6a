"""Forgotten passwords: one link, used once, and no word about who exists."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.foundation.audit.models import AuditEntry
from apps.foundation.identity import recovery
from apps.foundation.identity.authentication import authenticate, authenticate_token
from apps.foundation.identity.errors import InvalidCredentials, ResetAddressUnknown, ResetUnknown, TooManyAttempts
from apps.foundation.identity.models import CredentialsRefused, Recovery
from apps.foundation.identity.tasks import forget_old_entries, mail_reset_link
from apps.foundation.kit.clock import now
from apps.foundation.tenants.models import Domain
from tests.integration.identity.conftest import Cast
from tests.integration.identity.test_authentication import change, token_of

NAMED = {"account_name": "bakery"}
PAGE = "http://localhost:8000/ui/#/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was handed to the worker."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(recovery, "enqueue", lambda _task, *arguments: calls.append(arguments))
    return calls


def test_the_worker_mails_a_link_that_works_once(cast: Cast) -> None:
    old = token_of(cast.tree.bakery, "alice")
    assert mail_reset_link(NAMED, " Alice ", PAGE) == 1
    message = mail.outbox[0]
    assert message.to == ["alice@bakery.test"]
    assert message.subject == "Choose a new password for Bakery"
    link = re.search(r"http\S+", str(message.body))
    assert link is not None
    found = re.fullmatch(r"http://localhost:8000/ui/\?recovery=([0-9a-f]{64})#/", link[0])
    assert found is not None, link[0]
    assert not Recovery.objects.filter(reset_hash=found[1]).exists()
    assert recovery.is_reset_valid(found[1])
    account, user = recovery.reset_password(found[1], "new secret")
    assert (account, user) == (cast.tree.bakery, cast.alice)
    with account_scope(cast.tree.bakery):
        cast.alice.refresh_from_db()
        assert AuditEntry.objects.filter(action="user.recovered", target_id=cast.alice.pk).exists()
    assert cast.alice.check_plain("new secret")
    with pytest.raises(InvalidCredentials):
        authenticate_token(old)
    assert not recovery.is_reset_valid(found[1])
    with pytest.raises(ResetUnknown):
        recovery.reset_password(found[1], "again")


def test_a_reset_id_gives_a_token_that_demands_a_new_password(cast: Cast) -> None:
    reset_id = recovery.create_reset(cast.tree.bakery, cast.bob)
    signed_in = recovery.redeem_reset(reset_id, "r")
    found = authenticate(signed_in.token)
    assert found.user == cast.bob
    assert found.user.require_password_update
    with pytest.raises(ResetUnknown):
        recovery.redeem_reset(reset_id)


def test_an_empty_password_does_not_use_the_link_up(cast: Cast) -> None:
    reset_id = recovery.create_reset(cast.tree.bakery, cast.bob)
    with pytest.raises(CredentialsRefused):
        recovery.reset_password(reset_id, "")
    assert recovery.is_reset_valid(reset_id)


def test_a_later_link_ends_the_earlier_and_time_ends_both(cast: Cast) -> None:
    first = recovery.create_reset(cast.tree.bakery, cast.bob)
    second = recovery.create_reset(cast.tree.bakery, cast.bob)
    Recovery.objects.update(expires=now() - timedelta(seconds=1))
    for reset_id in (first, second, "", "f" * 64):
        with pytest.raises(ResetUnknown):
            recovery.redeem_reset(reset_id)
    forget_old_entries()
    assert not Recovery.objects.exists()


def test_nobody_is_mailed_who_is_unknown_disabled_or_without_an_address(cast: Cast) -> None:
    assert mail_reset_link(NAMED, "nobody", "") == 0
    assert mail_reset_link({"account_name": "clinic"}, "carol", "") == 0
    assert mail_reset_link({"account_name": "no such account"}, "alice", "") == 0
    change(cast.bob, cast.tree.bakery, enabled=False)
    assert mail_reset_link(NAMED, "bob", "") == 0
    Account.objects.filter(id=cast.tree.bakery.id).update(enabled=False)
    assert mail_reset_link(NAMED, "alice", "") == 0
    assert mail.outbox == []


def test_in_the_accounts_language(cast: Cast) -> None:
    Account.objects.filter(id=cast.tree.bakery.id).update(language="es-ES")
    mail_reset_link(NAMED, "alice", PAGE)
    Account.objects.filter(id=cast.tree.bakery.id).update(language="fr-fr")
    mail_reset_link(NAMED, "alice", PAGE)
    assert [message.subject for message in mail.outbox] == [
        "Elija una contraseña nueva para Bakery",
        "Choose a new password for Bakery",
    ]


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_asking_does_the_same_for_anybody(
    cast: Cast,
    username: str,
    sent: list[tuple[Any, ...]],
    django_assert_num_queries: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_assert_num_queries(0), django_capture_on_commit_callbacks(execute=True):
        recovery.request_recovery(NAMED, username, "", "192.0.2.1")
    assert sent == [(NAMED, username, "")]


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_asking_often_is_slowed_down_alike(cast: Cast, username: str, sent: list[tuple[Any, ...]]) -> None:
    for _ in range(5):
        recovery.request_recovery(NAMED, username, "", "")
    with pytest.raises(TooManyAttempts):
        recovery.request_recovery(NAMED, username, "", "")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/",
        "//evil.test/",
        "javascript:alert(1)",
        "http://localhost@evil.test/",
        "http://user@localhost/",
        "http://localhost\\@evil.test/",
        "http://[bad/",
        "/relative",
        "ui.example.com",
    ],
)
def test_links_lead_to_this_installation_only(cast: Cast, address: str) -> None:
    with pytest.raises(ResetAddressUnknown):
        recovery.check_address(address)


def test_white_label_and_allowed_hosts_are_ours(cast: Cast, settings: Settings) -> None:
    recovery.check_address("http://localhost/ui/")
    settings.ALLOWED_HOSTS = [".pbx.test"]
    recovery.check_address("https://ui.pbx.test/")
    Domain.objects.create(domain="phones.north.test", tenant=cast.tree.north.tenant)
    recovery.check_address("https://phones.north.test/#/login")
