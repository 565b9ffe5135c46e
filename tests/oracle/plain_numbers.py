"""Aggregates, arithmetic, rounding and scores in plain Python, from the pages of the design and the papers they name.

Sums, means and variances are exact fractions until the end; a missing number is None.
"""

import math
import statistics
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

from oracle_values import value_of
from plain_rows import MOMENT

from cxmetrics.ir import Apply, Column
from cxmetrics.score_rules import Anchors, Bands, Goalposts, MinMax

UNBOUND = math.inf  # the n of what rests on no rows


# --- aggregates --------------------------------------------------------------------------------------------------


def looked_at(expr):
    """The columns that must have a value for a condition to be answered."""
    match expr:
        case Column(_, name):
            return {name}
        case Apply(function, args) if function not in ("is missing", "is not missing"):
            return set().union(*map(looked_at, args))
        case _:
            return set()


def aggregate(expr, rows):
    """The value of an aggregate over rows (dictionaries of typed columns), and its n."""
    if expr.where is not None:
        rows = [row for row in rows if value_of(expr.where, row) is True]
    if not expr.args:
        return len(rows), len(rows)
    arg, options = expr.args[0], dict(expr.options)
    if expr.function == "checklist":
        return checklist(expr, rows, options)
    if expr.function == "share":
        rows = [row for row in rows if all(row[name] is not None for name in looked_at(arg))]
        return part(sum(value_of(arg, row) is True for row in rows), len(rows)), len(rows)
    if expr.function in ("alpha", "correlation", "csi"):
        sets = [[value_of(one, row) for one in expr.args] for row in rows]
        return of_several(expr.function, [values for values in sets if None not in values], options)
    failed = options.get("failed")
    if failed is not None:
        rows = [row for row in rows if all(row[name] is not None for name in looked_at(failed))]
    pairs = [(value, row) for row in rows if (value := value_of(arg, row)) is not None]
    values = [value for value, _ in pairs]
    n = len(values)
    if expr.function in ("first", "last"):
        moments = [(row[MOMENT], value) for value, row in pairs]
        return float((min if expr.function == "first" else max)(moments)[1]) if pairs else None, n
    if expr.function == "distinct":
        return len(set(values)), n
    if expr.function == "apdex":
        limit = Fraction(expr.args[1].value)
        good = [Fraction(value) for value, row in pairs if failed is None or value_of(failed, row) is False]
        satisfied, tolerated = sum(x <= limit for x in good), sum(limit < x <= 4 * limit for x in good)
        return part(Fraction(2 * satisfied + tolerated, 2), n), n
    return of_values(expr, values, options), n


def checklist(expr, rows, options):
    """The mean of the visits' scores, and how many visits have one."""
    (reached, most, *fatal), visits = expr.args, {}
    for row in rows:
        visit = value_of(options["by"], row) if "by" in options else len(visits)
        if visit is not None:
            visits.setdefault(visit, []).append(row)
    scores = []
    for items in visits.values():
        pairs = [(value_of(reached, row), value_of(most, row)) for row in items]
        pairs = [(Fraction(x), Fraction(y)) for x, y in pairs if x is not None and y is not None]
        if not sum(y for _, y in pairs):
            continue
        score = sum(x for x, _ in pairs) / sum(y for _, y in pairs)
        failed = any(value_of(condition, row) is True for condition in fatal for row in items)
        scores.append(min(score, Fraction(options["cap"].value if "cap" in options else 0)) if failed else score)
    return part(sum(scores), len(scores)), len(scores)


def part(of, n):
    return float(Fraction(of) / n) if n else None


def of_values(expr, values, options):
    name, n = expr.function, len(values)
    exact = [Fraction(value) for value in values]
    match name:
        case "count":
            return n
        case "sum":
            return float(sum(exact))
        case "mean" | "ces":
            return part(sum(exact), n)
        case "min" | "max":
            return float((min if name == "min" else max)(values)) if values else None
        case "stdev":
            return root(variance(exact)) if n > 1 else None
        case "top_box" | "csat":
            low, high = ends(expr.args[1]) if name == "top_box" else top_points(expr.args[0], options)
            return part(sum(low <= x <= high for x in values), n)
        case "nps":
            up = ends(options["promoters"]) if "promoters" in options else (9, 10)
            down = ends(options["detractors"]) if "detractors" in options else (0, 6)
            net = sum(up[0] <= x <= up[1] for x in values) - sum(down[0] <= x <= down[1] for x in values)
            return part(100 * net, n)
        case _:
            q = Fraction(1, 2) if name == "median" else Fraction(repr(expr.args[1].value)) if name == "quantile" \
                else Fraction(int(name[1:]), 100)
            rule = options["rule"].value if "rule" in options else "hf7"
            return float(quantile(sorted(exact), q, rule)) if values else None


def of_several(name, sets, options):
    """The value of an aggregate of several values a row, and its n; `sets`: the values of rows that have all."""
    if name == "csi" and "of" in options and options["of"].value == "ratios":
        sets = [values for values in sets if values[1] != 0]
        return part(sum(100 * Fraction(got) / Fraction(wanted) for got, wanted in sets), len(sets)), len(sets)
    n, columns = len(sets), [[Fraction(value) for value in column] for column in zip(*sets, strict=True)]
    if name == "csi":
        return (float(100 * sum(columns[0]) / sum(columns[1])) if n and sum(columns[1]) else None), n
    if n < 2:
        return None, n
    own = [variance(column) for column in columns]
    if name == "alpha":
        k, whole = len(columns), variance([sum(values) for values in zip(*columns, strict=True)])
        return (float(Fraction(k, k - 1) * (1 - sum(own) / whole)) if whole else None), n
    x, y = columns
    both = sum((a - sum(x) / n) * (b - sum(y) / n) for a, b in zip(x, y, strict=True)) / (n - 1)
    return (root(both**2 / (own[0] * own[1])) * (1 if both > 0 else -1) if all(own) else None), n


def ends(expr):
    return tuple(arg.value for arg in expr.args)


def top_points(column, options):
    top = options["top"].value if "top" in options else 2
    return column.unit.high - top + 1, column.unit.high


def variance(exact):
    mean = sum(exact) / len(exact)
    return sum((x - mean) ** 2 for x in exact) / (len(exact) - 1)


def root(exact):
    """The square root of a fraction, to 17 digits whatever its size."""
    if not exact:
        return 0.0
    shift = 4**max(0, 60 - math.floor(math.log2(exact.numerator) - math.log2(exact.denominator)) // 2)
    return float(Fraction(math.isqrt(int(exact * shift)), math.isqrt(shift)))


def quantile(x, q, rule):
    """A sample quantile, by its number in Hyndman and Fan (1996): x sorted, p = q, γ as in the paper."""
    n = len(x)
    m = {"hf1": 0, "hf2": 0, "hf3": Fraction(-1, 2), "hf4": 0, "hf5": Fraction(1, 2), "hf6": q, "hf7": 1 - q,
         "hf8": (q + 1) / 3, "hf9": q / 4 + Fraction(3, 8)}[rule]
    j = math.floor(n * q + m)
    g = n * q + m - j
    gamma = {"hf1": int(g > 0), "hf2": 1 if g > 0 else Fraction(1, 2), "hf3": int(g > 0 or j % 2 != 0)}.get(rule, g)
    low, high = (x[min(max(k, 1), n) - 1] for k in (j, j + 1))
    return (1 - gamma) * low + gamma * high


# --- numbers -----------------------------------------------------------------------------------------------------


def calculate(function, args):
    """A function of numbers that are all there; None where it has no answer."""
    try:
        found = float(_FUNCTIONS[function](*args))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return found if math.isfinite(found) else None


def _weighted(*args):
    return math.fsum(v * w for v, w in zip(args[::2], args[1::2], strict=True)) / math.fsum(args[1::2])


def rounded(x, places=0, how=ROUND_HALF_UP):
    """Rounded as a decimal, noise in the fifteenth digit set aside."""
    if abs(x) >= 1e15:
        return x
    return float(Decimal(f"{x:.13e}").quantize(Decimal(1).scaleb(-int(places)), how)) + 0.0


def by_rule(x, rule):
    match rule.rule:
        case "half_up":
            return rounded(x, rule.parameter)
        case "half_even":
            return rounded(x, rule.parameter, ROUND_HALF_EVEN)
        case "truncate":
            return rounded(x, rule.parameter, ROUND_DOWN)
        case "to":
            step = Fraction(repr(rule.parameter))
            if abs(x) / step >= 1e15:
                return x
            return float(Fraction(rounded(float(Fraction(f"{x:.13e}") / step))) * step)


_FUNCTIONS = {
    "+": lambda *x: math.fsum(x), "-": lambda a, b: a - b, "*": lambda *x: math.prod(x), "/": lambda a, b: a / b,
    "ratio": lambda a, b: a / b, "^": math.pow, "convert": lambda a, b: a * b, "negate": lambda a: -a,
    "min": min, "max": max, "abs": abs, "ln": math.log, "exp": math.exp, "sqrt": math.sqrt,
    "clamp": lambda x, low, high: min(max(x, low), high), "round": rounded,
    "geomean": lambda *x: math.exp(math.fsum(map(math.log, x)) / len(x)), "weighted_mean": _weighted,
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "not": lambda a: 1 - a,
    "between": lambda x, low, high: low <= x <= high,
}


# --- scores ------------------------------------------------------------------------------------------------------


def score_alone(x, rule):
    """The score of a value by anchors or goalposts."""
    match rule:
        case Anchors(points):
            if x <= points[0][0] or x >= points[-1][0]:
                return float(points[0][1] if x <= points[0][0] else points[-1][1])
            (a, low), (b, high) = next((p, q) for p, q in pairwise(points) if p[0] <= x <= q[0])
            return low + (high - low) * ((x - a) / (b - a))
        case Goalposts(worst, best, low, high, _, clip):
            place = (x - worst) / (best - worst)
            return low + (high - low) * (min(max(place, 0.0), 1.0) if clip else place)
        case Bands(edges, points):
            if points[0] < points[-1]:
                return points[sum(x >= edge - 1e-12 * abs(edge) for edge in edges)]
            return points[sum(x > edge + 1e-12 * abs(edge) for edge in edges)]


def score_in_pool(x, pool, rule, direction):
    """The score of a value among those of its pool; None where the pool does not tell them apart."""
    size = max(map(abs, pool))
    if max(pool) - min(pool) <= 1e-14 * size or len(pool) < 2:
        return None
    if isinstance(rule, MinMax):
        place = (x - min(pool)) / (max(pool) - min(pool))
        return rule.low + (rule.high - rule.low) * (1 - place if direction == "down" else place)
    exact = [Fraction(value) for value in pool]
    z = float((Fraction(x) - statistics.mean(exact)) / Fraction(root(variance(exact))))
    return -z if direction == "down" else z

