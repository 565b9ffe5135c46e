"""From the files of a source to rows that count: the pipeline every engine follows, as lazy frames.

Names of columns are `p:` as in the file, `v:`, `w:`, `b:`, `c:`, `u:` (see `values`), `d:` a dimension;
`day`; `fate`: 0 for rows that count, else the number of what became of the row (`Fates`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import polars as pl

from cxmetrics.backends.cells import MISSING, Request
from cxmetrics.backends.fates import DROPPED, DUPLICATE, FINE, FIRST_REASON, TYPE, VALUES
from cxmetrics.backends.needs import LookedUp, Needs, arrivals, derivation, has_contract, needs_of
from cxmetrics.backends.polars.expressions import NARROW, Columns, Term, term
from cxmetrics.backends.polars.files import PLACE, Files, Within, opened, parts, rows_of
from cxmetrics.backends.polars.lookups import answers, beside
from cxmetrics.backends.polars.scales import rescaled
from cxmetrics.backends.polars.values import Reading, contract_of, reading, text_of, utc_of
from cxmetrics.backends.rules import WEIGHTS
from cxmetrics.backends.zones import Zone, years_of
from cxmetrics.ir import DAYS, ColumnSpec, Origin


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A request, prepared: how each needed column is read, and the terms of row expressions."""

    request: Request
    needs: Needs
    files: Files
    readings: tuple[Reading, ...]  # in the order of declaration
    found: Mapping[str, pl.DataFrame]  # what each lookup answers
    columns: Columns

    @property
    def source(self) -> Origin:
        """The source."""
        return self.request.scan.source

    @property
    def zone(self) -> Zone:
        """The project's time zone."""
        return zone_of(self.request)

    @property
    def judged(self) -> tuple[tuple[str, bool], ...]:
        """Every column with a contract or that is read, and whether `b:` tells its status."""
        looked_up = [(spec.name, f"b:{spec.name}" in self.found[made.lookup.id].columns)
                     for made in self.needs.lookups for spec in made.columns]
        derived = [(made.name, True) for made in self.needs.made if isinstance(made, ColumnSpec) and has_contract(made)]
        return (*((one.name, one.judged) for one in self.readings), *looked_up, *derived)


def zone_of(request: Request) -> Zone:
    """The project's time zone, and the years whose clock changes matter."""
    return Zone(request.zone, years_of(request.days if request.scan.source.unique is None else None))


def prepare(request: Request, files: Files, *, everything: bool = False) -> Pipeline:
    """What has to be read, and how; `everything`: all declared columns that the files have.

    Raises `Fault` CX703 for a column that no file has, CX704 for one of an unfitting type.
    """
    needs, kinds, zone = needs_of(request, everything=everything), request.table.columns, zone_of(request)
    readings = tuple(reading(spec, kinds[spec.physical], zone, wide=spec.physical in files.wide)
                     for spec in needs.read)
    found = {asked.lookup.id: answers(request, asked) for asked in needs.lookups}
    return Pipeline(request, needs, files, readings, found, _terms(needs, readings, found))


def _terms(needs: Needs, readings: Iterable[Reading], found: Mapping[str, pl.DataFrame]) -> dict[str, Term]:
    """What each column is in a row expression; derived ones by their formula."""
    terms: dict[str, Term] = {}

    def held(spec: ColumnSpec, *, instant: bool) -> Term:
        return Term(pl.col(f"c:{spec.name}"), spec.type, _bound(spec), pl.col(f"u:{spec.name}") if instant else None)

    for one in readings:
        terms[one.name] = held(one.spec, instant=one.instant is not None)
    for made in needs.made:
        if isinstance(made, LookedUp):
            names = found[made.lookup.id].columns
            terms |= {spec.name: held(spec, instant=f"u:{spec.name}" in names) for spec in made.columns}
        else:
            derived = _derived(made, terms)
            terms[made.name] = replace(derived, expr=pl.col(f"c:{made.name}")) if has_contract(made) else derived
    return terms


def _bound(spec: ColumnSpec) -> float:
    return max(abs(spec.low), abs(spec.high)) if spec.low is not None and spec.high is not None else NARROW


def _derived(spec: ColumnSpec, terms: Columns) -> Term:
    assert spec.formula is not None
    return term(derivation(spec.formula), terms)


# --- what becomes of a row -------------------------------------------------------------------------------------


def _fate(pipeline: Pipeline) -> pl.Expr:
    """0, or that `keep` drops the row, or the first reason to reject it: false `keep` goes before, missing after."""
    source, dropped = pipeline.source, pl.lit(DROPPED, pl.UInt16)
    keep = None if source.keep is None else term(source.keep, pipeline.columns).expr
    fate = pl.lit(0, pl.UInt16)
    if keep is not None:
        fate = pl.when(keep.is_null()).then(dropped).otherwise(fate)
    statuses = {name for name, has_status in pipeline.judged if has_status}
    limits = {reason: limit for _, reason, limit in arrivals(source)}
    for number, (name, reason) in reversed([*enumerate(pipeline.needs.reasons, FIRST_REASON)]):
        if reason == "weight":
            fate = pl.when(_counts(pipeline.columns[name])).then(fate).otherwise(pl.lit(number, pl.UInt16))
        elif reason in ("key", "missing"):
            absent = pipeline.columns[name].expr.is_null()
            fate = pl.when(absent).then(pl.lit(number, pl.UInt16)).otherwise(fate)
        elif reason == "range":
            outside = ~pl.col(f"c:{name}").cast(pl.Date).is_between(*DAYS)
            fate = pl.when(outside).then(pl.lit(number, pl.UInt16)).otherwise(fate)
        elif reason == "type" and name in statuses:  # its reasons stand in the order of the statuses
            status = pl.col(f"b:{name}")
            place = (status - TYPE).cast(pl.UInt16) + pl.lit(number, pl.UInt16)
            fate = pl.when(status.is_between(TYPE, VALUES)).then(place).otherwise(fate)
        elif reason in limits:
            passed = term(limits[reason], pipeline.columns).expr
            fate = pl.when(passed).then(pl.lit(number, pl.UInt16)).otherwise(fate)
    if keep is not None:
        fate = pl.when(~keep).then(dropped).otherwise(fate)
    return fate.alias("fate")


def _counts(weight: Term) -> pl.Expr:
    """Whether a weight is one; null is none."""
    x = weight.expr.cast(pl.Float64)
    return (x == 0) | x.is_between(*WEIGHTS)


def _day(source: Origin) -> pl.Expr:
    if isinstance(source.time, dt.date):
        return pl.lit(source.time, pl.Date).alias("day")
    day = pl.col(f"c:{source.time}").cast(pl.Date)
    return pl.when(day.is_between(*DAYS)).then(day).alias("day")


def _within(pipeline: Pipeline) -> Within | None:
    days, time = pipeline.request.days, pipeline.source.time
    if not days or not isinstance(time, str):
        return None
    first, last = min(start for start, _ in days), max(end for _, end in days)
    if first < dt.date(2, 1, 1) or last > dt.date(9990, 1, 1):
        return None
    return Within(next(one.spec.physical for one in pipeline.readings if one.name == time), first, last)


def in_days(request: Request) -> pl.Expr | None:
    """Whether a row's day was asked for; None where all are."""
    if request.days is None:
        return None
    day, spans = pl.col("day"), [(pl.col("day") >= start) & (pl.col("day") < end) for start, end in request.days]
    return reduce(lambda a, b: a | b, spans, day.is_null() & pl.lit(value=False))


def judged(pipeline: Pipeline, *, placed: bool = False, everywhere: bool = True) -> pl.LazyFrame:
    """The rows of the table with their typed columns, day and fate (duplicates not yet told).

    Not `everywhere`: rows far from the requested days may be left out.
    """
    names = {one.spec.physical for one in pipeline.readings}
    within = None if everywhere else _within(pipeline)
    frame = rows_of(pipeline.files, names, placed=placed, within=within)
    for stage in (Reading.first, Reading.second, Reading.third):
        frame = frame.with_columns([expr for one in pipeline.readings for expr in stage(one)])
    frame = rescaled(frame.with_columns(_day(pipeline.source)), pipeline.readings)
    for made in pipeline.needs.made:
        if isinstance(made, LookedUp):
            on = None if made.lookup.on is None else pipeline.columns[made.lookup.on]
            frame = beside(frame, pipeline.found[made.lookup.id], on, _moment_of(pipeline.source), pipeline.zone)
        elif has_contract(made):
            value = _derived(made, pipeline.columns).expr
            frame = frame.with_columns(contract_of(made, value).alias(f"b:{made.name}")).with_columns(
                pl.when(pl.col(f"b:{made.name}") == FINE).then(value).alias(f"c:{made.name}"))
    return frame.with_columns(_fate(pipeline))


def _moment_of(source: Origin) -> pl.Expr:
    """The local time of a row."""
    time = pl.lit(source.time, pl.Date) if isinstance(source.time, dt.date) else pl.col(f"c:{source.time}")
    return time.cast(pl.Datetime("us"))


@dataclass(frozen=True, slots=True)
class Source:
    """A request whose files have been looked into, and where rows stand (`PLACE`) that give way to others."""

    pipeline: Pipeline
    losers: pl.DataFrame | None

    @property
    def rows(self) -> pl.LazyFrame:
        """The rows that the census is about: those of the requested days, and those without a readable day."""
        losers, request = self.losers, self.pipeline.request
        frame = judged(self.pipeline, placed=losers is not None, everywhere=False)
        if losers is not None:
            frame = frame.join(losers.lazy(), on=PLACE, how="left", nulls_equal=False)
            frame = frame.with_columns(fate=pl.when((pl.col("fate") == 0) & pl.col("loser").is_not_null()).then(
                pl.lit(DUPLICATE, pl.UInt16)).otherwise(pl.col("fate")))
        wanted = in_days(request)
        return frame if wanted is None else frame.filter(wanted | pl.col("day").is_null())

    @property
    def parts(self) -> Iterator[Source]:
        """The same, some files after others."""
        pruned = _within(self.pipeline) is not None  # a slice would have to be read whole
        for files in parts(self.pipeline.files, sliced=not pruned):
            yield replace(self, pipeline=replace(self.pipeline, files=files))


def scanned(request: Request) -> Source:
    """The source of a request, looked into."""
    pipeline = prepare(request, opened(request.table))
    return Source(pipeline, None if pipeline.source.unique is None else _losers(pipeline))


# --- rows with equal keys --------------------------------------------------------------------------------------


def _losers(light: Pipeline) -> pl.DataFrame | None:
    """Where the rows stand (`PLACE`) that give way to another of equal key; None where there are none.

    Only rows whose key's hash occurs twice are ranked, so the cost is that of reading the keys.
    """
    unique = light.source.unique
    assert unique is not None
    key = pl.struct([light.columns[name].expr.alias(name) for name in unique.by]).hash(seed=0)
    hashes = judged(light).filter(pl.col("fate") == 0).select(key.alias("hash")).collect(engine="streaming")
    ordered = hashes["hash"].sort()
    twice = ordered.filter(ordered == ordered.shift(1)).unique()
    if twice.is_empty():
        return None
    full = prepare(light.request, light.files, everything=True)
    rivals = judged(full, placed=True).filter(pl.col("fate") == 0).with_columns(hash=key)
    rivals = rivals.join(pl.LazyFrame({"hash": twice}), on="hash", how="semi")
    ranks, down, last = _ranks(full)
    named = [rank.alias(f"r{number}") for number, rank in enumerate(ranks)]
    keys = [full.columns[name].expr.alias(f"k{number}") for number, name in enumerate(unique.by)]
    ranked = rivals.select(*PLACE, *keys, *named).collect(engine="streaming").sort(
        [f"r{number}" for number in range(len(ranks))], descending=down, nulls_last=last)
    winners = ranked.unique([f"k{number}" for number in range(len(keys))], keep="first", maintain_order=True)
    losers = ranked.join(winners, on=PLACE, how="anti").select(*PLACE, loser=pl.lit(value=True))
    return None if losers.is_empty() else losers


def _ranks(pipeline: Pipeline) -> tuple[list[pl.Expr], list[bool], list[bool]]:
    """The order in which the first row of a key is the one that stays: expressions, descending, nulls last."""
    source = pipeline.source
    assert source.unique is not None
    latest = source.unique.keep == "latest"
    by = source.received or source.time
    ranks: list[tuple[pl.Expr, bool, bool]] = []
    if isinstance(by, str):
        ranks.append((moment(pipeline.columns[by], pipeline.zone), latest, latest))
    declared = sorted(pipeline.readings, key=lambda one: (one.name not in source.columns, one.name))
    ranks += [(pl.col(f"c:{one.name}"), False, True) for one in declared]
    return [x for x, _, _ in ranks], [down for _, down, _ in ranks], [last for _, _, last in ranks]


def moment(x: Term, zone: Zone) -> pl.Expr:
    """What orders times: their UTC, or their local time where no value of the column can name its zone."""
    if x.type != "time" or x.instant is None:
        return x.expr
    return x.instant.fill_null(utc_of(x.expr, zone.name, twice="latest"))


def source_moment(pipeline: Pipeline) -> pl.Expr:
    """The source's time as microseconds; one and the same for all rows of a source of one day."""
    time = pipeline.source.time
    if not isinstance(time, str):
        return pl.lit(0, pl.Int64)
    return moment(pipeline.columns[time], pipeline.zone).cast(pl.Datetime("us")).dt.epoch("us")


# --- dimensions ------------------------------------------------------------------------------------------------


def with_dimensions(pipeline: Pipeline, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with `d:<dimension>` for every dimension that the cubes ask for."""
    asked = {dimension for cube in pipeline.request.scan.cubes for dimension in cube.dimensions}
    texts: list[pl.Expr] = []
    for dimension in sorted(asked):
        name = pipeline.needs.bindings.get(dimension)
        text = pl.lit(None, pl.String)
        if name is not None:
            held = pipeline.columns[name]
            text = text_of(held.expr, held.type, pipeline.zone)
        texts.append(text.fill_null(MISSING).alias(f"d:{dimension}"))
    return frame.with_columns(texts)
