"""`manage.py create_operator`: the first account and its administrator, where no demo is wanted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from pydantic import ValidationError

from apps.foundation.accounts.actions import MasterExists, create_master
from apps.foundation.accounts.errors import AccountError
from apps.foundation.accounts.scope import account_scope
from apps.foundation.crossbar.errors import ValidationFailed
from apps.foundation.identity.principal import system_principal
from apps.foundation.kit.secrets import random_password
from apps.pbx.users.actions import create_user


class Command(BaseCommand):
    """Makes the master account once; everything else is made in the portal or over the API."""

    help = "Make the operator's account and an administrator whose password is printed, in an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the operator's name, for example 'Example Telecom'")
        parser.add_argument("--username", default="admin", help="the administrator's user name (default: admin)")
        parser.add_argument("--realm", help="the account's SIP realm; made up when it is left out")

    def handle(self, *args: Any, **options: Any) -> None:
        document = {"name": options["name"]} | ({"realm": options["realm"]} if options["realm"] else {})
        password = random_password()
        person = {"first_name": "System", "last_name": "Administrator", "priv_level": "admin"}
        try:
            with transaction.atomic():
                account = create_master(document)
                with account_scope(account):
                    credentials = {"username": options["username"], "password": password}
                    create_user(person | credentials, system_principal(account.id))
        except MasterExists:
            raise CommandError("There is a master account already; nothing was changed.") from None
        except (AccountError, ValidationError, ValidationFailed) as error:
            details = error.data if isinstance(error, ValidationFailed) else error
            raise CommandError(f"Nothing was changed: {details}") from None
        self.stdout.write(f"Account {account.name} ({account.id}, realm {account.realm})")
        self.stdout.write(f"User name {options['username']}, password {password}")
