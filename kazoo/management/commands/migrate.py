"""`manage.py migrate`: every schema, not only the shared one."""

from __future__ import annotations

from typing import Any

from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from apps.foundation.tenants.schemas import migrate_all


class Command(MigrateSchemasCommand):  # type: ignore[misc]
    """Without an app's label: all schemas that lag, the template's too. With one: django-tenants' own command."""

    help = "Bring every schema up to date: the shared one, the template and every reseller's."

    def handle(self, *args: Any, **options: Any) -> None:
        if (
            options.get("app_label")
            or options.get("schema_name")
            or options.get("plan")
            or options.get("check_unapplied")
        ):
            super().handle(*args, **options)
            return
        changed = migrate_all(verbosity=options["verbosity"])
        if options["verbosity"]:
            self.stdout.write(f"Migrated: {', '.join(changed)}" if changed else "Every schema is up to date.")
