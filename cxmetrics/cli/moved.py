"""The numbers that move between two revisions: as tables for people, as Markdown, and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from cxmetrics.cli.figures import NONE, figure_of, period_name, whole
from cxmetrics.cli.session import Session
from cxmetrics.cli.tables import Column, as_table, plain
from cxmetrics.cli.terminal import ink
from cxmetrics.moves import Moved, Moves, Place, Rank, Verdict
from cxmetrics.render.wording import visible
from cxmetrics.revisions import Revision

_MOST = 15  # lines of each table that are printed
_RIGHT = ("old_value", "new_value", "change", "n", "moved_in", "of", "old_rank", "new_rank")


@dataclass(frozen=True, slots=True)
class _Section:
    """A table with its heading; `more`: how many lines were left out."""

    heading: str
    names: tuple[str, ...]
    rows: list[list[str]]
    more: int


def told(found: Moves, before: Revision, after: Revision, session: Session, *, colour: bool) -> Iterator[str]:
    """The lines for people."""
    for section in _sections(found, before, after, session):
        yield ""
        yield ink(section.heading, "strong", colour=colour)
        heads = [Column(session.term("column", name), right=name in _RIGHT) for name in section.names]
        yield from as_table(heads, section.rows)
        if section.more:
            yield session.say("moves.more", count=whole(section.more))
    yield ""
    yield summary(found, session)


def as_markdown(found: Moves, before: Revision, after: Revision, session: Session) -> Iterator[str]:
    """The lines for a merge request."""
    yield ""
    yield summary(found, session)
    for section in _sections(found, before, after, session):
        yield ""
        yield f"**{section.heading}**"
        yield ""
        yield f"| {' | '.join(session.term('column', name) for name in section.names)} |"
        yield f"|{'|'.join('--:' if name in _RIGHT else '---' for name in section.names)}|"
        for row in section.rows:
            yield f"| {' | '.join(visible(cell).replace('|', chr(92) + '|') for cell in row)} |"
        if section.more:
            yield ""
            yield session.say("moves.more", count=whole(section.more))


def summary(found: Moves, session: Session) -> str:
    """What was compared and what came of it, in a sentence."""
    if found.stretch is None:
        return session.say("moves.no_data" if found.compared or found.added else "moves.none")
    return session.say(
        "moves.summary", compared=session.count("indicators", len(found.compared)), totals=len(found.totals),
        slices=whole(len(found.slices)),
        of=whole(found.slices_of), ranks=whole(len(found.ranks)), verdicts=whole(len(found.verdicts)),
        first=found.stretch.periods[0], last=found.stretch.periods[-1],
        grain=session.term("stretch", found.stretch.grain))


def _sections(found: Moves, before: Revision, after: Revision, session: Session) -> Iterator[_Section]:
    tables: tuple[tuple[str, tuple[str, ...], list[list[str]]], ...] = (
        ("totals", ("indicator", "period", "old_value", "new_value", "change", "n", "moved_in"),
         [_value(one, found, before, after) for one in found.totals]),
        ("verdicts", ("indicator", "slice", "period", "verdict", "old_value", "new_value", "sizes"),
         [_verdict(one, found, before, after, session) for one in found.verdicts]),
        ("slices", ("indicator", "slice", "period", "old_value", "new_value", "change", "n", "moved_in"),
         [_value(one, found, before, after) for one in found.slices]),
        ("ranks", ("indicator", "slice", "old_rank", "new_rank", "of"), [_rank(one) for one in found.ranks]))
    for name, heads, rows in tables:
        if rows:
            yield _Section(session.say(f"moves.{name}"), heads, rows[:_MOST], max(len(rows) - _MOST, 0))


def _value(one: Moved, found: Moves, before: Revision, after: Revision) -> list[str]:
    new, old = after.pyramid.indicators.get(one.indicator), before.pyramid.indicators.get(one.indicator)
    difference = NONE
    if new is not None and one.before is not None and one.after is not None and isfinite(one.size):
        difference = figure_of(new, one.after - one.before, difference=True)
    n = whole(one.n_after) if one.n_before in (one.n_after, None) else f"{whole(one.n_before)} → {whole(one.n_after)}"
    place = [_slice(one.place)] if one.place else []
    return [one.indicator, *place, _period(one.period, found, after),
            NONE if old is None else figure_of(old, one.before), NONE if new is None else figure_of(new, one.after),
            difference, n, f"{one.periods}/{one.of}"]


def _period(period: dt.date, found: Moves, after: Revision) -> str:
    assert found.stretch is not None
    return period_name(period, found.stretch.grain, after.pyramid.project.calendar.year_start)


def _verdict(one: Verdict, found: Moves, before: Revision, after: Revision, session: Session) -> list[str]:
    kind = "status" if one.kind == "status" else "verdict"
    ends = [NONE if end is None else session.term(kind, end) for end in (one.before, one.after)]
    return [one.indicator, _slice(one.place) or session.say("all"), _period(one.period, found, after),
            session.term("column", one.kind), *ends, _sizes(one, before, after)]


def _sizes(one: Verdict, before: Revision, after: Revision) -> str:
    """By how much, before and after: `-15.00 pp → +5.00 pp`, `n 12 → n 9`."""
    ends = []
    for size, revision in zip(one.sizes, (before, after), strict=True):
        indicator = revision.pyramid.indicators.get(one.indicator)
        if size is None or indicator is None:
            ends.append(NONE)
        else:
            ends.append(f"n {whole(size)}" if one.kind == "status" else figure_of(indicator, size, difference=True))
    return " → ".join(ends)


def _rank(one: Rank) -> list[str]:
    return [one.indicator, _slice(one.place), str(one.before), str(one.after), str(one.of)]


def _slice(place: Place) -> str:
    return ", ".join(f"{name} {value}" for name, value in place)


# --- for programs ------------------------------------------------------------------------------------------------


def as_record(found: Moves) -> dict[str, object]:
    """What moves, whole; sizes that cannot be told are null."""
    stretch = found.stretch
    return {
        "grain": stretch and stretch.grain, "periods": [plain(period) for period in stretch.periods] if stretch else [],
        "whole": stretch and plain(stretch.whole), "compared": list(found.compared), "added": list(found.added),
        "totals": [_moved(one) for one in found.totals], "slices": [_moved(one) for one in found.slices],
        "slices_compared": found.slices_of,
        "ranks": [{"indicator": one.indicator, "slice": dict(one.place), "before": one.before, "after": one.after,
                   "of": one.of} for one in found.ranks],
        "verdicts": [{"indicator": one.indicator, "slice": dict(one.place), "period": plain(one.period),
                      "about": one.kind, "before": one.before, "after": one.after,
                      "size_before": plain(one.sizes[0]), "size_after": plain(one.sizes[1])}
                     for one in found.verdicts]}


def _moved(one: Moved) -> dict[str, object]:
    return {"indicator": one.indicator, "slice": dict(one.place), "period": plain(one.period),
            "before": plain(one.before), "after": plain(one.after), "n_before": one.n_before, "n_after": one.n_after,
            "size": plain(one.size), "periods": one.periods, "of": one.of}

