"""The reference page of the verbs, written from their files."""

from __future__ import annotations

import msgspec

from apps.foundation.crossbar.reference import Page, register_pages
from apps.foundation.crossbar.reference.fields import field_table
from apps.pbx.callflows.registry import AnyVerb, verbs


def verb_pages() -> list[Page]:
    """One page with every verb."""
    lines = ["# Callflow verbs", ""]
    lines += ["A callflow's `flow` is a tree of `{module, data, children}`. These are the modules. After each the call"]
    lines += ["goes on at a child: the first key below that fits, else `_`. Where there is neither, it is hung up.", ""]
    lines += ["| verb | what it does |", "|---|---|"]
    lines += [f"| [{name}](#{name}) | {_about(verb)} |" for name, verb in verbs().items()]
    for name, verb in verbs().items():
        lines += ["", *_verb(name, verb)]
    return [Page("verbs.md", "\n".join(lines))]


def _verb(name: str, verb: AnyVerb) -> list[str]:
    lines = [f"## {name}", "", _about(verb), "", *field_table(verb.Data)]
    if verb.children:
        lines += ["", "| child | when |", "|---|---|"]
        lines += [f"| `{key}` | {meaning} |" for key, meaning in verb.children.items()]
    else:
        lines += ["", "The flow ends here: children are not run."]
    for example in verb.examples:
        text = msgspec.json.format(msgspec.json.encode({"module": name, "data": example}), indent=2).decode()
        lines += ["", "```json", text, "```"]
    return lines


def _about(verb: AnyVerb) -> str:
    return " ".join((verb.__doc__ or "").split())


register_pages("docs/callflows", verb_pages)
