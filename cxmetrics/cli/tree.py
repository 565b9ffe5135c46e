"""The pyramid drawn: titles, levels, weights, and the values of a period once there are some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich.cells import cell_len

from cxmetrics.cli.branches import Branch, branches
from cxmetrics.cli.figures import NONE, figure, figure_of, period_name, share, unit_named, whole
from cxmetrics.cli.latest import Latest
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import clipped
from cxmetrics.cli.terminal import coloured, draws, ink, width
from cxmetrics.ir import Indicator, Pyramid
from cxmetrics.render.wording import visible

SIGNS = "├─└│█░↑"
_BAR = 10  # cells of a full score
_GOOD, _FAIR = 80, 60  # scores from which the bar is green, yellow
_PEER_GAP = 10  # the number of a column that is drawn only where there are peers
_NARROWEST = 24  # cells a title keeps on a narrow terminal
NAMES = ("indicator", "title", "level", "parent", "root", "depth", "weight", "weight_at_root", "repeated", "grain",
         "period", "value", "unit", "n", "low", "high", "score", "coverage", "target", "gap", "peer",
         "peer_gap", "peer_rank", "peer_percentile", "peers", "change", "change_low", "change_high", "moved", "status")


@dataclass(frozen=True, slots=True)
class Paper:
    """What can be drawn on: its width (None: any), whether it takes colours, and the signs `SIGNS`."""

    width: int | None = None
    colour: bool = False
    signs: bool = True


def paper_of(stream: TextIO) -> Paper:
    """What a stream can show."""
    return Paper(width(stream), coloured(stream), draws(stream, SIGNS))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of the drawing; `style` of its text."""

    text: str
    style: str = ""
    right: bool = False


def records(pyramid: Pyramid, found: Latest, session: Session, depth: int | None) -> Iterator[Mapping[str, object]]:
    """A record a line of the tree, with the keys `NAMES`."""
    for branch in branches(pyramid, depth):
        indicator = branch.indicator
        row = found.rows.get(indicator.id, {})
        given = {name: row.get(name) for name in NAMES}
        yield given | {
            "indicator": indicator.id, "title": session.title(indicator.title, indicator.id),
            "level": indicator.level, "parent": branch.parent, "root": branch.root, "depth": branch.depth,
            "weight": branch.weight, "weight_at_root": branch.at_root, "repeated": branch.repeated,
            "unit": str(indicator.unit), "score": _score(branch, row)}


def drawing(pyramid: Pyramid, found: Latest, session: Session, paper: Paper, depth: int | None) -> Iterator[str]:
    """The lines of the drawn tree."""
    lines = list(branches(pyramid, depth))
    table = [_heading(session, bool(found.rows))]
    table += [_cells(branch, found.rows.get(branch.indicator.id), session, paper, bool(found.rows)) for branch in lines]
    if not any(row.get("peer_gap") is not None for row in found.rows.values()):
        table = [row[:_PEER_GAP] for row in table]
    widths = [max(cell_len(row[i].text) for row in table) for i in range(len(table[0]))]
    chosen = _fitting(widths, paper.width)
    yield _title(pyramid, found, session)
    yield ""
    for number, row in enumerate(table):
        cells = [_drawn(row[i], widths[i], paper) for i in chosen]
        text = "  ".join(cells).rstrip()
        yield ink(text, "dim", colour=paper.colour) if number == 0 else text
    if any(branch.repeated for branch in lines):
        yield ""
        yield session.say("tree.repeated", mark=_mark(paper))


def _title(pyramid: Pyramid, found: Latest, session: Session) -> str:
    project = pyramid.project
    title = visible(session.title(project.title, project.id))
    if found.period is None:
        return title
    return session.say("tree.title", title=title, grain=session.term("grain", found.grain),
                       period=period_name(found.period, found.grain, found.year_start))


def _heading(session: Session, valued: bool) -> list[_Cell]:
    plain = ("title", "indicator", "level")
    numbers = ("weight", "weight_at_root", *(("value", "n", "score") if valued else ()))
    heads = [_Cell(session.term("column", name), right=name in numbers) for name in (*plain, *numbers)]
    last = [_Cell(""), _Cell(session.term("column", "status")), _Cell(session.term("column", "peer_gap"), right=True)]
    return heads + (last if valued else [])


def _cells(branch: Branch, row: Mapping[str, Any] | None, session: Session, paper: Paper,
           valued: bool) -> list[_Cell]:
    indicator = branch.indicator
    title = _trunk(branch, paper) + visible(session.title(indicator.title, indicator.id))
    at_root = NONE if branch.parent is None or branch.at_root is None else share(branch.at_root)
    weight = NONE if branch.bond is None else session.term("tree", branch.bond) if branch.weight is None else share(
        branch.weight)
    cells = [_Cell(f"{title} {_mark(paper)}" if branch.repeated else title, "" if branch.depth else "strong"),
             _Cell(visible(indicator.id), "dim"), _Cell(_level(indicator, session), "dim"),
             _Cell(weight, right=True), _Cell(at_root, right=True)]
    return cells + (_numbers(branch, row or {}, session, paper) if valued else [])


def _level(indicator: Indicator, session: Session) -> str:
    return visible(session.term("level", indicator.level)) if indicator.level else ""


def _numbers(branch: Branch, row: Mapping[str, Any], session: Session, paper: Paper) -> list[_Cell]:
    indicator = branch.indicator
    points = _score(branch, row)
    style = _style(points)
    status = str(row.get("status") or "no_data")
    return [_Cell(figure_of(indicator, row.get("value")), right=True),
            _Cell(whole(row.get("n")), right=True),
            _Cell(NONE if points is None else figure(points, unit_named("score")), style, right=True),
            _Cell(_bar(points, paper), style),
            _Cell(session.term("status", status), "dim" if status == "ok" else "yellow"), _peer_gap(branch, row)]


def _peer_gap(branch: Branch, row: Mapping[str, Any]) -> _Cell:
    """How far it is from its peer; nothing where there is none."""
    gap = row.get("peer_gap")
    return _Cell("" if gap is None else figure_of(branch.indicator, gap, difference=True), right=True)


def _score(branch: Branch, row: Mapping[str, Any]) -> float | None:
    """The score; a composite of scores is one itself."""
    points: float | None = row.get("score")
    return row.get("value") if points is None and branch.indicator.unit.kind == "score" else points


def _style(points: float | None) -> str:
    if points is None:
        return "dim"
    return "green" if points >= _GOOD else "yellow" if points >= _FAIR else "red"


def _bar(points: float | None, paper: Paper) -> str:
    full, empty = "█░" if paper.signs else "#."
    if points is None:
        return ""
    filled = min(_BAR, max(0, int(points / 100 * _BAR + 0.5)))
    return full * filled + empty * (_BAR - filled)


def _trunk(branch: Branch, paper: Paper) -> str:
    """What joins a line to the one it hangs from."""
    through, corner, tee = ("│  ", "└─ ", "├─ ") if paper.signs else ("|  ", "`- ", "|- ")
    if not branch.last:
        return ""
    *above, own = branch.last
    return "".join("   " if last else through for last in above) + (corner if own else tee)


def _mark(paper: Paper) -> str:
    return "↑" if paper.signs else "^"


def _fitting(widths: list[int], most: int | None) -> Sequence[int]:
    """The columns to draw; on a narrow terminal some are left out and the titles, widths[0], are cut."""
    chosen = list(range(len(widths)))
    for spare in (2, 4, 1, 3, 8, _PEER_GAP):  # level, weight at the root, id, weight, bar
        if most is None or sum(widths[i] + 2 for i in chosen) - 2 <= most:
            break
        if spare in chosen:
            chosen.remove(spare)
    if most is not None:
        others = sum(widths[i] + 2 for i in chosen[1:])
        widths[0] = min(widths[0], max(_NARROWEST, most - others))
    return chosen


def _drawn(cell: _Cell, room: int, paper: Paper) -> str:
    text = clipped(cell.text, room)
    blanks = " " * (room - cell_len(text))
    inked = ink(text, cell.style, colour=paper.colour)
    return blanks + inked if cell.right else inked + blanks
