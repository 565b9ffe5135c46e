"""What is to be computed: states of rows, and how the tree is evaluated from them.

A *partial* is one mergeable number about rows: how many, the sum of an integer, the least,
or the counts of each value.  A *leaf* is an aggregate of the language, finished from a few
partials.  Equal partials are one, whichever indicators ask for them.

Sums of numbers that are no integers are kept exactly, as two integer sums: the whole parts
(`floor(x)`) and the fractions in units of 2^-62.  So states are integers, and merging them in
any order gives the same bits.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import mul
from typing import Literal

from cxmetrics.functions import COMPLETES
from cxmetrics.ir import Apply, Constant, Expr, Indicator, Origin, Project, Ref
from cxmetrics.pseudonyms import Grouping
from cxmetrics.windows import Moment, Window

_HOUR = 3_600_000_000  # microseconds
NO_LIMIT = -1  # for the microseconds that a conversion may take
FRACTION = 2.0**62  # fractions of sums are counted in units of 1/FRACTION
FACTOR = 2**40  # the factors of raked rows are counted in units of 1/FACTOR, so that what they multiply stays whole
COARSER = 2**22  # and the fractions they multiply in units of COARSER/FRACTION, so that there is room for the product

# count: rows where `where` holds (and `arg`, if any, is present)
# sum: Σ arg, an integer; whole/fraction: the two parts of Σ arg
# squares: Σ arg², an integer; squares_whole/squares_fraction: the two parts of Σ arg²
# min, max: extremes; first, last: arg of the row of the least or greatest time, of several the least or greatest arg
Op = Literal["count", "sum", "whole", "fraction", "squares", "squares_whole", "squares_fraction", "min", "max",
             "first", "last"]
BY_TIME: frozenset[Op] = frozenset(("first", "last"))
ADDITIVE: frozenset[Op] = frozenset(
    ("count", "sum", "whole", "fraction", "squares", "squares_whole", "squares_fraction"))


@dataclass(frozen=True, slots=True)
class Partial:
    """One mergeable state of the rows of a source; with `by`, one state for each text of it.

    Rows without a value of `by` are left out.  `at`: of the rows of a period only those of the first or the last day of
    each text count, and it makes no difference any more whose they were.  `power`: of which power of the factors of
    raked rows it is a sum.  `per`: with one state for each value of it; what it says is a count or a sum.
    """

    source: str
    op: Op
    arg: Expr | None
    where: Expr | None
    by: Expr | None = None
    at: Moment | None = None
    power: int = 0
    per: Expr | None = None

    @property
    def exprs(self) -> tuple[Expr, ...]:
        """What it looks at in a row, but for whose the row is."""
        return tuple(each for each in (self.arg, self.where, self.per) if each is not None)

    @property
    def all_rows(self) -> bool:
        """Whether it is how many rows the source has."""
        return self.op == "count" and all(each is None for each in (self.arg, self.where, self.by, self.per))


def days_ahead(where: Expr | None) -> float:
    """How many days after that of a row its condition looks at, at most; infinitely many where nothing limits it."""
    if not isinstance(where, Apply):
        return 0
    if where.function == COMPLETES and isinstance(limit := where.args[1], Constant) and isinstance(limit.value, int):
        # A clock change may put two more hours between local times than have passed.
        return math.inf if limit.value == NO_LIMIT else (limit.value + 2 * _HOUR) // (24 * _HOUR) + 1
    return max(map(days_ahead, where.args), default=0)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum finished from partials: Σ state · factor over its parts (part index into `Plan.partials`)."""

    parts: tuple[tuple[int, float], ...]


# The inputs that the value of a leaf follows from, where its interval needs others besides.
_FOLLOWED: Mapping[str, tuple[int, ...]] = {
    "mean": (0, 1), "weighted_mean": (0, 1, 3), "weighted_share": (0, 1, 3), "weighted_nps": (0, 1, 3, 4),
    "weighted_apdex": (0, 1, 3, 4), "csi": (0, 1, 3, 4), "weighted_quantile": (0, 3),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """An aggregate finished from totals.

    `inputs` by function: count (rows), sum (n, Σ), mean and stdev (n, Σ, Σ²), min, max, first and last (n, extreme),
    share (n, hits), nps (n, promoters, detractors), apdex (n, satisfied, tolerating), quantile (n, values),
    distinct (n, what is told apart: states by text, or by value), sampled_distinct (n, a sample of texts),
    conversion (who began, who went on: states by text),
    checklist (items, what was reached, what could be, perhaps fatal items failed: all by text),
    csi (n, Σw, Σw², Σwx, Σwy, Σw²x², Σw²y², Σw²xy), correlation (n, Σw, Σw², Σwx, Σwy, Σwx², Σwy², Σwxy),
    alpha (n, Σw, Σw², then Σwx and Σwx² of the sums of rows and of each item), of rows without weights w = 1;
    weighted_mean (n, Σw, Σw², Σwx, Σw²x, Σw²x²), weighted_stdev (n, Σw, Σw², Σwx, Σwx, Σwx²), weighted_share (n, Σw,
    Σw², Σw of hits), weighted_nps and weighted_apdex (n, Σw, Σw², Σw of both boxes, Σw² of both), weighted_quantile (n,
    Σw, Σw², Σw and Σw² of each value).
    The first input is always the n of evidence; weights are in units of no meaning.
    `options` are plain numbers or words (`q`, `rule`, and `digits` where values are kept to so many binary ones).
    `others`: the further sources of rows counted together.
    """

    function: str
    source: str
    inputs: tuple[Total, ...]
    options: tuple[tuple[str, float | str], ...] = ()
    others: tuple[str, ...] = ()
    window: Window = ()
    units: tuple[Total, ...] = ()  # the totals its value follows from, with states of each unit or group of units
    present: tuple[int, ...] = ()  # partials that say which units have rows, where each single one has states

    @property
    def partials(self) -> frozenset[int]:
        """All partials that it, and what is known of its sureness, is finished from."""
        return frozenset(part for total in (*self.inputs, *self.units) for part, _ in total.parts).union(self.present)

    @property
    def followed(self) -> tuple[Total, ...]:
        """The inputs that its value follows from; `units` are the same."""
        return tuple(self.inputs[place] for place in _FOLLOWED.get(self.function, range(len(self.inputs))))

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source whose rows it counts."""
        return (self.source, *self.others)

    def is_about_somebody(self, origins: Mapping[str, Origin]) -> bool:
        """Whether some of its rows say whom they are about: then several of them may tell of one."""
        return any(origins[source].entity is not None for source in self.sources)

    def at_one_moment(self, partials: Sequence[Partial]) -> bool:
        """Whether only the first or the last moment of a period counts: then days do not sum to it."""
        return any(partials[part].at for total in self.inputs for part, _ in total.parts)


@dataclass(frozen=True, slots=True)
class LeafValue:
    """The value of a leaf (index into `Plan.leaves`), in a formula over numbers."""

    leaf: int


@dataclass(frozen=True, slots=True)
class Operation:
    """A function of numbers."""

    function: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers dated by the day from which each is in force, in order; `n` is how many answers one rests on.

    Published figures are of a whole market: they have no value in a slice.
    """

    steps: tuple[tuple[dt.date, float, float], ...]  # (from, value, n)
    window: Window = ()


Value = Constant | Ref | LeafValue | Operation | Series


def leaves_of(value: Value | None) -> Iterator[int]:
    """The leaves a formula is made of, as often as it names them."""
    match value:
        case LeafValue():
            yield value.leaf
        case Operation():
            for arg in value.args:
                yield from leaves_of(arg)
        case _:
            return


def references_of(value: Value | None) -> Iterator[str]:
    """The indicators a formula refers to."""
    match value:
        case Ref():
            yield value.indicator
        case Operation():
            for arg in value.args:
                yield from references_of(arg)
        case _:
            return


def lone_leaf(formula: Value | None) -> tuple[int, float] | None:
    """The leaf (index into `Plan.leaves`) that a formula consists of, and the factor to the formula's unit."""
    match formula:
        case LeafValue(leaf):
            return leaf, 1.0
        case Operation("convert", (inner, Constant(int() | float() as factor))) if (lone := lone_leaf(inner)):
            return lone[0], lone[1] * factor
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Node:
    """An indicator and the formula that gives its value; None where it is a mean of what its children give.

    A `hidden` one serves others and is shown nowhere; its id contains `~`.  `peers`: those that it is compared with.
    """

    indicator: Indicator
    formula: Value | None
    sources: frozenset[str]  # all sources below it
    fingerprint: str  # of its meaning, with all below it
    hidden: bool = False  # computed for others only, and never shown
    window: Window = ()  # all below it is looked at through this
    peers: tuple[tuple[str, str], ...] = ()  # (peer, id of its hidden node)
    fed: str | None = None  # fingerprint of what it gives to others, where that is not all of its meaning
    versions: tuple[tuple[dt.date | None, str], ...] = ()  # (first day, id of its hidden node): its rules from then on

    @property
    def meaning(self) -> str:
        """Fingerprint of what others compute from it."""
        return self.fed or self.fingerprint

    @property
    def made_of(self) -> tuple[str, ...]:
        """The indicators that its value is computed from."""
        if self.versions:
            return tuple(node for _, node in self.versions)
        return (*(edge.child for edge in self.indicator.combined), *references_of(self.formula))

    @property
    def below(self) -> tuple[str, ...]:
        """The indicators that it is computed from, or compared with."""
        return (*self.made_of, *(node for _, node in self.peers))


@dataclass(frozen=True, slots=True)
class Plan:
    """The pyramid as work; nodes stand after all they depend on."""

    project: Project
    sources: Mapping[str, Origin]
    partials: tuple[Partial, ...]
    fingerprints: tuple[str, ...]  # of each partial, with the meaning of its source
    leaves: tuple[Leaf, ...]
    nodes: Mapping[str, Node]
    within: Mapping[str, str] = field(default_factory=dict)  # dimension -> the coarser one it is part of
    least: Mapping[str, int] = field(default_factory=dict)  # dimension -> `min_n` of its slices, where more than 1
    twins: Mapping[int, int] = field(default_factory=dict)  # partial by units -> the same of all rows
    unions: Mapping[int, int] = field(default_factory=dict)  # partial never stored -> the groups that make it up
    sizes: Mapping[str, tuple[Total, Total, Total]] = field(default_factory=dict)  # n, Σw and Σw² before rows are raked

    def min_n(self, indicator: Indicator) -> int:
        """From how many rows on an indicator may be shown, as far as it says itself or else the project."""
        return self.project.min_n if indicator.min_n is None else indicator.min_n

    def raked_in(self, leaf: Leaf) -> frozenset[str]:
        """The sources of whose raked rows a leaf is a sum."""
        return frozenset(self.partials[part].source for total in leaf.inputs for part, _ in total.parts
                         if self.partials[part].power)

    def least_in(self, cut: tuple[str, ...]) -> int:
        """How many rows the dimensions of a cut ask for."""
        return max((self.least.get(name, 1) for name in cut), default=1)

    @property
    def shown(self) -> Mapping[str, Node]:
        """The nodes that are not hidden."""
        return {name: node for name, node in self.nodes.items() if not node.hidden}


# --- the fused plan: one scan a source -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Classifier:
    """A row expression sorted into few classes, so that every condition on it is a set of classes.

    Class 0 is "missing".  `literals`: class i+1 are the texts `literals[i]`, and the last class is any other.
    `breaks` (sorted numbers b1 < b2 …): the classes are ]-inf,b1[ {b1} ]b1,b2[ {b2} … ]bm,inf[, numbered by
    `codes` (2m+1 of them, from 1; neighbours that no condition tells apart share one).
    Neither: the expression is itself a condition; 1 is false, 2 is true.
    """

    expr: Expr
    literals: tuple[tuple[str, ...], ...] | None = None
    breaks: tuple[float, ...] | None = None
    codes: tuple[int, ...] | None = None
    classes: int = 3  # how many codes there are, with 0

    @property
    def texts(self) -> dict[str, int]:
        """The class of each literal."""
        return {text: code for code, texts in enumerate(self.literals or (), 1) for text in texts}


def steps(keys: Sequence[Classifier]) -> tuple[int, ...]:
    """By how much the number of a combination of classes (`Cube.wanted`) grows with the class of each key."""
    return tuple(accumulate((key.classes for key in keys), mul, initial=1))[:-1]


@dataclass(frozen=True, slots=True)
class Slot:
    """A number computed for each cell of a cube, of the rows that meet a condition over the classes of `Cube.asked`."""

    op: Op
    arg: Expr | None
    where: Condition | None = None

    def columns(self, place: int) -> tuple[str, ...]:
        """The columns of the slot at that place in a cube."""
        return (f"s{place}", f"s{place} at") if self.op in BY_TIME else (f"s{place}",)


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a condition decided by one classifier: true in the classes `true`, missing in `missing`."""

    key: int  # index into `Cube.keys`
    true: frozenset[int]
    missing: frozenset[int]


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`, `not` over conditions of classes (three-valued, as in the rows)."""

    function: Literal["and", "or", "not"]
    args: tuple[Condition, ...]


Condition = Cell | Logic


@dataclass(frozen=True, slots=True)
class Member:
    """Which cells and which slot of a cube make up a partial (index into `Plan.partials`).

    `rows`: the slot that counts the rows of the slot's own condition; None where it has none.
    """

    partial: int
    slot: int
    where: Condition | None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Cube:
    """One grouping of a scan: day × dimensions × classes → slots.

    `value`: the expression whose values have states of their own (quantiles): one more key, without which rows are
    left out; its slots count and sum.
    `by`: the expression whose texts have states of their own: one more key, `text`.  `persons`: the groups that
    personal texts fall into, which are hidden before they are kept; None where texts stay as they are.
    `wanted`: the combinations of classes that some member looks at, rows of others being left out before they are
    grouped; combination Σ class[i] · Π classes of keys before i.  None where all stay.
    `others`: the classes, of a combination that is not wanted, under which rows of all such are counted together, and
    nothing but counted, for members that look at all rows; None where they are left out.
    """

    dimensions: tuple[str, ...]
    keys: tuple[Classifier, ...]
    slots: tuple[Slot, ...]
    members: tuple[Member, ...]
    value: Expr | None = None
    by: Expr | None = None
    persons: Grouping | None = None
    wanted: tuple[int, ...] | None = None
    others: tuple[int, ...] | None = None
    asked: tuple[Classifier, ...] = ()  # what conditions of slots look at; rows are not grouped by it


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over the rows of a source."""

    source: Origin
    cubes: tuple[Cube, ...]


@dataclass(frozen=True, slots=True)
class Fused:
    """All scans of a run."""

    scans: tuple[Scan, ...]


Days = tuple[dt.date, dt.date]  # half-open
