"""A whole pyramid in plain Python: from the proved definitions and the rows that count to the table `values`.

Every indicator, grain, period and slice is computed from its own rows; nothing is merged.
"""

import datetime as dt
import math
from dataclasses import dataclass, field, replace

from plain_composites import combined, pooled
from plain_days import DAY, beginning, days_of, seen_through
from plain_formulas import applied, over_children
from plain_numbers import UNBOUND, aggregate, by_rule, conversion, score_alone, score_in_pool
from plain_rows import NOWHERE, deliver, looked_at

from cxmetrics.composite_rules import Carry, Neutral
from cxmetrics.ir import Aggregate, Apply, Blend, Constant, Merged, Ref, Windowed
from cxmetrics.score_rules import MinMax, ZScore
from cxmetrics.units import SCORE
from cxmetrics.windows import ToDate, Trailing


@dataclass
class Result:
    """An indicator at a point."""

    value: float | None
    n: float
    fed: float | None = None
    score: float | None = None
    coverage: float | None = None
    partial: bool = False


@dataclass
class Sheet:
    """What one cut looks at in one period, through a window: rows by source and slice; indicator → slice → result.

    `rows` has no entry for a source that has not delivered or cannot make the cut; `short` are the sources whose
    first day is within a window that sets its own length.
    """

    grain: str
    period: dt.date
    cut: tuple
    window: tuple
    places: list
    rows: dict
    short: set
    first: dt.date  # that is looked at
    results: dict = field(default_factory=dict)


class Oracle:
    """The values of a pyramid over raw rows."""

    def __init__(self, pyramid, tables):
        self.pyramid, self.project = pyramid, pyramid.project
        self.sheets = {}
        self.sources = {name: self.sources_of(name) for name in pyramid.indicators}
        used = set().union(*self.sources.values())
        self.delivered = {name: deliver(origin, tables, self.project.time_zone)
                          for name, origin in pyramid.sources.items() if name in used}

    # what the definitions say

    def sources_of(self, name):
        found = set()
        for one in self.pyramid.indicators[name].eras:
            found |= self.sources_in(one.formula).union(*(self.sources_of(edge.child) for edge in one.children))
        return found

    def sources_in(self, expr):
        match expr:
            case Aggregate():
                return {expr.source}
            case Ref(name):
                return self.sources_of(name)
            case Apply(_, args):
                return set().union(*map(self.sources_in, args))
            case Windowed(_, arg):
                return self.sources_in(arg)
            case _:
                return set()

    def cuts_of(self, indicator):
        return self.project.cuts if indicator.cuts is None else indicator.cuts

    def grains_of(self, indicator):
        return self.project.grains if indicator.grains is None else indicator.grains

    def shown(self, indicator, grain, cut):
        return grain in self.grains_of(indicator) and (not cut or set(cut) in map(set, self.cuts_of(indicator)))

    def least_n(self, indicator):
        return max(map(self.least_n_of, indicator.eras))

    def least_n_of(self, indicator):
        bare = indicator.combine.parts[0] if isinstance(indicator.combine, Merged) else indicator.formula
        bare, windowed = unwrapped(bare)
        inner = self.pyramid.indicators[bare.indicator] if windowed and isinstance(bare, Ref) else None
        if inner and inner.rounding is None and not inner.versions and inner.valid == (None, None):
            bare, _ = unwrapped(inner.formula)
        if isinstance(bare, Aggregate) and bare.function in ("count", "distinct"):
            return 0
        return self.project.min_n if indicator.min_n is None else indicator.min_n

    # points

    def values(self):
        """Rows of the table `values`: (indicator, grain, period, slice as a set of pairs) → columns."""
        found = {}
        indicators = self.pyramid.indicators.values()
        cuts = {frozenset(cut): cut for each in indicators for cut in ((), *self.cuts_of(each))}
        grains = {grain for each in indicators for grain in self.grains_of(each)}
        for cut in cuts.values():
            for grain in grains:
                if any(self.shown(each, grain, cut) for each in indicators):
                    self.show_grain(grain, cut, found)
        return found

    def show_grain(self, grain, cut, found):
        before = None
        for period in self.periods(grain):
            sheet = self.sheet(grain, period, cut)
            adjacent = before is not None and before.period == beginning(period - DAY, grain, self.project.calendar)
            for indicator in self.pyramid.indicators.values():
                if self.shown(indicator, grain, cut):
                    self.show(indicator, sheet, before if adjacent else None, found)
            before = sheet

    def periods(self, grain):
        calendar = self.project.calendar
        return sorted({beginning(one.first + DAY * i, grain, calendar) for one in self.delivered.values()
                       for i in range((one.last - one.first).days + 1)})

    def sheet(self, grain, period, cut, window=()):
        """What is looked at through a window at all slices of a cut in one period; each is made once."""
        key = grain, period, cut, window
        if key not in self.sheets:
            days = seen_through(window, days_of(period, grain), grain, self.project.calendar)
            able = {name: one for name, one in self.delivered.items() if set(cut) <= one.dimensions}
            known = {place_of(row, cut) for one in able.values() for row in one.rows if row.day <= days[-1]}
            own_length = any(isinstance(step, Trailing | ToDate) for step in window)
            self.sheets[key] = Sheet(
                grain, period, cut, window, sorted(known) if cut else [()],
                {name: by_slice(one, days, cut) for name, one in able.items()
                 if one.first <= days[-1] and days[0] <= one.last},
                {name for name, one in self.delivered.items() if own_length and days[0] < one.first}, days[0])
        return self.sheets[key]

    def through(self, sheet, step):
        return self.sheet(sheet.grain, sheet.period, sheet.cut, (*sheet.window, step))

    # indicators

    def results(self, name, sheet):
        """Slice → result of an indicator on a sheet."""
        if name not in sheet.results:
            whole = self.pyramid.indicators[name]
            indicator = version_on(whole, sheet.first)
            here = {place: self.settled(indicator, place, sheet) for place in sheet.places}
            self.score(indicator, sheet, here)
            begin, end = whole.valid
            over = (begin and sheet.first < begin) or (end and sheet.first > end)
            sheet.results[name] = {place: Result(None, 0) for place in here} if over else here
        return sheet.results[name]

    def result(self, name, place, sheet):
        return self.results(name, sheet).get(place) or Result(None, 0)

    def settled(self, indicator, place, sheet):
        if indicator.formula is None:
            result = self.composite(indicator, place, sheet)
        else:
            value, n = self.figure(indicator.formula, place, sheet)
            below = self.partial_below(indicator.formula, place, sheet)
            result = Result(value, n, partial=any(below))
        if result.value is not None and indicator.rounding is not None:
            result.value = by_rule(result.value, indicator.rounding)
        result.fed = result.value
        return result

    def combined(self, indicator):
        """The children, or the leaves below them, each path by itself."""
        if not indicator.over:
            return indicator.children
        weights = {}
        self.descend(indicator, 1.0, weights)
        assert all(math.isclose(weights[edge.child], edge.weight, rel_tol=1e-12) for edge in indicator.over)
        return indicator.over

    def descend(self, indicator, weight, weights):
        for edge in indicator.children:
            child, share = self.pyramid.indicators[edge.child], weight * edge.weight
            if child.weighted:
                self.descend(child, share, weights)
            else:
                weights[edge.child] = weights.get(edge.child, 0.0) + share

    def composite(self, indicator, place, sheet):
        whole = [self.not_split(edge.child, sheet.cut) if indicator.use_total else False
                 for edge in self.combined(indicator)]
        total = self.sheet(sheet.grain, sheet.period, (), sheet.window)
        fresh = [self.result(edge.child, () if at else place, total if at else sheet)
                 for at, edge in zip(whole, self.combined(indicator), strict=True)]
        below = fresh
        if isinstance(indicator.missing, Carry):
            below = [self.carried(edge.child, () if at else place, total if at else sheet, indicator.missing.days)
                     if one.fed is None else one
                     for at, edge, one in zip(whole, self.combined(indicator), fresh, strict=True)]
        result = self.composed(indicator, below, place, sheet)
        if below is not fresh:
            result.coverage = combined(replace(indicator, combine="weighted_mean"), [one.fed for one in fresh])[1]
            result.partial |= result.coverage < 1 - 1e-9
        return result

    def not_split(self, name, cut):
        """Whether none of the sources of an indicator can make a cut."""
        used = self.sources[name]
        return bool(cut and used) and not any(set(cut) <= self.delivered[source].dimensions for source in used)

    def carried(self, name, place, sheet, days):
        """What an indicator gave last, if the period ended at most so many days before this one."""
        final = days_of(sheet.period, sheet.grain)[-1]
        for period in reversed(self.periods(sheet.grain)):
            if period < sheet.period and (final - days_of(period, sheet.grain)[-1]).days <= days:
                earlier = self.result(name, place, self.sheet(sheet.grain, period, sheet.cut, sheet.window))
                if earlier.fed is not None:
                    return earlier
        return Result(None, 0)

    def composed(self, indicator, below, place, sheet):
        if isinstance(indicator.combine, Merged):
            return self.merged(indicator, below, place, sheet)
        if isinstance(indicator.combine, Blend):
            return self.blended(indicator, below)
        value, coverage = combined(indicator, [one.fed for one in below])
        present = [one for one in below if one.fed is not None]
        partial = coverage < 1 - 1e-9 or any(one.partial for one in present)
        return Result(value, min((one.n for one in present), default=0), coverage=coverage, partial=partial)

    def merged(self, indicator, below, place, sheet):
        """A composite of rows counted together."""
        given, n = pooled(indicator.combine, lambda one: None if one.source not in sheet.rows
                          or place not in sheet.places else looked_at(one, place, sheet.rows, self.pyramid),
                          lambda source: self.pyramid.sources[source].weight)
        value, coverage = combined(indicator, [one.value for one in below], given)
        partial = coverage < 1 - 1e-9 or any(one.partial for one in below if one.value is not None)
        return Result(value, UNBOUND if n == 0 and given is not None else n, coverage=coverage, partial=partial)

    def blended(self, indicator, below):
        """A composite by a formula over what its children give."""
        absent = indicator.missing.value if isinstance(indicator.missing, Neutral) else None
        fed = {edge.child: (absent, UNBOUND) if one.fed is None else (one.fed, one.n)
               for edge, one in zip(indicator.children, below, strict=True)}
        given, n = over_children(indicator.combine.formula, fed)
        value, coverage = combined(indicator, [one.fed for one in below], given)
        partial = coverage < 1 - 1e-9 or any(one.partial for one in below if one.fed is not None)
        return Result(value, n, coverage=coverage, partial=partial)

    def figure(self, expr, place, sheet):
        """The value and the n of a formula in a slice."""
        match expr:
            case Constant(value):
                return float(value), UNBOUND
            case Ref(name):
                result = self.result(name, place, sheet)
                return result.value, result.n
            case Windowed(step, arg):
                return self.figure(arg, place, self.through(sheet, step))
            case Aggregate():
                if expr.source not in sheet.rows or place not in sheet.places:
                    return None, 0
                rows = looked_at(expr, place, sheet.rows, self.pyramid)
                if expr.function == "conversion":
                    return conversion(expr, rows, [row.values for row in self.delivered[expr.source].rows])
                value, n = aggregate(expr, rows, self.pyramid.sources[expr.source].weight)
                return value, UNBOUND if n == 0 and value is not None else n
            case Apply("in", (first, Constant(tuple() as listed))):
                value, n = self.figure(first, place, sheet)
                return None if value is None else float(value in listed), n
            case Apply(function, args):
                return applied(function, [self.figure(arg, place, sheet) for arg in args])

    def partial_below(self, expr, place, sheet):
        """Whether each part of a formula that has a value is partial."""
        match expr:
            case Ref(name):
                result = self.result(name, place, sheet)
                return [result.partial and result.value is not None]
            case Windowed(step, arg):
                return self.partial_below(arg, place, self.through(sheet, step))
            case Aggregate():
                return [expr.source in sheet.short and self.figure(expr, place, sheet)[0] is not None]
            case Apply(_, args):
                return [part for arg in args for part in self.partial_below(arg, place, sheet)]
            case _:
                return []

    def score(self, indicator, sheet, here):
        """Score an indicator in all slices of a sheet."""
        rule = indicator.score
        for place, result in here.items():
            if rule is None:
                result.score = result.value if indicator.unit == SCORE else None
            elif isinstance(rule, MinMax | ZScore):
                pool = self.pool(place, here, sheet.cut, rule.across)
                alone = result.value is None or pool is None
                result.score = None if alone else score_in_pool(result.value, pool, rule, indicator.direction)
            else:
                result.score = None if result.value is None else score_alone(result.value, rule)
        if rule is not None:
            for result in here.values():
                result.fed = result.score

    def pool(self, place, here, cut, across):
        """The values a slice is compared with: of slices alike in all but a dimension and those it is within."""
        if across not in cut or place[cut.index(across)] == NOWHERE:
            return None
        freed, outer = {across}, across
        while (outer := self.pyramid.dimensions[outer].within) is not None:
            freed.add(outer)
        kept = [i for i, name in enumerate(cut) if name not in freed]
        return [one.value for other, one in here.items() if one.value is not None
                and other[cut.index(across)] != NOWHERE and all(other[i] == place[i] for i in kept)]

    # what a reader sees

    def show(self, indicator, sheet, before, found):
        for place, result in self.results(indicator.id, sheet).items():
            value, status = self.seen(indicator, result)
            if sheet.cut and status == "no_data" and result.n in (0, UNBOUND) and self.sources[indicator.id]:
                continue
            then = self.results(indicator.id, before).get(place) if before else None
            earlier = None if then is None else self.seen(indicator, then)[0]
            sign = 1 if indicator.direction == "up" else -1
            n = result.n if result.n < UNBOUND else 0 if self.sources[indicator.id] else None
            target = version_on(indicator, sheet.first).target
            pairs = frozenset(zip(sheet.cut, place, strict=True))
            found[indicator.id, sheet.grain, sheet.period, pairs] = {
                "value": value, "n": n, "status": status, "coverage": result.coverage,
                "score": None if status == "low_n" else result.score, "target": target,
                "gap": None if value is None or target is None else sign * (value - target),
                "change": None if value is None or earlier is None else value - earlier}

    def seen(self, indicator, result):
        if result.value is None:
            return None, "no_data"
        if result.n < self.least_n(indicator):
            return None, "low_n"
        return result.value, "partial" if result.partial else "ok"


def version_on(indicator, day):
    """The rules of an indicator that hold for what begins on a day."""
    return [one for first, one in indicator.versions if first is None or first <= day][-1] if indicator.versions \
        else indicator


def unwrapped(expr):
    """What stands within windows and changes of unit, and whether there are windows."""
    windowed = False
    while isinstance(expr, Windowed) or (isinstance(expr, Apply) and expr.function == "convert"):
        windowed |= isinstance(expr, Windowed)
        expr = expr.arg if isinstance(expr, Windowed) else expr.args[0]
    return expr, windowed


def by_slice(one, days, cut):
    """Slice → values of the rows of some days."""
    found = {}
    for row in one.rows:
        if days[0] <= row.day <= days[-1]:
            found.setdefault(place_of(row, cut), []).append(row.values)
    return found


def place_of(row, cut):
    return tuple(row.slices[name] for name in cut)
