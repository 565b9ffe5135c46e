"""The proved pyramid: names are things, formulas are typed trees.

Operators and functions of numbers are `Apply`, functions of rows are `Aggregate`.  Equal meanings are equal values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cxmetrics.benchmarks import Peers
from cxmetrics.composite_rules import MissingRule, PowerMean, Renormalise, Required, Rounding
from cxmetrics.days import NONE_TOLD, PLAIN, Calendar, Holidays
from cxmetrics.deliveries import Arrival, Unique, Watch
from cxmetrics.quick import quick
from cxmetrics.scales import Scales
from cxmetrics.score_rules import Direction, ScoreRule
from cxmetrics.source import Span
from cxmetrics.tables import TableName
from cxmetrics.units import TEXT, Unit
from cxmetrics.weights import Rake
from cxmetrics.windows import Moment, Step

Scalar = int | float | str | bool | dt.date
ColumnType = Literal["integer", "number", "text", "boolean", "date", "time"]
Grain = Literal["day", "week", "month", "quarter", "year"]
Asked = Literal["owner", "target", "test"]
ASKED: tuple[Asked, ...] = ("owner", "target", "test")
CRITICALITY = ("high", "medium", "low")
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
DAYS = (dt.date(1900, 1, 1), dt.date(2199, 12, 31))  # the first and the last of a row; others are slips of the pen


@quick
@dataclass(frozen=True, slots=True)
class Constant:
    """A literal, or a list of them (`in [...]`)."""

    value: Scalar | tuple[Scalar, ...]
    unit: Unit
    span: Span | None = field(default=None, compare=False, repr=False)
    spans: tuple[Span | None, ...] = field(default=(), compare=False, repr=False)  # of the values of a list


@quick
@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source, in a row expression."""

    source: str
    name: str
    type: ColumnType
    unit: Unit
    span: Span | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Ref:
    """The value of another indicator."""

    indicator: str
    span: Span | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function of numbers (or of row values) and its arguments."""

    function: str
    args: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of the rows of one source; `args` and `where` are row expressions.

    `at`: only of the first or the last rows in the period of each of the source's entities.
    """

    function: str
    source: str
    args: tuple[Expr, ...]
    where: Expr | None = None
    options: tuple[tuple[str, Expr], ...] = ()
    at: Moment | None = field(default=None, kw_only=True)
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Invalid:
    """Already reported: silences what follows from it."""

    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Windowed:
    """An expression over numbers whose aggregates look at other days than those of the period."""

    step: Step
    arg: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


Expr = Constant | Column | Ref | Apply | Aggregate | Windowed | Invalid


def columns_in(expr: Expr | None) -> Iterator[Column]:
    """The columns a row expression names, as often as it names them."""
    match expr:
        case Column():
            yield expr
        case Apply(_, args):
            for arg in args:
                yield from columns_in(arg)
        case _:
            return


def is_value(source: str, spec: ColumnSpec, value: str) -> Expr:
    """The condition that a column of a source has a value."""
    return Apply("=", (Column(source, spec.name, spec.type, spec.unit), Constant(value, TEXT)))


Title = Mapping[str, str]  # language code -> text; "" for a text without a language


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a cell holds no answer: it holds one of the codes, or (`empty`) nothing; `type` is that of the answers."""

    reason: Literal["not_asked", "skipped"]
    codes: tuple[str, ...]
    empty: bool
    type: ColumnType


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A declared column of a source and its contract."""

    name: str
    type: ColumnType
    unit: Unit
    physical: str  # the name in the file
    low: float | None = None  # ends of the answer scale
    high: float | None = None
    values: tuple[str, ...] | None = None  # the closed set
    missing: tuple[str, ...] = ()  # codes that mean "no answer", as text
    format: str | None = None  # epoch_ms, epoch_s or a strptime pattern, for dates and times
    privacy: str | None = None  # C1, C2, C3
    formula: Expr | None = field(default=None)  # a derived column
    zone: str | None = field(default=None, kw_only=True)  # of times that do not say theirs; None: the project's
    lookup: str | None = None  # the lookup of the source that gives it
    silences: tuple[Silence, ...] = ()  # the reasons for which there may be no answer
    scales: Scales | None = None  # those before `low` and `high`, to which all answers are brought
    silence: Silence | None = None  # of a column of truths: whether another has no answer for that reason
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def own(self) -> bool:
        """Whether it is read from the files of its source."""
        return self.formula is None and self.lookup is None

    @property
    def personal(self) -> bool:
        """Whether it is classed as telling of persons: its values are in no message."""
        return self.privacy in ("C2", "C3")


@dataclass(frozen=True, slots=True)
class Validity:
    """When a row of a table holds: from the time in its column `start` (none: since ever) to that in `end` (none: for
    ever), which is no longer in it, unless it goes `through` that day or second; times of the project's zone.

    `row` asks for the row that holds at the time of the row it is looked up for, `now` for the one that began last; by
    the end of the day `now`, where that is known.
    """

    start: str
    end: str | None
    as_of: Literal["row", "now"]
    through: bool = False
    now: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that gives columns to the rows of a source: no row finds more than one partner in it.

    `key`: the column of the table that is held against the column `on` of the source, as text; without them a row
    finds the one row that is valid at its time.
    """

    id: str
    read: str
    key: str | None = None
    on: str | None = None
    valid: Validity | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    table: TableName | None = None  # where `read` is a database


@dataclass(frozen=True, slots=True)
class Way:
    """How a dimension leads to others: by a table (`lookup.on` is its id) whose columns are called like them."""

    lookup: Lookup
    gives: tuple[tuple[str, tuple[str, ...] | None], ...]  # dimensions, each with its closed set


@dataclass(frozen=True, slots=True)
class Dimension:
    """A way to slice; `within` names the coarser dimension it is part of."""

    id: str
    title: Title
    within: str | None = None
    values: tuple[str, ...] | None = None
    lookup: Lookup | None = None  # a table that leads from it to others
    gives: tuple[str, ...] = ()  # the others; none: those it lies within
    span: Span | None = field(default=None, compare=False, repr=False)
    min_n: int = field(default=1, kw_only=True)  # values of its slices rest on so many rows at least


@dataclass(frozen=True, slots=True)
class Binding:
    """Which column of a source makes a dimension, and the closed set of its `values`.

    `declared` is false where the column was not named by anyone: it is used if the file has it.
    """

    dimension: str
    column: str  # its name; of a column that is not declared, that in the files
    declared: bool = True
    values: tuple[str, ...] | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """A source: where rows come from and what they promise."""

    id: str
    read: str
    columns: Mapping[str, ColumnSpec]
    bindings: tuple[Binding, ...]
    time: str | dt.date  # a column's name, or a constant date
    lookups: tuple[Lookup, ...] = ()
    ways: tuple[Way, ...] = ()  # to dimensions that the files may lack; those that are gone become lookups
    received: str | None = None
    entity: str | None = None
    weight: str | None = None  # the column that says how much a row counts, before it is raked
    keep: Expr | None = None
    unique: Unique | None = None
    on_bad: Literal["reject", "null", "fail"] = "reject"
    max_bad: float = 1.0  # share of rows
    span: Span | None = field(default=None, compare=False, repr=False)
    table: TableName | None = None  # where `read` is a database
    arrival: Arrival = field(default_factory=Arrival)
    watch: Watch = field(default_factory=Watch, compare=False, repr=False)
    strata: str | None = field(default=None, kw_only=True)  # the column that says from which part a unit was drawn
    population: str | None = field(default=None, kw_only=True)  # the column of how many units that part has in all
    read_span: Span | None = field(default=None, compare=False, repr=False)
    rake: Rake | None = field(default=None, kw_only=True)
    flags: tuple[tuple[str, Expr], ...] = field(default=(), kw_only=True, compare=False, repr=False)  # counted only

    def column(self, name: str) -> Column:
        """A column as rows are asked for it; one that nobody declared is text."""
        spec = self.columns.get(name)
        return Column(self.id, name, "text", TEXT) if spec is None else Column(self.id, name, spec.type, spec.unit)

    def column_of(self, binding: Binding) -> ColumnSpec | None:
        """The column that makes a dimension, by its name or else by that in the files; None if none is declared."""
        named = self.columns.get(binding.column)
        return named or next((s for s in self.columns.values() if s.own and s.physical == binding.column), None)


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows of all children counted together, as if one aggregate had seen them.

    `parts`: the children's aggregates, alike but for source, rows and columns; `factor`: into the children's unit.
    """

    parts: tuple[Aggregate, ...]
    factor: float = 1.0

    def __str__(self) -> str:
        return "pooled"


@dataclass(frozen=True, slots=True)
class Blend:
    """A formula over what the children give; each `Ref` in it is a child."""

    formula: Expr
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


Combine = Literal["weighted_mean", "geometric", "harmonic", "minimum"] | PowerMean | Merged | Blend


@quick
@dataclass(frozen=True, slots=True)
class Edge:
    """A child and its share of the parent's weight (shares sum to 1)."""

    child: str
    weight: float
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A node of the pyramid: a factor (formula over rows), a composite, or a formula over indicators."""

    id: str
    level: str | None
    title: Title
    unit: Unit
    direction: Direction
    formula: Expr | None = None
    children: tuple[Edge, ...] = ()
    combine: Combine = "weighted_mean"
    missing: MissingRule = field(default_factory=Renormalise)
    over: tuple[Edge, ...] = field(default=(), kw_only=True)  # combined in place of the children: the leaves below
    use_total: bool = field(default=False, kw_only=True)  # for children whose sources cannot make a cut
    require: Required = field(default_factory=Required, kw_only=True)
    score: ScoreRule | None = None
    target: float | None = None  # in `unit`
    peers: Peers | None = field(default=None, kw_only=True)
    rounding: Rounding | None = None  # of the value, here and for all above
    display: Rounding | None = None  # of what is printed only
    min_n: int | None = None
    cuts: tuple[tuple[str, ...], ...] | None = None  # None: the project's
    grains: tuple[Grain, ...] | None = None
    description: Title = field(default_factory=dict)
    owner: str | None = None
    alone: bool = field(default=False, kw_only=True)  # nobody publishes a number that it could be held against
    criticality: str | None = field(default=None, kw_only=True)  # high, medium or low
    tags: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)
    formula_text: str | None = field(default=None, compare=False, repr=False)
    valid: tuple[dt.date | None, dt.date | None] = field(default=(None, None), kw_only=True)  # for periods begun then
    versions: tuple[tuple[dt.date | None, Indicator], ...] = field(default=(), kw_only=True)  # by first day; last: self
    triangulate: str | None = field(default=None, kw_only=True)  # another that should move as it does

    @property
    def eras(self) -> tuple[Indicator, ...]:
        """The indicator as it is made under each of its versions; itself, if it has none."""
        return tuple(one for _, one in self.versions) if self.versions else (self,)

    @property
    def combined(self) -> tuple[Edge, ...]:
        """What it combines, with weights that sum to 1: its children, or the leaves below it."""
        return self.over or self.children

    @property
    def weighted(self) -> bool:
        """Whether it combines children by their weights."""
        return bool(self.children) and not isinstance(self.combine, Merged | Blend)


@dataclass(frozen=True, slots=True)
class Project:
    """What holds for the whole pyramid."""

    id: str
    title: Title
    time_zone: str = "UTC"
    grains: tuple[Grain, ...] = ("day", "month")
    cuts: tuple[tuple[str, ...], ...] = ()
    store: str = "store"
    min_n: int = 1
    confidence: float = 0.95
    calendar: Calendar = PLAIN
    holidays: Holidays = NONE_TOLD
    replicates: int = 30  # random groups of units that are left out one at a time; 0: none
    must_have: tuple[Asked, ...] = field(default=(), compare=False)  # of each indicator
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Everything the definitions say; indicators stand after all they depend on."""

    project: Project
    sources: Mapping[str, Origin]
    dimensions: Mapping[str, Dimension]
    indicators: Mapping[str, Indicator]
