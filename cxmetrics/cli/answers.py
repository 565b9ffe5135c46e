"""The rows of a query as a table for people: only columns that say something, numbers in their units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cxmetrics.cli.figures import NONE, design_effect, figure, period_name, share, unit_named, whole
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table
from cxmetrics.compile import compile_project
from cxmetrics.ir import Pyramid

Row = Mapping[str, Any]
_VALUES = ("value", "low", "high", "peer", "target", "shrunken")
_DIFFERENCES = ("gap", "change", "change_low", "change_high", "peer_gap", "peer_low", "peer_high")
_RANKS = ("peer_rank", "peers", "rank_best", "rank_worst")
_TEXTS = ("moved", "against", "agreement", "status")
_SKIPPED = ("level", "grain", "unit", "n_effective", "definition", "run")  # for programs
_FIRST = ("indicator", "period")
_EFFECT = "design_effect"


def told(project: Path, names: Sequence[str], rows: Sequence[Row], session: Session) -> Iterator[str]:
    """The lines of the table; none where there are no rows."""
    if not rows:
        return
    pyramid = compile_project(project).pyramid
    effects = [design_effect(pyramid.indicators.get(row["indicator"]), row) for row in rows]
    if any(effect is not None for effect in effects):  # beside the n that it is about
        place = names.index("n") + 1
        names = [*names[:place], _EFFECT, *names[place:]]
        rows = [{**row, _EFFECT: effect} for row, effect in zip(rows, effects, strict=True)]
    known = {*_VALUES, *_DIFFERENCES, *_TEXTS, *_SKIPPED, *_FIRST, "n", _EFFECT, "score", "coverage", *_RANKS,
             "peer_percentile"}
    dimensions = [name for name in names if name not in known]
    shown = [name for name in names if name not in _SKIPPED and _says(name, rows, dimensions)]
    columns = [Column(session.term("column", name), right=name not in (*_FIRST, *_TEXTS, *dimensions))
               for name in shown]
    yield from as_table(columns, [[_cell(name, row, pyramid, session) for name in shown] for row in rows])


def _says(name: str, rows: Sequence[Row], dimensions: Sequence[str]) -> bool:
    if name == "coverage":
        return any(row[name] is not None and row[name] < 1 for row in rows)
    return name in (*dimensions, "value", "n") or any(row[name] is not None for row in rows)


def _cell(name: str, row: Row, pyramid: Pyramid, session: Session) -> str:
    cell = row[name]
    if name in (*_VALUES, *_DIFFERENCES):
        indicator = pyramid.indicators.get(row["indicator"])
        display = indicator and (indicator.display or indicator.rounding)
        return figure(cell, unit_named(row["unit"]), display or None, difference=name in _DIFFERENCES)
    writers: Mapping[str, Callable[[Any], str]] = {
        "indicator": str, "n": whole,
        "period": lambda period: period_name(period, row["grain"], pyramid.project.calendar.year_start),
        "score": lambda points: figure(points, unit_named("score")), "coverage": share, "peer_percentile": share,
        _EFFECT: lambda effect: f"{effect:.2f}", **dict.fromkeys(_RANKS, str),
        "status": lambda status: session.term("status", status),
        "moved": lambda moved: session.term("moved", moved), "against": str,
        "agreement": lambda verdict: session.term("agreement", verdict)}
    if name in writers:
        return NONE if cell is None else writers[name](cell)
    return session.say("all") if cell is None else str(cell)
