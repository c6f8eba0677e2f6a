"""Pictures of flows, as SVG: for the reference pages and the administrator's guide.

A *step* is a box with a title and lines; its *ways* lead to other boxes, each under the key of a child. The first step
stands at the left, every next one in the column to its right. The same steps always give the same text, so that
pictures can be kept in the repository and checked for freshness. Colours follow the reader's light or dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import msgspec

from apps.pbx.callflows.registry import DEFAULT_CHILD

#: Pixels. A letter is as wide as in the fonts below, a little more to be safe.
LETTER, LINE, MARGIN, ROW_GAP, LEAST_GAP = 7.2, 18, 14, 16, 56
#: Letters in a box's line; what is longer ends in an ellipsis, and is whole in the box's tooltip.
WIDEST, MOST_LINES = 34, 5
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_STYLE = """
.box{fill:#f6f8fa;stroke:#57606a}.end{fill:none;stroke:#57606a;stroke-dasharray:4 3}.way{fill:none;stroke:#57606a}
.title{font:600 13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}
.line{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#57606a}
.key{font:600 12px ui-monospace,Menlo,Consolas,monospace;fill:#0550ae}
@media (prefers-color-scheme:dark){.box{fill:#161b22;stroke:#8b949e}.end,.way{stroke:#8b949e}.title{fill:#e6edf3}
.line{fill:#9da7b3}.key{fill:#79c0ff}}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A box. An `is_outcome` is drawn dashed: it says what has happened rather than what is done."""

    title: str
    lines: tuple[str, ...] = ()
    ways: tuple[tuple[str, Step], ...] = ()
    is_outcome: bool = False

    @property
    def width(self) -> float:
        return max(len(text) for text in (self.title, *self.lines)) * LETTER + 2 * MARGIN

    @property
    def height(self) -> int:
        return LINE * (1 + len(self.lines)) + MARGIN


@dataclass(frozen=True, slots=True)
class _Placed:
    step: Step
    column: int
    top: float
    ways: tuple[tuple[str, _Placed], ...]

    @property
    def middle(self) -> float:
        return self.top + self.step.height / 2

    def all(self) -> Iterator[_Placed]:
        yield self
        for _key, below in self.ways:
            yield from below.all()


def draw_flow(flow: Mapping[str, Any], name: str = "") -> str:
    """A callflow's `flow`, as SVG; `name` is what the picture is called for those who do not see it."""
    return draw(step_of(flow), name or f"A flow that begins with {flow.get('module', '')}")


def step_of(node: Mapping[str, Any]) -> Step:
    """A node of a flow with all below it; the default child stands last."""
    children = node.get("children") or {}
    keys = sorted(children, key=lambda key: key == DEFAULT_CHILD)
    ways = tuple((str(key), step_of(children[key])) for key in keys)
    return Step(str(node.get("module", "")), tuple(_told(node.get("data") or {})), ways)


def _told(data: Mapping[str, Any]) -> Iterator[str]:
    for count, (name, value) in enumerate(data.items()):
        if count == MOST_LINES - 1 and len(data) > MOST_LINES:
            yield f"and {len(data) - count} more"
            return
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield shortened(f"{name}: {_ID.sub(lambda found: f'{found[0][:6]}…', text)}")


def shortened(text: str) -> str:
    """A line that fits in a box."""
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def draw(first: Step, name: str) -> str:
    """All steps from `first` on, as one SVG document."""
    placed, below = _place(first, 0, float(MARGIN))
    boxes = list(placed.all())
    lefts = _columns(boxes)
    right = max(lefts[box.column] + box.step.width for box in boxes) + MARGIN
    shapes = [shape for box in boxes for shape in (*_ways(box, lefts), *_box(box, lefts[box.column]))]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {below:.0f}" width="{right:.0f}" '
    head += f'height="{below:.0f}" role="img" aria-label="{escape(name)}">'
    return "\n".join([head, f"<title>{escape(name)}</title>", f"<style>{_STYLE}</style>", *shapes, "</svg>"])


def _place(step: Step, column: int, top: float) -> tuple[_Placed, float]:
    """The step with all below it, and where the next one may begin. A step stands in the middle of its ways."""
    ways: list[tuple[str, _Placed]] = []
    below = top
    for key, following in step.ways:
        placed, below = _place(following, column + 1, below)
        ways.append((key, placed))
    end = top + step.height + ROW_GAP
    if not ways:
        return _Placed(step, column, top, ()), end
    middle = (ways[0][1].middle + ways[-1][1].middle) / 2
    own = max(top, middle - step.height / 2)
    return _Placed(step, column, own, tuple(ways)), max(below, own + step.height + ROW_GAP)


def _columns(boxes: list[_Placed]) -> dict[int, float]:
    """Where each column begins: behind its left neighbour's widest box and the longest key between them."""
    lefts = {0: float(MARGIN)}
    for column in range(1, max(box.column for box in boxes) + 1):
        before = [box for box in boxes if box.column == column - 1]
        keys = max(len(key) for box in before for key, _placed in box.ways)
        widest = max(box.step.width for box in before)
        lefts[column] = lefts[column - 1] + widest + max(LEAST_GAP, keys * LETTER + 36)
    return lefts


def _ways(box: _Placed, lefts: Mapping[int, float]) -> Iterator[str]:
    start = lefts[box.column] + box.step.width
    longest = max((len(key) for key, _following in box.ways), default=0)
    for key, following in box.ways:
        end = lefts[following.column]
        bend = end - longest * LETTER - 24
        yield (
            f'<path class="way" d="M{start:.0f} {box.middle:.0f}H{bend:.0f}V{following.middle:.0f}H{end:.0f}'
            f'm-6 -4l6 4l-6 4"/>'
        )
        yield f'<text class="key" x="{bend + 8:.0f}" y="{following.middle - 7:.0f}">{escape(key)}</text>'


def _box(box: _Placed, left: float) -> Iterator[str]:
    step = box.step
    kind = "end" if step.is_outcome else "box"
    at = f'x="{left:.0f}" y="{box.top:.0f}" width="{step.width:.0f}" height="{step.height}"'
    yield f'<rect class="{kind}" {at} rx="6"/>'
    for number, text in enumerate((step.title, *step.lines)):
        style = "line" if number or step.is_outcome else "title"
        y = box.top + LINE * (number + 1)
        yield f'<text class="{style}" x="{left + MARGIN:.0f}" y="{y:.0f}">{escape(text)}</text>'
