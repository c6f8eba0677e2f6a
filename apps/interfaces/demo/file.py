"""demo.json: who can sign in to the demo, and with what. Readable by its owner only."""

import json
import os
from pathlib import Path
from typing import Any


def write_demo_file(path: Path, demo: dict[str, Any]) -> Path:
    """Write a draft beside the file, mode 600. `publish_demo_file` puts it in place once the demo is committed."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(demo, file, indent=2, ensure_ascii=False)
        file.write("\n")
    return draft


def publish_demo_file(draft: Path, path: Path) -> None:
    os.replace(draft, path)
