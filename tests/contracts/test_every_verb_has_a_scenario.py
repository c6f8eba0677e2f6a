"""Every verb of a callflow and every action of a metaflow is proven in a call: a scenario of `tests/telephony` uses it.

A scenario uses a verb by naming it as a flow's module or in an argument (`customer.flow(["8000"], "menu")`), or by
dialling its star code. That a document has a field of the name (`{"do_not_disturb": …}`) is no use of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from apps.pbx.callflows.registry import verbs
from apps.pbx.feature_codes.catalogue import CATALOGUE
from apps.pbx.metaflows.registry import actions

TELEPHONY = Path(__file__).resolve().parents[1] / "telephony"
#: Verbs and actions that no scenario can prove, and why.
WITHOUT = {
    "sound_touch": "switches have no mod_soundtouch here; what is sent to one is in the integration tests",
}


def test_every_verb_is_in_a_scenario() -> None:
    used = _used(path.read_text() for path in TELEPHONY.rglob("*.py"))
    missing = sorted({*verbs(), *actions()} - used - WITHOUT.keys())

    assert not missing, f"write a scenario for {', '.join(missing)} in {TELEPHONY.name}/scenarios"


def test_what_has_none_is_still_there_and_still_has_none() -> None:
    assert WITHOUT.keys() <= {*verbs(), *actions()}
    assert not WITHOUT.keys() & _used(path.read_text() for path in TELEPHONY.rglob("*.py"))


def test_what_counts_as_a_use() -> None:
    dialled = next(code for code in CATALOGUE if code.module == "wakeup").dialled
    text = f'''
async def test(bakery):
    """Says "page_group"."""
    await bakery.flow(["8000"], "menu", children={{"_": {{"module": "tones", "data": {{"park": 1}}}}}})
    await bakery.patch("devices/1", {{"do_not_disturb": {{"enabled": True}}}})
    call = await anna.dial("{dialled}0730")
'''

    used = _used([text])

    assert {"menu", "tones", "wakeup"} <= used
    assert not {"page_group", "park", "do_not_disturb"} & used


def _used(sources: Iterable[str]) -> set[str]:
    words = {word for source in sources for word in _words(ast.parse(source))}
    dialled = {code.module for code in CATALOGUE if code.is_star and _is_dialled(code.dialled, words)}
    return words | dialled


def _is_dialled(code: str, words: set[str]) -> bool:
    """The code alone or with digits behind it that no longer code takes."""
    longer = [other.dialled for other in CATALOGUE if other.dialled.startswith(code) and other.dialled != code]
    number = re.compile(rf"{re.escape(code)}[0-9+]*")
    return any(number.fullmatch(word) and not word.startswith(tuple(longer)) for word in words)


def _words(tree: ast.AST) -> Iterator[str]:
    """Texts that are an argument of a call or an item of one, the value of `module` or `action` in a dictionary, or
    what a loop goes through."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (text for argument in node.args for text in _texts(argument))
        elif isinstance(node, ast.For):
            yield from _texts(node.iter)
        elif isinstance(node, ast.Dict):
            named = zip(node.keys, node.values, strict=True)
            values = [value for key, value in named if isinstance(key, ast.Constant) and key.value in _NAMES]
            yield from (text for value in values for text in _texts(value))


_NAMES = ("module", "action")


def _texts(node: ast.expr) -> Iterator[str]:
    """A text, or those of a list."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from (text for item in node.elts for text in _texts(item))
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
