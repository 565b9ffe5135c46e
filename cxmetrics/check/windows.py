"""The proof of windows: each has something to look at, none is undone by another, and there are not too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from cxmetrics.codes import units as codes
from cxmetrics.diagnostics import Diagnostic, report
from cxmetrics.ir import Aggregate, Apply, Expr, Indicator, Ref, Windowed
from cxmetrics.windows import DEEPEST, Window, sets_length

MOST = 100_000  # indicators seen through windows, in a whole project
Wanted = dict[str, dict[Window, None]]


@dataclass(frozen=True, slots=True)
class _Below:
    """What stands below an expression: how many windows in one another, and something that sets its own length."""

    depth: int = 0
    own: str | None = None


def check_windows(indicators: Mapping[str, Indicator]) -> Iterator[Diagnostic]:
    """What is wrong with the windows of indicators, which stand after all they depend on."""
    known: dict[str, _Below] = {}
    found: list[Diagnostic] = []
    for name, indicator in indicators.items():
        formulas = _formulas(indicator)
        own = [part for formula in formulas if (part := _below(formula, known, found)) is not None]
        parts = [known[edge.child] for one in indicator.eras for edge in one.children if edge.child in known]
        below = _joined([*own, *parts]) or _Below()
        known[name] = _Below(below.depth, name) if below.own else below
    yield from found
    if not found and any(below.depth for below in known.values()):
        yield from _too_many(indicators)


def _formulas(indicator: Indicator) -> Iterable[Expr]:
    """The formulas of all versions of an indicator, each once."""
    if not indicator.versions:  # most have none, and to look for equals means to go through the whole formula
        return () if indicator.formula is None else (indicator.formula,)
    return dict.fromkeys(one.formula for one in indicator.eras if one.formula is not None)


def _below(expr: Expr, known: Mapping[str, _Below], found: list[Diagnostic]) -> _Below | None:
    """What stands below an expression; None where no rows do."""
    match expr:
        case Aggregate():
            return _Below()
        case Ref(name):
            return known.get(name, _Below())
        case Apply(_, args):
            return _joined([part for arg in args if (part := _below(arg, known, found)) is not None])
        case Windowed():
            return _through(expr, _below(expr.arg, known, found), found)
        case _:
            return None


def _joined(parts: list[_Below]) -> _Below | None:
    if not parts:
        return None
    return _Below(max(part.depth for part in parts), next((part.own for part in parts if part.own), None))


def _through(expr: Windowed, below: _Below | None, found: list[Diagnostic]) -> _Below:
    if below is None:
        found.append(report(codes.NOTHING_BELOW, expr.span, window=expr.step))
        return _Below()
    own = str(expr.step) if sets_length(expr.step) else below.own
    if sets_length(expr.step) and below.own:
        found.append(report(codes.WINDOW_WITHOUT_EFFECT, expr.span, window=expr.step, inner=below.own))
    if below.depth == DEEPEST:
        found.append(report(codes.WINDOWS_TOO_DEEP, expr.span, limit=DEEPEST))
        return _Below(0, own)
    return _Below(below.depth + 1, own)


def _too_many(indicators: Mapping[str, Indicator]) -> Iterator[Diagnostic]:
    count = 0
    for name, windows in wanted(indicators, MOST).items():
        count += len(windows) - 1
        if count > MOST:
            yield report(codes.TOO_MANY_WINDOWS, indicators[name].span, limit=f"{MOST:,}")
            return


def wanted(indicators: Mapping[str, Indicator], most: int | None = None) -> Wanted:
    """The windows that each indicator is looked at through, by itself or by way of others; the first is none.

    Indicators stand after all they depend on; what a circle leads back to, which has been refused, is passed over.
    Stops when there are more than `most`.
    """
    found: Wanted = {name: {(): None} for name in indicators}
    settled: set[str] = set()
    count = 0
    for name in reversed(list(indicators)):
        indicator = indicators[name]
        settled.add(name)
        for window in found[name]:
            children = ((edge.child, window) for one in indicator.eras for edge in one.combined)
            seen = (pair for one in indicator.eras for pair in _seen(one.formula, window))
            for other, through in chain(children, seen):
                if other in found and other not in settled and through not in found[other]:
                    found[other][through] = None
                    count += 1
        if most is not None and count > most:
            break
    return found


def _seen(expr: Expr | None, window: Window) -> Iterator[tuple[str, Window]]:
    match expr:
        case Ref(name):
            yield name, window
        case Apply(_, args):
            for arg in args:
                yield from _seen(arg, window)
        case Windowed(step, arg):
            yield from _seen(arg, (*window, step))
        case _:
            return
