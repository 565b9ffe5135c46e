"""The lineage of an indicator as one SVG: from the top at the left, through what it is made of, to columns and files.

The drawing needs nothing beside itself: no script, no font, no style from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

from cxmetrics.cli.ancestry import Ancestry, Link, Part
from cxmetrics.cli.figures import share
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import clipped
from cxmetrics.render.wording import visible

_CELL, _TEXT, _HEIGHT, _ROW, _GAP, _MARGIN = 7.2, 12, 36, 46, 90, 24  # pixels
_WIDEST = 34  # cells of a text
_STYLE = """
text{font:12px system-ui,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;fill:#1f2933}
.dim{fill:#65727f;font-size:10.5px}
rect{fill:#fff;stroke:#9aa5b1;rx:5}
.self rect{fill:#fff3c4;stroke:#cb6e17;stroke-width:2}
.above rect{fill:#e3f0ff;stroke:#4a7fb5}
.column rect{fill:#f0f4f0;stroke:#7c9a7c}
.source rect{fill:#e9e9ef;stroke:#7b7b93}
path{fill:none;stroke:#9aa5b1}
.keeps,.weighs,.looks_up{stroke-dasharray:4 3}
"""


@dataclass(frozen=True, slots=True)
class _Box:
    """A part in its place; pixels from the left and the top."""

    part: Part
    lines: tuple[str, str]
    x: float
    y: float
    width: float


def drawn(found: Ancestry, session: Session) -> str:
    """The drawing as text; titles and notes are in the language of the session."""
    boxes = _placed(found, session)
    right = max(box.x + box.width for box in boxes.values()) + _MARGIN
    bottom = max(box.y + _HEIGHT for box in boxes.values()) + _MARGIN
    title = visible(f"{found.parts[found.indicator].title} ({found.indicator})")
    size = f'viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" height="{bottom:.0f}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(title)}>',
             f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>",
             f'<rect width="{right:.0f}" height="{bottom:.0f}" style="fill:#fff;stroke:none"/>']
    lines += [_path(link, boxes, session) for link in found.links]
    lines += [line for box in boxes.values() for line in _box(box)]
    return "\n".join([*lines, "</svg>"])


def _path(link: Link, boxes: Mapping[str, _Box], session: Session) -> str:
    """A line between two boxes, the thicker the more weight; what it means shows under the pointer."""
    one, other = boxes[link.parent], boxes[link.part]
    x, y, u, v = one.x + one.width, one.y + _HEIGHT / 2, other.x, other.y + _HEIGHT / 2
    thick = 1 + 3 * (link.weight or 0)
    told = share(link.weight) if link.weight is not None else session.term("lineage", link.way)
    note = f"<title>{escape(f'{link.parent} → {link.part}: {told}')}</title>"
    middle = (x + u) / 2
    return (f'<path class="{link.way}" stroke-width="{thick:.1f}" d="M{x:.0f} {y:.0f}C{middle:.0f} {y:.0f} '
            f'{middle:.0f} {v:.0f} {u:.0f} {v:.0f}">{note}</path>')


def _box(box: _Box) -> Iterator[str]:
    part = box.part
    kind = part.side if part.kind == "indicator" else part.kind
    note = ": ".join(text for text in (part.id, part.formula) if text)
    yield f'<g class="{kind}"><title>{escape(visible(note))}</title>'
    yield f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{_HEIGHT}"/>'
    first, second = (escape(line) for line in box.lines)
    middle = box.y + (15 if second else 22)
    yield f'<text x="{box.x + 8:.0f}" y="{middle:.0f}">{first}</text>'
    if second:
        yield f'<text class="dim" x="{box.x + 8:.0f}" y="{box.y + 29:.0f}">{second}</text>'
    yield "</g>"


# --- where boxes stand -------------------------------------------------------------------------------------------


def _placed(found: Ancestry, session: Session) -> dict[str, _Box]:
    """Every part in a layer of its own depth, beside what it is made of."""
    layers = _layers(found)
    lines = {name: _lines(part, found, session) for name, part in found.parts.items()}
    widths = {name: 16 + _CELL * max(cell_len(line) for line in lines[name]) for name in found.parts}
    columns = [max((widths[name] for name in layer), default=0.0) for layer in layers]
    heights = _heights(found, layers)
    left, boxes = float(_MARGIN), dict[str, _Box]()
    for layer, width in zip(layers, columns, strict=True):
        for name in layer:
            boxes[name] = _Box(found.parts[name], lines[name], left, heights[name], widths[name])
        left += width + _GAP
    return boxes


def _lines(part: Part, found: Ancestry, session: Session) -> tuple[str, str]:
    """The title, and below it what else there is to say."""
    if part.kind == "source":
        return clipped(visible(part.title), _WIDEST), ""
    if part.kind == "column":
        notes = [session.term("type", part.unit or ""), part.privacy or ""]
    else:
        weights = [link.weight for link in found.above(part.id) if link.weight is not None]
        notes = ["" if part.id == part.title else part.id, share(weights[0]) if len(weights) == 1 else ""]
    told = " · ".join(note for note in notes if note)
    return clipped(visible(part.title), _WIDEST), clipped(visible(told), _WIDEST + 4)


def _layers(found: Ancestry) -> list[list[str]]:
    """The parts by their longest way from the top, in the order in which they are met; files come last."""
    depth = {name: _depth(name, found, {}) for name in found.parts}
    deepest = max(depth.values())
    for name, part in found.parts.items():
        if part.kind == "source":
            depth[name] = deepest
    met = dict.fromkeys(name for top in found.parts if not found.above(top) for name in _met(found, top, set()))
    return [[name for name in met if depth[name] == layer] for layer in range(deepest + 1)]


def _depth(name: str, found: Ancestry, known: dict[str, int]) -> int:
    if name not in known:
        known[name] = 0  # definitions have no circles; nothing here would end on one
        known[name] = max((1 + _depth(link.parent, found, known) for link in found.above(name)), default=0)
    return known[name]


def _met(found: Ancestry, name: str, seen: set[str]) -> Iterator[str]:
    if name not in seen:
        seen.add(name)
        yield name
        for link in found.below(name):
            yield from _met(found, link.part, seen)


def _heights(found: Ancestry, layers: Sequence[Sequence[str]]) -> dict[str, float]:
    """How far down each stands: by the middle of what it is made of, files by that of their columns."""
    heights: dict[str, float] = {}
    for layer in reversed(layers):
        wished = {name: _middle([link.part for link in found.below(name)], heights) for name in layer}
        heights |= _apart(layer, wished)
    files = [name for name in layers[-1] if found.parts[name].kind == "source"]
    wished = {name: _middle([link.parent for link in found.above(name)], heights) for name in files}
    return heights | _apart(sorted(files, key=lambda name: wished[name]), wished)


def _middle(names: Sequence[str], heights: Mapping[str, float]) -> float:
    known = [heights[name] for name in names if name in heights]
    return sum(known) / len(known) if known else 0.0


def _apart(names: Sequence[str], wished: Mapping[str, float]) -> dict[str, float]:
    heights, least = dict[str, float](), float(_MARGIN)
    for name in names:
        heights[name] = max(least, wished[name])
        least = heights[name] + _ROW
    return heights
