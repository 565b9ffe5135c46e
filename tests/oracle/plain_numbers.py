"""Aggregates, arithmetic, rounding and scores in plain Python, from the pages of the design and the papers they name.

Sums, means and variances are exact fractions until the end; a missing number is None.
"""

import math
import statistics
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

from oracle_values import near, value_of
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


BY_ROWS = ("count", "sum", "min", "max", "first", "last", "distinct")


def aggregate(expr, rows, weight=None):
    """The value and n of an aggregate over rows (dictionaries of typed columns); `weight`: the column of weights."""
    if expr.function == "checklist":
        rows = [row for row in rows if expr.where is None or value_of(expr.where, row) is True]
        return checklist(expr, rows, dict(expr.options))
    return of_counted(expr, counted(expr, rows, weight), weighted=weight is not None)


def counted(expr, rows, weight=None):
    """What an aggregate is made of: (value, weight) of each row that it counts, or (values, weight)."""
    where, arg = expr.where, expr.args[0] if expr.args else None
    by_row = weight is None or expr.function in BY_ROWS
    rows = [(row, Fraction(1) if by_row else Fraction(row[weight])) for row in rows
            if where is None or value_of(where, row) is True]
    rows = [(row, w) for row, w in rows if w]
    match expr.function:
        case _ if arg is None:
            return [(None, w) for _, w in rows]
        case "share":
            names = looked_at(arg)
            return [(value_of(arg, row) is True, w) for row, w in rows if all(row[name] is not None for name in names)]
        case "apdex":
            return [(satisfied(expr, row), w) for row, w in rows if satisfied(expr, row) is not None]
        case "alpha" | "correlation" | "csi":
            sets = [([value_of(one, row) for one in expr.args], w) for row, w in rows]
            return [(values, w) for values, w in sets if None not in values]
        case "straight_lining":
            sets = [([value_of(one, row) for one in expr.args], w) for row, w in rows]
            return [(all(value == values[0] for value in values), w) for values, w in sets if None not in values]
        case "first" | "last":
            return [((row[MOMENT], value), w) for row, w in rows if (value := value_of(arg, row)) is not None]
        case _:
            return [(value, w) for row, w in rows if (value := value_of(arg, row)) is not None]


def satisfied(expr, row):
    """1, ½ or 0 of a row of an Apdex; None where it says nothing."""
    failed, limit = dict(expr.options).get("failed"), Fraction(expr.args[1].value)
    value = value_of(expr.args[0], row)
    if value is None or (failed is not None and any(row[name] is None for name in looked_at(failed))):
        return None
    good = failed is None or value_of(failed, row) is False
    return Fraction((value <= limit) + (value <= 4 * limit), 2) if good else Fraction(0)


def of_counted(expr, listed, *, weighted=False):
    """The value and n of an aggregate that counts these; `weighted`: rows of a source with weights."""
    if expr.function in ("alpha", "correlation", "csi"):
        return of_several(expr.function, listed, dict(expr.options))
    if not expr.args:
        return len(listed), len(listed)
    if expr.function in ("first", "last"):
        pick = min if expr.function == "first" else max
        return float(pick(x for x, _ in listed)[1]) if listed else None, len(listed)
    if expr.function == "distinct":
        return len({x for x, _ in listed}), len(listed)
    if expr.function in ("share", "apdex", "straight_lining"):
        return mean(listed), len(listed)
    pairs = [value for value, _ in listed], [w for _, w in listed]
    return of_values(expr, *pairs, dict(expr.options), weighted=weighted), len(listed)


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
    return float(sum(scores) / len(scores)) if scores else None, len(scores)


def conversion(expr, rows, everyone):
    """The part of those who took the first step that took the others in order, and how many they are.

    `everyone`: the rows of all periods and slices, in which somebody may go on.
    """
    (first, *steps), options, who = expr.args, dict(expr.options), {}
    limit = options["within"].value if "within" in options else math.inf
    fit = [row for row in everyone if expr.where is None or value_of(expr.where, row) is True]
    for row in rows:
        text = value_of(options["by"], row)
        if text is None or row not in fit or value_of(first, row) is not True:
            continue
        at = row[MOMENT]
        for step in steps:
            at = min((other[MOMENT] for other in fit if at is not None and other[MOMENT] >= at
                      and value_of(options["by"], other) == text and value_of(step, other) is True), default=None)
        within = at is not None and (at - row[MOMENT]).total_seconds() <= limit
        who[text] = who.get(text, False) or within
    return sum(who.values()) / len(who) if who else None, len(who)


def mean(pairs):
    """Σwx/Σw of (x, w)."""
    return float(sum(Fraction(x) * w for x, w in pairs) / sum(w for _, w in pairs)) if pairs else None


def of_values(expr, values, weighs, options, *, weighted):
    name, n = expr.function, len(values)
    exact = [Fraction(value) for value in values]
    match name:
        case "count":
            return n
        case "sum":
            return float(sum(exact))
        case "mean" | "ces":
            return mean(list(zip(exact, weighs, strict=True)))
        case "min" | "max":
            return float((min if name == "min" else max)(values)) if values else None
        case "stdev":
            return root(variance(exact, weighs)) if n > 1 else None
        case "top_box" | "csat":
            low, high = ends(expr.args[1]) if name == "top_box" else top_points(expr.args[0], options)
            return mean([(low <= x <= high, w) for x, w in zip(values, weighs, strict=True)])
        case "nps":
            up = ends(options["promoters"]) if "promoters" in options else (9, 10)
            down = ends(options["detractors"]) if "detractors" in options else (0, 6)
            return mean([(100 * (up[0] <= x <= up[1]) - 100 * (down[0] <= x <= down[1]), w)
                         for x, w in zip(values, weighs, strict=True)])
        case _:
            q = Fraction(1, 2) if name == "median" else Fraction(repr(expr.args[1].value)) if name == "quantile" \
                else Fraction(int(name[1:]), 100)
            if "accuracy" in options:
                exact = [Fraction(near(x, digits_of(options["accuracy"].value))) for x in values]
            rule = options["rule"].value if "rule" in options else "hf1" if weighted else "hf7"
            found = weighted_quantile if weighted else quantile
            return float(found(sorted(zip(exact, weighs, strict=True)) if weighted else sorted(exact), q, rule)) \
                if values else None


def digits_of(accuracy):
    """How many binary digits keep every value within the accuracy."""
    return next(digits for digits in range(1, 54) if Fraction(1, 2**digits) <= Fraction(accuracy))


def of_several(name, sets, options):
    """The value and n of an aggregate of several values a row; `sets`: of rows that have all, the values and weight."""
    if name == "csi" and "of" in options and options["of"].value == "ratios":
        ratios = [(100 * Fraction(got) / Fraction(wanted), w) for (got, wanted), w in sets if wanted != 0]
        return mean(ratios), len(ratios)
    n, weighs = len(sets), [w for _, w in sets]
    columns = [[Fraction(value) for value in column] for column in zip(*(values for values, _ in sets), strict=True)]
    if name == "csi":
        got, wanted = (sum(x * w for x, w in zip(column, weighs, strict=True)) for column in columns or ([], []))
        return (float(100 * got / wanted) if wanted else None), n
    if n < 2:
        return None, n
    own = [variance(column, weighs) for column in columns]
    if name == "alpha":
        k, whole = len(columns), variance([sum(values) for values in zip(*columns, strict=True)], weighs)
        return (float(Fraction(k, k - 1) * (1 - sum(own) / whole)) if whole else None), n
    x, y = columns
    whole = variance([a + b for a, b in zip(x, y, strict=True)], weighs)
    both = (whole - own[0] - own[1]) / 2
    return (root(both**2 / (own[0] * own[1])) * (1 if both > 0 else -1) if all(own) else None), n


def ends(expr):
    return tuple(arg.value for arg in expr.args)


def top_points(column, options):
    top = options["top"].value if "top" in options else 2
    return column.unit.high - top + 1, column.unit.high


def variance(exact, weighs=None):
    """n/(n − 1) · Σw(x − m)²/Σw."""
    n, weighs = len(exact), weighs or [1] * len(exact)
    middle = Fraction(sum(x * w for x, w in zip(exact, weighs, strict=True))) / sum(weighs)
    far = sum((x - middle) ** 2 * w for x, w in zip(exact, weighs, strict=True))
    return Fraction(n, n - 1) * far / sum(weighs)


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


def weighted_quantile(pairs, q, rule):
    """The least value up to which the part q of the weight lies; by hf2 the middle of it and the next, if exactly q."""
    nearly = Fraction(1, 10**12) * sum(w for _, w in pairs)
    aim = q * sum(w for _, w in pairs)
    for x in sorted({x for x, _ in pairs}):
        running = sum(w for y, w in pairs if y <= x)
        if running >= aim - nearly:
            exact = rule == "hf2" and running <= aim + nearly
            return (x + min((y for y, _ in pairs if y > x), default=x)) / 2 if exact else x
    raise AssertionError(pairs)


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

