"""The intervals of leaves, where there is a closed form: every row a draw by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cxmetrics.evaluate.finished import Finished
from cxmetrics.evaluate.moments import BOUNDED, moment_error, moment_interval
from cxmetrics.evaluate.quantiles import quantile_interval
from cxmetrics.evaluate.sampled import sampled_interval
from cxmetrics.evaluate.sums import Sums, deviations
from cxmetrics.evaluate.weighted_quantiles import alone_interval
from cxmetrics.plan import Leaf
from cxmetrics.statistics.arrays import Array, quiet
from cxmetrics.statistics.intervals import (
    Interval,
    adjusted_error,
    apdex_interval,
    mean_interval,
    nps_interval,
    poisson_interval,
    share_interval,
)

# Functions with a closed form: where it says nothing (of one row, say) nothing is known.
CLOSED = BOUNDED | {"count", "mean", "checklist", "share", "conversion", "nps", "apdex", "quantile",
                    "sampled_distinct", "weighted_quantile"}


def bound(leaves: Sequence[Leaf], bounded: frozenset[int], sums: Sums, done: Finished, confidence: float) -> None:
    """Give the leaves `bounded` (index) their intervals at `confidence` (0.95)."""
    groups: dict[str, list[int]] = {}
    for index in sorted(bounded):
        groups.setdefault(leaves[index].function, []).append(index)
    for function, members in groups.items():
        _bound_group(function, members, leaves, sums, done, confidence)


@quiet
def _bound_group(function: str, members: Sequence[int], leaves: Sequence[Leaf], sums: Sums, done: Finished,
                 confidence: float) -> None:
    """Give the leaves of one function their intervals, where there is a closed form."""
    chosen = [leaves[i] for i in members]
    n = done.n[members]

    def amount(place: int) -> Array:
        return sums.of([leaf.inputs[place] for leaf in chosen])[0]

    match function:
        case "count":
            done.error[members] = np.sqrt(n)
            bounds = poisson_interval(n, confidence=confidence)
        case "mean" | "checklist":
            stdev = deviations(chosen, sums) if function == "mean" else np.stack(
                [sums.visits(leaf).moments(sums.block.points)[2] for leaf in chosen])
            done.error[members] = stdev / np.sqrt(np.where(n > 0, n, np.nan))
            bounds = mean_interval(done.value[members], stdev, n, confidence)
        case "share" | "conversion":
            bounds = share_interval(done.value[members], n, confidence)
        case "nps":
            done.error[members] = adjusted_error(amount(1), amount(2), n)
            bounds = nps_interval(amount(1), amount(2), n, confidence)
        case "apdex":
            done.error[members] = adjusted_error(amount(1), n - amount(1) - amount(2), n) / 200
            bounds = apdex_interval(amount(1), amount(2), n, confidence)
        case "quantile":
            bounds = _stacked(quantile_interval(leaf, sums.block, confidence) for leaf in chosen)
        case "weighted_quantile":
            bounds = _stacked(alone_interval(leaf, sums, done.value[i], confidence)
                              for i, leaf in zip(members, chosen, strict=True))
        case "sampled_distinct":
            bounds = sampled_interval(done.value[members], done.error[members], confidence)
        case _ if function in BOUNDED:
            bounds = _stacked(moment_interval(leaf, sums.each(leaf), done.value[i], confidence)
                              for i, leaf in zip(members, chosen, strict=True))
            done.error[members] = np.stack([moment_error(leaf, sums.each(leaf), done.value[i])
                                            for i, leaf in zip(members, chosen, strict=True)])
        case _:
            return
    done.low[members], done.high[members] = bounds


def _stacked(each: Iterable[Interval]) -> Interval:
    """The intervals of several leaves, [leaves, points]."""
    low, high = zip(*each, strict=True)
    return np.stack(low), np.stack(high)
