"""`manage.py prompts`: bring the prompts' catalogues in `locale/` up to date and compile them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.pbx.media.prompt_catalogs import write_catalogs


class Command(BaseCommand):
    help = "Write prompts.po of every language from the prompts there are, and compile it. Needs no GNU gettext."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        missing = {language: ids for language, ids in write_catalogs().items() if ids}
        for language, ids in missing.items():
            self.stdout.write(f"{language}: {len(ids)} to translate: {', '.join(ids)}")
        if missing:
            raise CommandError("some prompts lack a translation")
