"""Leaves: aggregates of the language finished from merged states.

A block of merged states is a list of rows (which partial, which point, how much), sorted; points are the
places of a matrix, one a period and slice.  Sums come as two float64 parts, `high` the nearest to the
exact integer and `low` what is left, so that variances and sums of many fractions keep their digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxmetrics.evaluate.block import Block
from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.moments import SIZED, effective, moment
from cxmetrics.evaluate.quantiles import quantile
from cxmetrics.evaluate.sampled import sampled
from cxmetrics.evaluate.sums import BY_TEXT, Sums, deviations
from cxmetrics.evaluate.weighted_quantiles import weighted_quantile
from cxmetrics.plan import Leaf, Total
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.precise import Pair, two_product


def finish(leaves: Sequence[Leaf], sums: Sums) -> Finished:
    """Finish leaves from the sums of a block of states, each as if its source had delivered at all points."""
    done = finish_values(leaves, sums)
    done.effective[:] = done.n
    for index, leaf in enumerate(leaves):
        if leaf.function in SIZED:
            done.effective[index] = np.nan_to_num(effective(sums.each(leaf)))
    return done


def finish_values(leaves: Sequence[Leaf], sums: Sums) -> Finished:
    """The values of leaves and how many rows they have; of samples also the errors, which come with the values."""
    done = Finished.missing(len(leaves), sums.block.points)
    groups: dict[str, list[int]] = {}
    for index, leaf in enumerate(leaves):
        groups.setdefault(leaf.function, []).append(index)
    for function, members in groups.items():
        first = [leaves[index].inputs[0] for index in members]
        done.n[members] = sums.of(first)[0] if function not in BY_TEXT else [
            told_apart(texts, sums.block) for texts in first]
        _finish_group(function, members, leaves, sums, done)
    return done


@quiet
def _finish_group(function: str, members: Sequence[int], leaves: Sequence[Leaf], sums: Sums, done: Finished) -> None:
    """Give the leaves of one function their values."""
    chosen = [leaves[i] for i in members]
    n = done.n[members]
    seen = np.where(n > 0, n, np.nan)

    def amount(place: int) -> Array:
        return sums.of([leaf.inputs[place] for leaf in chosen])[0]

    match function:
        case "count":
            done.value[members] = n
        case "sum":
            done.value[members] = amount(1)
        case "mean" | "share":
            done.value[members] = _quotient(sums.of([leaf.inputs[1] for leaf in chosen]), seen)
        case "stdev":
            done.value[members] = deviations(chosen, sums)
        case "nps":
            done.value[members] = 100 * (amount(1) - amount(2)) / seen
        case "apdex":
            done.value[members] = (amount(1) + amount(2) / 2) / seen
        case "min" | "max":
            done.value[members] = np.stack([_extreme(leaf, sums.block) for leaf in chosen])
        case "first" | "last":
            done.value[members] = np.stack([_end(leaf, sums.block) for leaf in chosen])
        case "distinct":
            done.value[members] = np.stack([told_apart(leaf.inputs[1], sums.block) for leaf in chosen])
        case "sampled_distinct":
            both = [sampled(leaf, sums.block) for leaf in chosen]
            done.value[members], done.error[members] = (np.stack(each) for each in zip(*both, strict=True))
        case "checklist":
            found = [sums.visits(leaf).moments(sums.block.points) for leaf in chosen]
            done.n[members], done.value[members] = (np.stack([each[place] for each in found]) for place in (0, 1))
        case "conversion":
            done.value[members] = np.stack([told_apart(leaf.inputs[1], sums.block) for leaf in chosen]) / seen
        case "quantile" | "weighted_quantile":
            read = quantile if function == "quantile" else weighted_quantile
            done.value[members] = np.stack([read(leaf, sums.block) for leaf in chosen])
        case _:
            done.value[members] = np.stack([moment(leaf, sums.each(leaf)) for leaf in chosen])


def _quotient(total: Pair, n: Array) -> Array:
    """Σ/n rounded once: the mean of rows that are all alike is what they are, however many they are."""
    high, low = total
    near = high / n
    whole, rest = two_product(near, n)
    return near + ((high - whole) - rest + low) / n


def _extreme(leaf: Leaf, block: Block) -> Array:
    pick = np.fmin if leaf.function == "min" else np.fmax
    result = np.full(block.points, np.nan)
    for part, factor in leaf.inputs[1].parts:
        rows = block.rows(part)
        at = block.point[rows]
        result[at] = pick(result[at], block.key[rows] * factor)
    return result


def _end(leaf: Leaf, block: Block) -> Array:
    """The first or the last value in time at each point; of one time, the least or the greatest."""
    parts = [(block.rows(part), factor) for part, factor in leaf.inputs[1].parts]
    point = np.concatenate([block.point[rows] for rows, _ in parts])
    value = np.concatenate([block.key[rows] * factor for rows, factor in parts])
    order = np.lexsort((value, np.concatenate([block.high[rows] for rows, _ in parts])))
    if leaf.function == "first":
        order = order[::-1]
    result = np.full(block.points, np.nan)
    result[point[order]] = value[order]  # what is written last stays
    return result


def told_apart(total: Total, block: Block) -> Array:
    """How many texts, or values, there are at each point."""
    rows = np.concatenate([np.arange(*block.rows(part).indices(block.point.size)) for part, _ in total.parts])
    if len(total.parts) > 1:  # of one partial, states are apart already
        apart = np.column_stack([block.point[rows], block.text[rows], np.nan_to_num(block.key[rows])])
        rows = rows[np.unique(apart, axis=0, return_index=True)[1]]
    return np.bincount(block.point[rows], minlength=block.points).astype(np.float64)
