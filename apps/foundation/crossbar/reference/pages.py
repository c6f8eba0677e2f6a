"""The registry of generated pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is a file name in its folder; `text` is Markdown, or a picture's SVG."""

    name: str
    text: str


#: What a generated page begins with; pages without it are somebody's own.
MARK = "<!-- Written by `make docs` from the code. Do not edit. -->"

Provider = Callable[[], Iterable[Page]]
_providers: dict[str, Provider] = {}


class FolderTaken(Exception):
    """Two generators want to write one folder."""


def register_pages(folder: str, provider: Provider) -> None:
    """Write generated pages into a folder below the repository's root (`docs/callflows`)."""
    if _providers.get(folder, provider) is not provider:
        raise FolderTaken(folder)
    _providers[folder] = provider


def all_pages() -> dict[str, list[Page]]:
    """Pages by folder."""
    autodiscover_modules("api")
    autodiscover_modules("reference")
    return {folder: [_marked(page) for page in provider()] for folder, provider in sorted(_providers.items())}


def _marked(page: Page) -> Page:
    return Page(page.name, f"{MARK}\n\n{page.text.rstrip()}\n")
