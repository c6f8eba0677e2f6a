"""The reference pages under docs/, written from the code they describe.

`manage.py docs --write` writes them and `--check` fails where one is stale. Another app adds pages of its own (callflow
verbs, settings, events) from a module `reference.py`, which is imported before the pages are made:

    register_pages("docs/callflows", lambda: [Page("menu.md", "# menu …")])
"""

from apps.foundation.crossbar.reference.pages import Page, all_pages, register_pages
from apps.foundation.crossbar.reference.resources import resource_pages

register_pages("docs/api", resource_pages)

__all__ = ["Page", "all_pages", "register_pages"]
