"""A page for each noun of the API: what it is, its addresses, who may, its fields, an example."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from apps.foundation.crossbar.endpoints import Endpoint, Operation, endpoints
from apps.foundation.crossbar.openapi.wording import about, summary, who
from apps.foundation.crossbar.reference.fields import field_table
from apps.foundation.crossbar.reference.pages import Page


def resource_pages() -> list[Page]:
    """One page a noun, and the index."""
    ordered = sorted(endpoints(), key=lambda endpoint: endpoint.resource.path)
    nouns = [(noun, list(group)) for noun, group in groupby(ordered, key=lambda endpoint: endpoint.resource.path)]
    return [_index(nouns), *(Page(f"{noun}.md", _page(noun, found)) for noun, found in nouns)]


def _index(nouns: list[tuple[str, list[Endpoint]]]) -> Page:
    lines = ["# Resources", "", "How requests and answers look: [conventions](../api-conventions.md).", ""]
    lines += ["| resource | what it is |", "|---|---|"]
    lines += [f"| [{noun}]({noun}.md) | {_first_line(found)} |" for noun, found in nouns]
    return Page("README.md", "\n".join(lines))


def _first_line(found: list[Endpoint]) -> str:
    return about(found[0].resource).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _page(noun: str, found: list[Endpoint]) -> str:
    resources = list(dict.fromkeys(endpoint.resource for endpoint in found))
    lines = [f"# {noun}", ""]
    for resource in resources:
        lines += [about(resource), ""]
    lines += ["## Addresses", "", "| verb | address | what it does | who may |", "|---|---|---|---|"]
    lines += [row for endpoint in found for row in _operations(endpoint)]
    shapes = dict.fromkeys(resource.shape for resource in resources if resource.shape is not None)
    for shape in shapes:
        lines += ["", "## Fields", "", *field_table(shape)]
    example = next((resource.example for resource in resources if resource.example is not None), None)
    if example is not None:
        lines += ["", "## Example", "", *_example(found, example)]
    return "\n".join(lines)


def _operations(endpoint: Endpoint) -> Iterator[str]:
    address = f"/v2/{endpoint.pattern}".replace("<str:", "{").replace(">", "}")
    for operation in sorted(endpoint.operations.values(), key=lambda operation: operation.verb):
        yield f"| {operation.verb} | `{address}` | {_cell(operation)} | {who(operation)} |"


def _cell(operation: Operation) -> str:
    return summary(operation).replace("|", "\\|")


def _example(found: list[Endpoint], example: Any) -> Iterator[str]:
    creating = [endpoint for endpoint in found if endpoint.kind == "collection" and "PUT" in endpoint.operations]
    reading = [endpoint for endpoint in found if "GET" in endpoint.operations]
    yield "```"
    if creating:
        address = f"/v2/{creating[0].pattern}".replace("<str:", "{").replace(">", "}")
        yield f"PUT {address}"
        yield "X-Auth-Token: …"
        yield ""
        yield _json({"data": example})
    elif reading:
        yield _json({"data": example, "status": "success"})
    yield "```"


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
