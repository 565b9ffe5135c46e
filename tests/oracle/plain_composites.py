"""Composites in plain Python: means of what children give, and rows counted together."""

import math

from plain_numbers import counted, of_counted

from cxmetrics.composite_rules import AsWritten, Carry, Neutral, NullIfMissing
from cxmetrics.ir import Blend, Merged


def combined(indicator, fed, given=None):
    """The value of a composite from what its children give, and its coverage; `given`: what their rows come to."""
    pairs = [(edge.weight, x) for edge, x in zip(indicator.combined, fed, strict=True)]
    present = [(w, x) for w, x in pairs if x is not None and w > 0]
    whole, here = (math.fsum(w for w, _ in some) for some in (pairs, present))
    coverage = here / whole
    there = {edge.child for edge, x in zip(indicator.combined, fed, strict=True) if x is not None}
    if not there.issuperset(indicator.require.names) or len(there) < indicator.require.least:
        return None, coverage
    least = getattr(indicator.missing, "min_coverage", None)
    match indicator.missing:
        case NullIfMissing():
            enough = len(present) == len(pairs)
        case AsWritten():
            return given, coverage
        case Carry() if isinstance(indicator.combine, Blend):
            return given, coverage
        case _:
            enough = least is None or coverage >= least - 1e-9
    if not present or not enough:
        return None, coverage
    if isinstance(indicator.combine, Merged | Blend):
        return given, coverage
    if isinstance(indicator.missing, Neutral):
        present, here = [(w, indicator.missing.value if x is None else x) for w, x in pairs], whole
    if indicator.combine == "geometric":
        if any(x <= 0 for _, x in present):
            return None, coverage
        return math.exp(math.fsum(w * math.log(x) for w, x in present) / here), coverage
    return math.fsum(w * x for w, x in present) / here, coverage


def pooled(rule, rows_of, weight_of):
    """The value and n of the rows of several aggregates.

    `rows_of` gives an aggregate its rows, None for none given, `weight_of` the column of weights of a source.
    """
    pairs = [(one, rows) for one in rule.parts if (rows := rows_of(one)) is not None]
    if not pairs:
        return None, 0
    every = [one for part, rows in pairs for one in counted(part, rows, weight_of(part.source))]
    value, n = of_counted(pairs[0][0], every, weighted=weight_of(pairs[0][0].source) is not None)
    return None if value is None else value * rule.factor, n
