"""What a person's row holds, and what changing it does."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from apps.foundation.accounts.scope import account_scope
from apps.foundation.identity.models import CredentialsRefused
from apps.foundation.identity.passwords import digest_of
from tests.integration.identity.conftest import PASSWORD, Cast, person


def test_no_column_holds_a_digest_or_a_password(cast: Cast) -> None:
    stored = " ".join(str(value) for value in vars(cast.alice).values())
    for secret in (PASSWORD, digest_of("alice", PASSWORD, "md5"), digest_of("alice", PASSWORD, "sha")):
        assert secret not in stored
    assert "password" not in cast.alice.to_document()  # type: ignore[attr-defined]


def test_both_digests_and_the_plain_password_are_accepted(cast: Cast) -> None:
    assert cast.alice.check_credentials(digest_of("alice", PASSWORD, "md5"), "md5")
    assert cast.alice.check_credentials(digest_of("alice", PASSWORD, "md5").upper(), "md5")
    assert cast.alice.check_credentials(digest_of("alice", PASSWORD, "sha"), "sha")
    assert not cast.alice.check_credentials(digest_of("alice", PASSWORD, "md5"), "sha")
    assert not cast.alice.check_credentials(cast.alice.password, "md5")
    assert cast.alice.check_plain(PASSWORD)
    assert not cast.alice.check_plain(PASSWORD + " ")


def test_username_is_lower_case_and_unique_in_its_account(cast: Cast) -> None:
    assert person(cast.tree.clinic, "ALICE").username == "alice"
    with pytest.raises(IntegrityError):
        person(cast.tree.bakery, "Alice")


def test_people_without_a_username_may_be_many(cast: Cast) -> None:
    for _ in range(2):
        assert person(cast.tree.bakery, "x", username=None, password=None).username is None


def test_a_new_username_needs_the_password(cast: Cast) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        cast.alice.apply_credentials("alicia", None)
    assert (refused.value.field, refused.value.rule) == ("password", "required")
    assert cast.alice.username == "alice"
    cast.alice.apply_credentials("Alicia", PASSWORD)
    assert cast.alice.check_credentials(digest_of("alicia", PASSWORD, "md5"), "md5")


def test_saving_without_a_password_keeps_it_and_the_tokens(cast: Cast) -> None:
    before = (cast.alice.password, cast.alice.token_salt)
    cast.alice.apply_credentials("alice", None)
    assert (cast.alice.password, cast.alice.token_salt) == before


def test_a_password_without_a_username_is_refused(cast: Cast) -> None:
    with account_scope(cast.tree.bakery), pytest.raises(CredentialsRefused):
        cast.alice.apply_credentials(None, "secret")


def test_taking_the_username_away_takes_the_password_away(cast: Cast) -> None:
    cast.alice.apply_credentials(None, None)
    assert not cast.alice.has_usable_password()
    assert not cast.alice.check_plain("")
    assert not cast.alice.check_credentials("", "md5")
