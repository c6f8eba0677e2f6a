"""The first account of an installation without a demo."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.foundation.accounts.models import Account
from apps.foundation.accounts.scope import account_scope
from apps.pbx.users.models import User

pytestmark = pytest.mark.django_db


def test_it_is_made_once_with_an_administrator() -> None:
    said = StringIO()
    call_command("create_operator", "Example Telecom", "--username", "Root", stdout=said)
    account = Account.objects.get()
    assert account.is_master
    with account_scope(account):
        user = User.objects.get(username="root")
    assert user.priv_level == "admin"
    assert user.check_plain(said.getvalue().split()[-1])
    with pytest.raises(CommandError, match="already"):
        call_command("create_operator", "Another")


def test_a_wrong_realm_changes_nothing() -> None:
    with pytest.raises(CommandError, match="realm"):
        call_command("create_operator", "Example Telecom", "--realm", "not a realm")
    assert not Account.objects.exists()
