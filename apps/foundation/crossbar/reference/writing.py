"""Writing the generated pages, and telling which are stale."""

from pathlib import Path

from apps.foundation.crossbar.reference.pages import MARK, Page

#: Pages and their pictures.
KINDS = ("*.md", "*.svg")


def stale(root: Path, pages: dict[str, list[Page]]) -> list[str]:
    """Files that are missing, differ, or are no longer generated, relative to `root`."""
    found = []
    for folder, expected in pages.items():
        texts = {page.name: page.text for page in expected}
        present = {path.name: path.read_text() for kind in KINDS for path in (root / folder).glob(kind)}
        generated = {name for name, text in present.items() if text.startswith(MARK)}
        names = sorted(texts.keys() | generated)
        found += [f"{folder}/{name}" for name in names if texts.get(name) != present.get(name)]
    return found


def write(root: Path, pages: dict[str, list[Page]]) -> list[str]:
    """Make the folders hold exactly these generated pages; others in them are left alone. Returns what changed."""
    changed = stale(root, pages)
    texts = {f"{folder}/{page.name}": page.text for folder, expected in pages.items() for page in expected}
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in texts:
            path.write_text(texts[name])
        else:
            path.unlink()
    return changed
