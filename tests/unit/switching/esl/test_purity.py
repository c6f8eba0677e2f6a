"""The protocol's core does no I/O, and nothing in the package knows Django."""

import ast
from pathlib import Path

import pytest

from apps.switching import esl

PACKAGE = Path(esl.__file__).parent
CORE = {"errors", "framer", "headers", "events", "messages", "commands", "connection"}
IO = {"asyncio", "socket", "ssl", "select", "selectors", "threading", "subprocess", "logging", "os", "time"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_imports(path):
    names = imported(path)
    assert not {name for name in names if name.split(".")[0] in {"django", "channels", "celery", "kazoo"}}
    assert all(name.startswith("apps.switching.esl") for name in names if name.startswith("apps."))
    if path.stem in CORE:
        assert not names & IO
        ours = {name.rsplit(".", 1)[-1] for name in names if name.startswith("apps.switching.esl.")}
        assert ours <= CORE
