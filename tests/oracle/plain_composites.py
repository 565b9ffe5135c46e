"""Composites in plain Python: means of what children give, and rows counted together."""

import math

from oracle_values import value_of
from plain_numbers import aggregate, of_values, part

from cxmetrics.composite_rules import AsWritten, Carry, Neutral, NullIfMissing
from cxmetrics.ir import Blend, Merged


def combined(indicator, fed, given=None):
    """The value of a composite from what its children give, and its coverage; `given`: what their rows come to."""
    pairs = [(edge.weight, x) for edge, x in zip(indicator.combined, fed, strict=True)]
    present = [(w, x) for w, x in pairs if x is not None and w > 0]
    whole, here = (math.fsum(w for w, _ in some) for some in (pairs, present))
    coverage = here / whole
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


def pooled(rule, rows_of):
    """The value and n of the rows of several aggregates; `rows_of` gives an aggregate its rows, None for none given."""
    pairs = [(one, rows) for one in rule.parts if (rows := rows_of(one)) is not None]
    if not pairs:
        return None, 0
    first = pairs[0][0]
    found = [aggregate(one, rows) for one, rows in pairs]
    n = sum(n for _, n in found)
    if first.function in ("share", "apdex"):
        halves = sum(round(2 * value * n) for value, n in found if n)
        value = part(halves, 2 * n)
    elif first.args:
        kept = [[row for row in rows if one.where is None or value_of(one.where, row) is True] for one, rows in pairs]
        every = [value_of(one.args[0], row) for (one, _), rows in zip(pairs, kept, strict=True) for row in rows]
        value = of_values(first, [value for value in every if value is not None], dict(first.options))
    else:
        value = n
    return None if value is None else value * rule.factor, n
