"""`manage.py docs`: write the reference pages from the code, or check that they are fresh."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.foundation.crossbar.reference import all_pages
from apps.foundation.crossbar.reference.writing import stale, write


class Command(BaseCommand):
    help = "Write the generated pages of docs/ (--check fails when one of them is stale)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--check", action="store_true", help="write nothing, fail when a page is stale")
        how.add_argument("--write", action="store_true", help="write the pages (the default)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            if found := stale(settings.BASE_DIR, all_pages()):
                raise CommandError("Stale pages (run `make docs` and commit):\n  " + "\n  ".join(found))
            return
        for name in write(settings.BASE_DIR, all_pages()):
            self.stdout.write(name)
