"""How sure formulas over one survey are: their leaves vary together, unit by unit, and the formula is linearised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

import numpy as np

from cxmetrics.evaluate.arithmetic import UNBOUND, Figure, Known, compute
from cxmetrics.evaluate.clusters import is_exact, is_linear
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.intervals import is_smooth
from cxmetrics.evaluate.paired import Estimates
from cxmetrics.evaluate.units import QUOTIENTS, Parts, Sampled, Survey, added
from cxmetrics.ir import Ref
from cxmetrics.plan import Leaf, LeafValue, Node, Operation, Plan, Series, Value, leaves_of
from cxmetrics.statistics.arrays import Array, Flags, quiet
from cxmetrics.statistics.grouping import numbered


def linear_formula(node: Node, nodes: Mapping[str, Node], plan: Plan) -> Value | None:
    """The formula of a node over leaves alone, where these are of the units of one survey in the same days.

    None where something else than arithmetic stands between, and where it is but how many rows there are.
    """
    formula = _written_out(node, nodes)
    leaves = [plan.leaves[leaf] for leaf in leaves_of(formula)]
    if formula is None or not is_smooth(formula) or len({(leaf.window, leaf.sources) for leaf in leaves}) != 1:
        return None
    known = all(is_linear(leaf, plan) for leaf in leaves) and any(is_exact(leaf, plan) for leaf in leaves)
    return formula if known else None


def _written_out(node: Node, nodes: Mapping[str, Node]) -> Value | None:
    """The formula with those of the indicators that it names in their place; None where they are more than that."""
    indicator = node.indicator
    if node.formula is None or node.versions or indicator.combined or any(indicator.valid):
        return None

    def write(value: Value) -> Value | None:
        match value:
            case Ref(name):
                other = nodes.get(name)
                plain = other is not None and other.window == node.window and other.indicator.rounding is None
                return _written_out(other, nodes) if other is not None and plain else None
            case Operation(function, args):
                written = [write(arg) for arg in args]
                kept = tuple(each for each in written if each is not None)
                return Operation(function, kept) if len(kept) == len(args) else None
            case Series():
                return None
            case _:
                return value

    return write(node.formula)


def asked_of(formulas: Iterable[Value], places: Mapping[int, int], n: Array, least: int) -> Flags:
    """Where leaves with so many rows [leaves, points] are asked about: where they may be shown, or a formula with them.

    A quotient is of as many rows as the larger side has: the other may have few, and varies all the same.
    """
    asked = np.asarray(n >= least, np.bool_)
    seen = asked.copy()
    for formula in formulas:
        rows = sorted({places[leaf] for leaf in leaves_of(formula)})
        asked[rows] |= seen[rows].any(axis=0)
    return asked


def estimates(formulas: Mapping[int, Value], places: Mapping[int, int], leaves: Sequence[Leaf], sampled: Sampled,
              done: Finished) -> Estimates:
    """What units bring to formulas, by the row of their node; `places`: index into `Plan.leaves` → row of `leaves`."""
    points = done.value.shape[1]
    wanted = sorted({leaf for formula in formulas.values() for leaf in leaves_of(formula)})
    parts = {leaf: _told(leaves[place], sampled.parts(leaves[place], place), sampled.survey, points)
             for leaf in wanted for place in [places[leaf]]}

    def figure(leaf: int) -> Figure:
        return Figure(done.value[places[leaf]], np.full((2, points), UNBOUND))

    def indicator(name: str) -> Figure:
        raise AssertionError(name)

    def series(dated: Series) -> Array:
        raise AssertionError(dated)

    known = Known(figure, indicator, series, points)
    return Estimates(sampled.survey, {
        row: parts_of(formula, known, {leaf: parts[leaf] for leaf in leaves_of(formula)}, sampled.survey)
        for row, formula in formulas.items()}, {
        row: leaves[places[next(leaves_of(formula))]].sources for row, formula in formulas.items()})


def _told(leaf: Leaf, parts: Parts, survey: Survey, points: int) -> Parts:
    """The parts of a leaf, not known where its rows are of one unit a stratum: the mean of one does not vary."""
    if leaf.function not in QUOTIENTS:
        return parts
    count = int(survey.stratum.max(initial=0)) + 1
    strata = numbered(parts.point * count + survey.stratum[parts.unit])[0] // count
    alone = np.bincount(parts.point, minlength=points) == np.bincount(strata, minlength=points)
    lone = alone[parts.point]
    return Parts(parts.point, parts.unit, np.where(lone, np.nan, parts.u)) if lone.any() else parts


@quiet
def parts_of(formula: Value, known: Known, leaves: Mapping[int, Parts], survey: Survey) -> Parts:
    """What each unit brings to a formula: to its leaves (index into `Plan.leaves`), as the formula follows these."""
    if isinstance(formula, LeafValue):
        return leaves[formula.leaf]
    slopes: dict[int, list[Array]] = {}
    for leaf, slope in _slopes(formula, known, np.ones(known.points)):
        slopes.setdefault(leaf, []).append(slope)
    return added([Parts(part.point, part.unit, part.u * reduce(np.add, slopes[leaf])[part.point])
                  for leaf, part in leaves.items()], survey)


def _slopes(value: Value, known: Known, above: Array) -> Iterator[tuple[int, Array]]:
    """How far a formula follows each of its leaves [points], as often as it names them; `above`: this part of it."""
    match value:
        case LeafValue(leaf):
            yield leaf, above
        case Operation(function, args):
            values = [compute(arg, known).value for arg in args]
            for arg, slope in zip(args, _partial(function, values), strict=True):
                yield from _slopes(arg, known, above * slope)
        case _:
            return


def _partial(function: str, values: Sequence[Array]) -> list[Array]:
    """The derivatives of an operation by each of its arguments."""
    one = np.ones(values[0].shape)
    match function:
        case "+":
            return [one] * len(values)
        case "-":
            return [one, -one]
        case "negate":
            return [-one]
        case "/" | "ratio":
            return [1 / values[1], -values[0] / values[1] ** 2]
        case _:  # products, and changes of unit
            return [reduce(np.multiply, [*values[:place], *values[place + 1:]], one) for place in range(len(values))]
