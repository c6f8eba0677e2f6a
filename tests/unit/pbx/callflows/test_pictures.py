"""Pictures of flows, and the pages they stand on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings

from apps.foundation.crossbar.reference.pages import MARK, Page
from apps.foundation.crossbar.reference.writing import stale, write
from apps.pbx.callflows.families import FAMILIES, OTHERS, by_family, family_of, related
from apps.pbx.callflows.pictures import draw_flow
from apps.pbx.callflows.reference import GUIDE, flows_of, guide_pictures, index_pages, verb_pages
from apps.pbx.callflows.registry import validate_flow, verbs

FLOW = {
    "module": "menu",
    "data": {"id": "0123456789abcdef0123456789abcdef"},
    "children": {
        "1": {"module": "user", "data": {"id": "a"}, "children": {"_": {"module": "voicemail", "data": {"id": "b"}}}},
        "<2>": {"module": "play", "data": {"id": "tone://<&>\"'"}, "children": {}},
        "_": {"module": "hangup", "data": {}, "children": {}},
    },
}
GUIDE_PAGES = sorted((settings.BASE_DIR / GUIDE).glob("*.md"))


def texts(picture: str) -> list[str]:
    """Every text of a picture, read as XML: so that it is well formed too."""
    root = ElementTree.fromstring(picture)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def nodes(flow: dict[str, Any]) -> list[dict[str, Any]]:
    return [flow, *(below for child in flow.get("children", {}).values() for below in nodes(child))]


def test_every_node_and_every_key_is_drawn_once() -> None:
    found = texts(draw_flow(FLOW))
    assert sorted(word for word in found if word in verbs()) == ["hangup", "menu", "play", "user", "voicemail"]
    assert sorted(word for word in found if word in ("1", "<2>", "_")) == ["1", "<2>", "_", "_"]
    assert "id: 012345…" in found


def test_what_people_wrote_is_text_and_nothing_else() -> None:
    picture = draw_flow({"module": "play", "data": {"id": "</svg><script>alert(1)</script>"}}, 'a "name" <b>')
    assert "<script" not in picture
    root = ElementTree.fromstring(picture)
    assert root.attrib["aria-label"] == 'a "name" <b>'


def test_boxes_do_not_overlap() -> None:
    wide = {"module": "menu", "data": {}, "children": {str(key): FLOW for key in range(10)}}
    root = ElementTree.fromstring(draw_flow(wide))
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert len(boxes) == 51
    for number, (left, top, width, height) in enumerate(boxes):
        assert left + width <= float(root.attrib["width"])
        assert top + height <= float(root.attrib["height"])
        for other_left, other_top, other_width, other_height in boxes[number + 1 :]:
            apart = left + width <= other_left or other_left + other_width <= left
            assert apart or top + height <= other_top or other_top + other_height <= top


def test_the_same_flow_gives_the_same_picture() -> None:
    assert draw_flow(FLOW) == draw_flow(json.loads(json.dumps(FLOW)))


def test_every_verb_has_a_page_a_picture_and_a_line_in_the_index() -> None:
    pages = {page.name: page.text for page in verb_pages()}
    assert set(pages) == {f"{name}.{ending}" for name in verbs() for ending in ("md", "svg")}
    index = index_pages()[0].text
    for name, verb in verbs().items():
        assert f"(verbs/{name}.md)" in index
        page = pages[f"{name}.md"]
        assert all(f"`{key}`" in page for key in verb.children)
        assert all(f"`{field}`" in page for field in verb.Data.model_fields)
        for link in re.findall(r"\]\((\w+\.(?:md|svg))\)", page):
            assert link in pages
        assert {"module": name, "data": verb.examples[0], "children": {}} in flows_of(page)
        assert name in texts(pages[f"{name}.svg"])


def test_a_verb_belongs_to_one_family() -> None:
    named = [name for members in FAMILIES.values() for name in members]
    assert len(named) == len(set(named))
    assert sorted(name for members in by_family(verbs()).values() for name in members) == sorted(verbs())
    assert family_of("a verb of somebody's own") == OTHERS
    assert "device" in related("user", verbs())
    assert "user" not in related("user", verbs())


def test_a_surplus_picture_is_stale_and_removed(tmp_path: Path) -> None:
    page = Page("menu.svg", f"{MARK}\n\n<svg/>\n")
    assert write(tmp_path, {"docs": [page]}) == ["docs/menu.svg"]
    (tmp_path / "docs" / "own.svg").write_text("<svg/>")
    assert stale(tmp_path, {"docs": [page]}) == []
    (tmp_path / "docs" / "gone.svg").write_text(f"{MARK}\n\n<svg/>\n")
    assert stale(tmp_path, {"docs": [page]}) == ["docs/gone.svg"]
    assert write(tmp_path, {"docs": [page]}) == ["docs/gone.svg"]
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == ["menu.svg", "own.svg"]


@pytest.mark.parametrize("path", GUIDE_PAGES, ids=lambda path: path.stem)
def test_flows_of_the_guide_are_sound_and_drawn(path: Path) -> None:
    """Each validates, and its children are ones its verbs take; each picture is shown, and drawn from the page."""
    text = path.read_text()
    flows = flows_of(text)
    pictures = {page.name: page.text for page in guide_pictures()}
    for number, flow in enumerate(flows, 1):
        validate_flow(flow)
        name = f"{path.stem}-{number}.svg"
        assert f"({name})" in text
        assert {node["module"] for node in nodes(flow)} <= set(texts(pictures[name]))
        for node in nodes(flow):
            verb = verbs()[node["module"]]
            data = verb.Data.model_validate(node.get("data", {}))
            assert all(verb.meaning_of(key, data) is not None for key in node.get("children", {})), node["module"]


@pytest.mark.parametrize("path", GUIDE_PAGES, ids=lambda path: path.stem)
def test_links_of_the_guide_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []
