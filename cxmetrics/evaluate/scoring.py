"""From values to scores and from scores to composites, at many points at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from cxmetrics.composite_rules import AsWritten, Carry, Neutral, NullIfMissing, PowerMean, Renormalise, Rounding
from cxmetrics.ir import Blend, Combine, Indicator, Merged
from cxmetrics.score_rules import (
    AmongPeers,
    Anchors,
    Bands,
    Direction,
    Goalposts,
    Lognormal,
    MinMax,
    Percentile,
    Pooled,
    ScoreRule,
    ZScore,
)
from cxmetrics.statistics import means, rounding, scores
from cxmetrics.statistics.among import percentile_among
from cxmetrics.statistics.arrays import Array, Flags, quiet

SLACK = 1e-9  # of a share of weight: sums of shares are not exact
Pools = Callable[[str], NDArray[np.int64] | None]
"""The pool of each point, [points], for a dimension; negative for none; None where the cut lacks the dimension."""


def rounded(value: Array, rule: Rounding) -> Array:
    """Values after a rounding rule."""
    match rule.rule:
        case "half_up":
            return rounding.half_up(value, int(rule.parameter))
        case "half_even":
            return rounding.half_even(value, int(rule.parameter))
        case "truncate":
            return rounding.truncate(value, int(rule.parameter))
        case "to":
            return rounding.to_step(value, rule.parameter)
        case _:
            assert_never(rule.rule)


@quiet
def score(value: Array, rule: ScoreRule, direction: Direction, pools: Pools, peers: Array) -> Array:
    """The scores of values [points]; NaN where missing, or where a pool does not tell its members apart.

    `peers` [peers, points]: the values of those that it is compared with.
    """
    reverse = direction == "down"
    match rule:
        case Anchors(points):
            return scores.piecewise(value, [at for at, _ in points], [gives for _, gives in points])
        case Goalposts(worst, best, low, high, log, clip):
            within = np.clip(value, min(worst, best), max(worst, best)) if clip else value
            return low + (high - low) * scores.goalposts(within, worst, best, clip=clip, log=log)
        case Bands(edges, points):
            return scores.bands(value, edges, points)
        case Lognormal(median, p10):
            return 100 * scores.lognormal(value, median, p10)
        case Percentile(across, low, high):
            groups = pools(across)
            return _none(value) if groups is None else low + (high - low) * scores.percentile_rank(value, groups,
                                                                                                   reverse=reverse)
        case AmongPeers(low, high):
            return low + (high - low) * percentile_among(value, peers, reverse=reverse)
        case MinMax(across, low, high):
            groups = pools(across)
            return _none(value) if groups is None else scores.min_max(value, groups, low=low, high=high,
                                                                      reverse=reverse)
        case ZScore(across):
            groups = pools(across)
            return _none(value) if groups is None else scores.z_score(value, groups, reverse=reverse)
        case _:
            assert_never(rule)


def score_alone(value: Array, rule: ScoreRule, direction: Direction) -> Array:
    """The scores of values [points] by a rule that looks at nothing else; NaN by others."""
    if isinstance(rule, AmongPeers | Pooled):
        return _none(value)
    return score(value, rule, direction, lambda _: None, value[None])


def _none(value: Array) -> Array:
    return np.full(value.shape, np.nan)


def combine(indicator: Indicator, children: Array, given: Array | None = None) -> tuple[Array, Array]:
    """The value and the coverage [points] of a composite, from what its children feed it [children, points].

    `given` [points]: what the children come to, where that is no mean of what they feed.
    """
    weights = np.array([edge.weight for edge in indicator.combined])
    # With a single point NumPy adds in another order; the last digit must not depend on how many points there are.
    alone = children.shape[1] == 1
    fed = np.repeat(children, 2, axis=1) if alone else children
    coverage = _coverage(fed, weights)
    whole = averaged(indicator, fed) if given is None else given
    value = np.where(_enough(indicator, coverage, ~np.isnan(fed)), whole, np.nan)
    return (value[:1], coverage[:1]) if alone else (value, coverage)


def _coverage(fed: Array, weights: Array) -> Array:
    return np.nan_to_num(means.arithmetic(fed, weights).coverage)


def covered(indicator: Indicator, children: Array) -> Array:
    """The part of the weight of children [children, points] that is there, [points]."""
    return _coverage(children, np.array([edge.weight for edge in indicator.combined]))


def averaged(indicator: Indicator, children: Array) -> Array:
    """The mean [points] of what children give [children, points], however few there are."""
    if children.shape[1] == 1:  # see `combine`
        return averaged(indicator, np.repeat(children, 2, axis=1))[:1]
    weights = np.array([edge.weight for edge in indicator.combined])
    return _mean(indicator.combine, filled(indicator, children), weights).value


def _mean(rule: Combine, children: Array, weights: Array) -> means.Mean:
    match rule:
        case "weighted_mean":
            return means.arithmetic(children, weights)
        case "geometric":
            return means.geometric(children, weights)
        case "harmonic":
            return means.harmonic(children, weights)
        case "minimum":
            return means.minimum(children, weights)
        case PowerMean(exponent):
            return means.power(children, weights, exponent=exponent)
        case Merged() | Blend():
            raise AssertionError(rule)
        case _:
            assert_never(rule)


def filled(indicator: Indicator, children: Array) -> Array:
    """What children count as: the missing ones as something only where the rule says so."""
    match indicator.missing:
        case Neutral(value):
            return np.where(np.isnan(children), value, children)
        case _:
            return children


def _enough(indicator: Indicator, coverage: Array, present: Flags) -> Flags:
    """Whether the children present [children, points] are enough for a value."""
    required = np.array([edge.child in indicator.require.names for edge in indicator.combined], np.bool_)
    there = np.asarray(present[required].all(axis=0) & (present.sum(axis=0) >= indicator.require.least))
    match indicator.missing:
        case Carry() if isinstance(indicator.combine, Blend):
            return there
        case Renormalise(least) | Carry(_, least):
            return there & (coverage > 0) & (coverage >= least - SLACK)
        case NullIfMissing():
            return there & present.all(axis=0)
        case AsWritten():
            return there
        case Neutral():
            return there & (coverage > 0)  # nothing but the neutral value would be a number made of no data
        case _:
            assert_never(indicator.missing)
