"""No setting that nothing reads: every field of a document or of a verb's data is named where something acts on it.

A name that occurs in declarations, docstrings and the functions that show documents alone has no effect. It is found
here; what is meant to be shown and nothing else is listed with its reason.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

APPS = Path(__file__).resolve().parents[2] / "apps"
ROOT_SHAPE = "Shape"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_DISPLAY = "shown by the web client the white label is for; nothing of it concerns calls"

#: Fields by shape that nothing here acts on, and why they are offered all the same.
ALLOWED = {
    "WhiteLabelDocument": {
        **dict.fromkeys(("fake_api_url", "hide_credits", "hide_powered", "hide_registration", "nav"), _DISPLAY),
        **dict.fromkeys(("inbound_trunks_price", "outbound_trunks_price", "twoway_trunks_price"), _DISPLAY),
    },
}


@dataclass(frozen=True, slots=True)
class FieldOfShape:
    shape: str
    name: str
    file: Path

    def __str__(self) -> str:
        return f"{self.file.relative_to(APPS)}: {self.shape}.{self.name}"


@dataclass(frozen=True, slots=True)
class Source:
    file: Path
    text: str
    tree: ast.Module


def test_every_field_of_a_document_is_read(sources: list[Source], words: Counter[str]) -> None:
    unread = [each for each in _fields(sources) if not words[each.name] and each.name not in _allowed(each.shape)]

    assert not unread, "nothing acts on: " + ", ".join(map(str, unread))


def test_what_is_allowed_still_exists_and_is_still_unread(sources: list[Source], words: Counter[str]) -> None:
    fields = {(each.shape, each.name) for each in _fields(sources)}
    allowed = {(shape, name) for shape, names in ALLOWED.items() for name in names}

    assert allowed <= fields
    assert not [name for _, name in allowed if words[name]]


def test_a_field_nothing_reads_is_found() -> None:
    text = (
        "class Bread(Shape):\n"
        '    """What of `crust`."""\n\n'
        "    crust: str = Field(description='crust')\n"
        "    crumb: str = ''\n"
        "    salt: int = Field(0, alias='grains-of-salt')\n\n"
        "def bake(bread):\n"
        "    return bread.crumb, bread['grains_of_salt']\n"
    )
    source = Source(APPS / "bakery.py", text, ast.parse(text))
    words = _words([source])

    assert [each.name for each in _fields([source]) if not words[each.name]] == ["crust"]


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    files = (file for file in sorted(APPS.rglob("*.py")) if "migrations" not in file.parts)
    return [Source(file, text := file.read_text(), ast.parse(text)) for file in files]


@pytest.fixture(scope="module")
def words(sources: list[Source]) -> Counter[str]:
    return _words(sources)


def _allowed(shape: str) -> dict[str, str]:
    return ALLOWED.get(shape, {})


def _shapes(sources: list[Source]) -> list[tuple[Source, ast.ClassDef]]:
    """Every class that is a Shape, however far down."""
    classes = [(each, node) for each in sources for node in ast.walk(each.tree) if isinstance(node, ast.ClassDef)]
    known, found = {ROOT_SHAPE}, []
    while True:
        more = [one for one in classes if one not in found and any(_name(base) in known for base in one[1].bases)]
        if not more:
            return found
        found += more
        known |= {node.name for _, node in more}


def _name(base: ast.expr) -> str:
    if isinstance(base, ast.Subscript):
        return _name(base.value)
    return base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""


def _declarations(shape: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    for statement in shape.body:
        private = isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "_").startswith("_")
        if isinstance(statement, ast.AnnAssign) and not private:
            yield statement


def _fields(sources: list[Source]) -> Iterator[FieldOfShape]:
    for source, shape in _shapes(sources):
        for declared in _declarations(shape):
            yield FieldOfShape(shape.name, _public_name(declared), source.file)


def _public_name(declared: ast.AnnAssign) -> str:
    """The name a client writes, as it would be written in code."""
    assert isinstance(declared.target, ast.Name)
    keywords = declared.value.keywords if isinstance(declared.value, ast.Call) else []
    aliases = [one.value.value for one in keywords if one.arg == "alias" and isinstance(one.value, ast.Constant)]
    return str(next(iter(aliases), declared.target.id)).replace("-", "_").rstrip("_")


def _words(sources: list[Source]) -> Counter[str]:
    """How often each name occurs in code that may act on it: not in declarations, docstrings and comments. Of a
    `documents.py` only the methods of its shapes count: the rest of it checks and shows."""
    shapes = _shapes(sources)
    found: Counter[str] = Counter()
    for source in sources:
        own = [shape for each, shape in shapes if each is source]
        hidden = {line for shape in own for one in _declarations(shape) for line in _lines(one)}
        hidden |= {line for node in ast.walk(source.tree) for line in _docstring(node)}
        kept = {
            line for shape in own for one in shape.body if not isinstance(one, ast.AnnAssign) for line in _lines(one)
        }
        for number, line in enumerate(source.text.splitlines(), 1):
            if number in hidden or (source.file.name == "documents.py" and number not in kept):
                continue
            for word in _WORD.findall(line.partition("# ")[0].replace("-", "_").replace("__", " ")):
                found[word] += 1
    return found


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _docstring(node: ast.AST) -> range:
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if documented and ast.get_docstring(node) is not None:  # type: ignore[arg-type]
        return _lines(node.body[0])  # type: ignore[attr-defined]
    return range(0)
