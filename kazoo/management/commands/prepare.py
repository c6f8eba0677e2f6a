"""`manage.py prepare`: everything a start needs of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from apps.foundation.tenants.guards import refuse_transaction_pooling
from apps.foundation.tenants.schemas import migrate_all
from apps.interfaces.demo.actions import is_empty, seed_demo
from apps.interfaces.demo.file import publish_demo_file, write_demo_file
from kazoo.environment import environment


class Command(BaseCommand):
    """Safe to run at every start: does nothing where nothing is to be done."""

    help = "Bring every schema up to date and, in an empty database, make the demo accounts."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_transaction_pooling()
        if changed := migrate_all():
            self.stdout.write(f"Brought {len(changed)} schema(s) up to date")
        for folder in (settings.STATIC_ROOT, settings.MEDIA_ROOT):
            Path(folder).mkdir(parents=True, exist_ok=True)
        if environment.demo and is_empty():
            self._make_demo()

    def _make_demo(self) -> None:
        self.stdout.write("Making the demo accounts …")
        with transaction.atomic():
            draft = write_demo_file(environment.demo_file, seed_demo())
        publish_demo_file(draft, environment.demo_file)
        self.stdout.write(f"Their passwords are in {environment.demo_file}")
