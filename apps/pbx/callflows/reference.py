"""The reference of the verbs, written from their files, and the pictures of the administrator's guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings

from apps.foundation.crossbar.reference import Page, register_pages
from apps.foundation.crossbar.reference.fields import field_table
from apps.pbx.callflows.families import by_family, family_of, related
from apps.pbx.callflows.pictures import Step, draw, draw_flow, shortened, step_of
from apps.pbx.callflows.registry import AnyVerb, verbs

GUIDE = "docs/administrators/guide"
_BLOCK = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


def index_pages() -> list[Page]:
    """The list of all verbs, by family."""
    lines = ["# Callflow verbs", ""]
    lines += ["A callflow's `flow` is a tree of `{module, data, children}`. These are the modules. After each the call"]
    lines += [
        "goes on at a child: the first key of its page that fits, else `_`. Where there is neither, it is hung up."
    ]
    lines += ["How to build whole flows of them: [the administrator's guide](../administrators/guide/README.md)."]
    for family, names in by_family(verbs()).items():
        lines += ["", f"## {family}", "", "| verb | what it does |", "|---|---|"]
        lines += [f"| [{name}](verbs/{name}.md) | {_cell(_about(verbs()[name]))} |" for name in names]
    return [Page("verbs.md", "\n".join(lines))]


def verb_pages() -> list[Page]:
    """A page and a picture for each verb."""
    pages = []
    for name, verb in verbs().items():
        pages += [Page(f"{name}.md", "\n".join(_page(name, verb))), Page(f"{name}.svg", _picture(name, verb))]
    return pages


def _page(name: str, verb: AnyVerb) -> Iterator[str]:
    yield from (f"# {name}", "", _about(verb), "", f"![What follows {name}]({name}.svg)", "")
    yield from ("## Data", "", *field_table(verb.Data), "")
    yield from ("## Children", "")
    if verb.children:
        yield from ("| child | taken when |", "|---|---|")
        yield from (f"| `{key}` | {_cell(str(meaning))} |" for key, meaning in verb.children.items())
        if verb.ends_when_answered:
            yield from ("", "When somebody answers, the flow has done its work: no child is taken.")
    else:
        yield "The flow ends here: children are not run."
    if verb.examples:
        yield from ("", "## Examples" if len(verb.examples) > 1 else "## Example")
    for example in verb.examples:
        yield from ("", "```json", _json({"module": name, "data": example, "children": {}}), "```")
    others = ", ".join(f"[{other}]({other}.md)" for other in related(name, verbs()))
    if others:
        yield from ("", f"## {family_of(name)}: related verbs", "", others)
    yield from ("", "[All verbs](../verbs.md)")


def _picture(name: str, verb: AnyVerb) -> str:
    """The first example, and what each child means in place of what would stand there."""
    example = step_of({"module": name, "data": verb.examples[0] if verb.examples else {}})
    ways = [(_example_key(key), _outcome(str(meaning))) for key, meaning in verb.children.items()]
    if verb.ends_when_answered:
        ways.insert(0, ("", _outcome("somebody answers: the flow is over")))
    ways.sort(key=lambda way: way[0] == "_")
    return draw(Step(example.title, example.lines, tuple(ways)), f"What follows {name}")


def _example_key(key: str) -> str:
    """One key of several that a verb names as examples."""
    return key.partition(",")[0].strip() if "…" in key else key


def _outcome(meaning: str) -> Step:
    first, *rest = _folded(meaning)
    return Step(first, tuple(rest), is_outcome=True)


def _folded(text: str, width: int = 34) -> list[str]:
    lines = [""]
    for word in text.split():
        fits = len(lines[-1]) + 1 + len(word) <= width or not lines[-1]
        lines = [*lines[:-1], f"{lines[-1]} {word}".strip()] if fits else [*lines, word]
    return [shortened(line) for line in lines]


def flows_of(text: str) -> list[dict[str, Any]]:
    """The flows in the ```json blocks of a Markdown page: bare, or in a callflow, or in a request's body."""
    found = []
    for block in _BLOCK.findall(text):
        value = msgspec.json.decode(block)
        value = value.get("data", value) if "module" not in value else value
        value = value.get("flow", value)
        if "module" in value:
            found.append(value)
    return found


def guide_pictures() -> list[Page]:
    """`<page>-<number>.svg` for each flow of each page of the guide."""
    pages = []
    for path in sorted((settings.BASE_DIR / GUIDE).glob("*.md")):
        for number, flow in enumerate(flows_of(path.read_text()), 1):
            pages.append(Page(f"{path.stem}-{number}.svg", draw_flow(flow, f"Flow {number} of {path.stem}")))
    return pages


def _about(verb: AnyVerb) -> str:
    return " ".join((verb.__doc__ or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


register_pages("docs/callflows", index_pages)
register_pages("docs/callflows/verbs", verb_pages)
register_pages(GUIDE, guide_pictures)
