"""Tests of indicators as they are declared: rows of sources, and what has to come out of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cxmetrics.check.rules import literal
from cxmetrics.codes import names as codes
from cxmetrics.codes import units as unit_codes
from cxmetrics.codes import yaml_files as yaml_codes
from cxmetrics.diagnostics import DID_YOU_MEAN, Code, Diagnostic, Fix, Label, closest, report
from cxmetrics.ir import GRAINS, Grain, Lookup, Origin, Pyramid
from cxmetrics.load import Drafts
from cxmetrics.load.scalars import Found, date
from cxmetrics.schema import MetricTestDraft, TableDraft
from cxmetrics.source import Key, Located, Span
from cxmetrics.tables import place_of
from cxmetrics.units import NUMBER, SCORE, SHARE, Unit, literal_unit

Cell = str | None
Rows = Sequence[Mapping[Key, Located]]
MISSING = "missing"
STATUSES = ("ok", "low_n", "withheld", "no_data", "partial", "stale", "failed")
_IN_UNIT = ("value", "low", "high", "target", "gap", "peer", "peer_gap", "peer_low", "peer_high", "change")
_PLAIN = {"n": NUMBER, "n_effective": NUMBER, "score": SCORE, "coverage": SHARE, "peer_rank": NUMBER,
          "peer_percentile": SHARE, "peers": NUMBER}
MEASURES = (*_IN_UNIT, *_PLAIN, "status")
_LISTED = 30  # names a finding gives as known
_MANNERS = ("at", "tolerance")
_NULLS = ("", "~", "null", "Null", "NULL")
_WITH_UNIT = re.compile(r"(-?\d+(?:\.\d+)?)\s*(%|[A-Za-z]+)\Z")
_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?\Z")


@dataclass(frozen=True, slots=True)
class Given:
    """The rows of a source in a test, by the names of columns as written.

    `read`: of a table that is looked into, the path it stands for; its rows are by the names of its own columns.
    """

    id: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    span: Span
    read: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """One number (or status) that a test expects.

    `wanted` is in the unit of the measure, None for missing; `tolerance` is absolute, None for exact up to rounding.
    `at`: a day of the period, where it is not the test's.
    """

    indicator: str
    measure: str
    slice: tuple[tuple[str, str], ...]
    at: dt.date | None
    wanted: float | str | None
    tolerance: float | None
    span: Span

    @property
    def cut(self) -> tuple[str, ...]:
        """The dimensions of the slice."""
        return tuple(name for name, _ in self.slice)


@dataclass(frozen=True, slots=True)
class MetricTest:
    """A test of indicators."""

    name: str
    given: Mapping[str, Given]
    at: dt.date | None
    grain: Grain | None
    expected: tuple[Expected, ...]
    span: Span


def resolve_tests(drafts: Drafts, pyramid: Pyramid) -> tuple[tuple[MetricTest, ...], tuple[Diagnostic, ...]]:
    """The tests of all files in their order, and what is wrong with them.

    Those that a library has of a source which is bound to another table are left out: they prove its own.
    """
    found: Found = []
    known: dict[str, Key] = {}
    tests: list[MetricTest] = []
    for number, document in enumerate(drafts.documents):
        for key, draft in document.tests.items():
            if number < drafts.own and any(str(name).partition(".")[0] in drafts.bound for name in draft.given):
                continue
            if key in known:
                first = Label(known[key].span, codes.FIRST_DEFINED)
                found.append(report(codes.DUPLICATE_ID, key.span, related=(first,), kind="test", id=key))
                continue
            known[key] = key
            tests.append(_test(key, draft, _Reader(pyramid, drafts.cut, found)))
    return tuple(tests), tuple(found)


def _test(key: Key, draft: MetricTestDraft, reader: _Reader) -> MetricTest:
    given: dict[str, Given] = {}
    for name, written in draft.given.items():
        if (one := reader.given(name, written)) is not None:
            given[one.id] = one
    expected = tuple(one for name, written in draft.expect.items()
                     for one in reader.expected(name, written, draft.tolerance))
    if not draft.expect:
        reader.wrong(key.span, "expect", "an indicator", "nothing")
    grain = None if draft.grain is None else reader.grain(draft.grain)
    return MetricTest(str(key), given, reader.day(draft.at), grain, expected, key.span)


def givable(origin: Origin) -> dict[str, str]:
    """The columns whose values a test may give, with their physical names; computed ones are not among them."""
    result = {name: spec.physical for name, spec in origin.columns.items() if spec.own}
    named = (origin.time, origin.received, origin.entity, origin.weight, *(origin.unique.by if origin.unique else ()))
    pairs = [(name, name) for name in named if isinstance(name, str)]
    for binding in origin.bindings:
        spec = origin.column_of(binding)
        if spec is None:
            pairs += [(binding.dimension, binding.column), (binding.column, binding.column)]
        elif spec.own:
            pairs += [(binding.dimension, spec.physical), (spec.physical, spec.physical)]
    for name, physical in pairs:
        if name not in origin.columns:
            result.setdefault(name, physical)
    return result


def looked_up(name: str, pyramid: Pyramid) -> tuple[Lookup, Mapping[str, str]] | None:
    """The lookup that a test gives the table of: of a dimension by its id, of a source as `source.lookup`.

    With it the columns that may be given, by name, and what they are called in the table.
    """
    dimension = pyramid.dimensions.get(name)
    if dimension is not None and dimension.lookup is not None:
        lookup, columns = dimension.lookup, {one: one for one in pyramid.dimensions}
    else:
        source, _, own = name.rpartition(".")
        origin = pyramid.sources.get(source)
        found = next((one for one in origin.lookups if one.id == own), None) if origin else None
        if origin is None or found is None:
            return None
        lookup = found
        columns = {spec.name: spec.physical for spec in origin.columns.values() if spec.lookup == own}
    ends = (lookup.valid.start, lookup.valid.end) if lookup.valid else ()
    return lookup, {each: each for each in (lookup.key, *ends) if each is not None} | columns


@dataclass(frozen=True, slots=True)
class _Reader:
    """What the tests of a project may name, and what was found wrong so far."""

    pyramid: Pyramid
    cut: frozenset[str]
    found: Found

    def wrong(self, span: Span, key: str, expected: str, found: str) -> None:
        self.found.append(report(yaml_codes.WRONG_VALUE, span, key=key, expected=expected, found=found))

    def unknown(self, code: Code, span: Span, name: str, known: Iterable[str], source: str = "") -> None:
        if name in self.cut:
            return
        listed = tuple(known)
        guess = closest(name, listed, self.found)
        self.found.append(report(code, span, help=DID_YOU_MEAN if guess else None,
                                 fix=Fix(span, guess) if guess else None, name=name, guess=guess or "",
                                 source=source, known=", ".join(listed[:_LISTED])))

    # --- given -------------------------------------------------------------------------------------------------

    def given(self, key: Key, written: TableDraft | list[dict[Key, Located]] | Located) -> Given | None:
        known = self._columns(key)
        if known is None:
            return None
        if isinstance(written, Located):
            self.found.append(report(yaml_codes.WRONG_SHAPE, written.span, expected="a list", found="text"))
            return None
        pairs = list(self._table(written) if isinstance(written, TableDraft) else map(_plain_row, written))
        columns: dict[str, None] = {}
        rows: list[Mapping[str, Cell]] = []
        for row in pairs:
            for name, span, cell in row:
                if name not in columns:
                    self._prove_column(str(key), name, span, known)
                columns[name] = None
                self._prove_cell(self.pyramid.sources.get(key), name, span, cell)
            rows.append({name: cell for name, _, cell in row})
        behind = None if key in self.pyramid.sources else looked_up(key, self.pyramid)
        if behind is not None:
            rows = [{known.get(name, name): cell for name, cell in row.items()} for row in rows]
        return Given(str(key), tuple(columns), tuple(rows), key.span, place_of(behind[0]) if behind else None)

    def _columns(self, key: Key) -> Mapping[str, str] | None:
        if key in self.pyramid.sources:
            return givable(self.pyramid.sources[key])
        if behind := looked_up(key, self.pyramid):
            return behind[1]
        self.unknown(codes.UNKNOWN_SOURCE, key.span, key, self.pyramid.sources)
        return None

    def _table(self, table: TableDraft) -> Iterator[list[tuple[str, Span, Cell]]]:
        for row in table.rows:
            if len(row) != len(table.columns):
                span = row[0].span if row else table.columns[0].span if table.columns else None
                self.found.append(report(codes.ROW_LENGTH, span, found=len(row), expected=len(table.columns)))
                continue
            yield [(name.value, name.span, _cell(cell)) for name, cell in zip(table.columns, row, strict=True)]

    def _prove_column(self, source: str, name: str, span: Span, known: Mapping[str, str]) -> None:
        if name in known:
            return
        origin = self.pyramid.sources.get(source)
        if origin is not None and name in origin.columns:
            self.found.append(report(codes.GIVEN_DERIVED, span, name=name, source=source))
        else:
            self.unknown(codes.UNKNOWN_COLUMN, span, name, known, source=source)

    def _prove_cell(self, origin: Origin | None, name: str, span: Span, cell: Cell) -> None:
        """A number with its unit behind it, as literals have it, is a bad row: hardly what a test is to give."""
        spec = None if origin is None else origin.columns.get(name)
        if spec is None or cell is None or spec.type not in ("number", "integer") or cell in spec.missing:
            return
        written = _WITH_UNIT.match(cell)
        if written and literal_unit(written[2]) is not None and not spec.personal:
            self.found.append(report(unit_codes.CELL_WITH_UNIT, span, value=cell, column=name, number=written[1],
                                     unit=spec.unit))

    # --- expected ----------------------------------------------------------------------------------------------

    def expected(self, key: Key, written: Located | dict[Key, Located] | list[dict[Key, Located]],
                 tolerance: Located | None) -> Iterator[Expected]:
        indicator = self.pyramid.indicators.get(key)
        if indicator is None:
            self.unknown(codes.UNKNOWN_INDICATOR, key.span, key, self.pyramid.indicators)
            return
        if isinstance(written, Located):
            wanted = self._wanted("value", written, indicator.unit)
            yield Expected(key, "value", (), None, wanted, self._tolerance("value", tolerance, indicator.unit),
                           written.span)
            return
        for row in [written] if isinstance(written, dict) else written:
            yield from self._row(key, row, tolerance, indicator.unit)

    def _row(self, indicator: Key, row: Mapping[Key, Located], tolerance: Located | None,
             unit: Unit) -> Iterator[Expected]:
        dimensions = self.pyramid.dimensions
        place = {str(name): value.value for name, value in row.items() if name in dimensions and name not in MEASURES}
        cells = tuple((name, place[name]) for name in dimensions if name in place)
        at = self.day(_under(row, "at"))
        own = _under(row, "tolerance") or tolerance
        measures = [name for name in row if name in MEASURES]
        known = (*dimensions, *MEASURES, *_MANNERS)
        strange = [name for name in row if name not in known]
        for name in strange:
            self.unknown(codes.UNKNOWN_EXPECTATION, name.span, name, known)
        if not measures and not strange:
            self.wrong(indicator.span, "expect", "a measure such as value", "none")
        for name in measures:
            yield Expected(indicator, str(name), cells, at, self._wanted(name, row[name], unit),
                           self._tolerance(name, own, unit), row[name].span)

    def _wanted(self, measure: str, written: Located, unit: Unit) -> float | str | None:
        if written.value == MISSING or _cell(written) is None:
            return None
        if measure == "status":
            if written.value not in STATUSES:
                self.wrong(written.span, measure, ", ".join(STATUSES), written.value)
            return written.value
        return literal(written, _PLAIN.get(measure, unit), self.found)

    def _tolerance(self, measure: str, written: Located | None, unit: Unit) -> float | None:
        if written is None or measure in ("status", "n", "n_effective"):
            return None
        tolerance = literal(written, _PLAIN.get(measure, unit), self.found)
        if tolerance is not None and tolerance < 0:
            self.wrong(written.span, "tolerance", "a number from 0", written.value)
            return None
        return tolerance

    # --- periods -----------------------------------------------------------------------------------------------

    def day(self, written: Located | None) -> dt.date | None:
        if written is None:
            return None
        day = first_day(written.value)
        if day is None:
            self.wrong(written.span, "at", "a day or a period, such as 2026-10-01, 2026-10, 2026-Q4", written.value)
        return day

    def grain(self, written: Located) -> Grain | None:
        for grain in GRAINS:
            if grain == written.value:
                return grain
        self.wrong(written.span, "grain", ", ".join(GRAINS), written.value)
        return None


def first_day(text: str) -> dt.date | None:
    """The first day of `2026-10-01`, `2026-10`, `2026-Q4` or `2026`; None for anything else."""
    if (day := date(text)) is not None:
        return day
    period = _PERIOD.match(text)
    if period is None or period[1] == "0000":
        return None
    month = int(period[2]) * 3 - 2 if period[2] else int(period[3] or 1)
    return dt.date(int(period[1]), month, 1)


def _plain_row(row: Mapping[Key, Located]) -> list[tuple[str, Span, Cell]]:
    return [(str(name), name.span, _cell(cell)) for name, cell in row.items()]


def _cell(written: Located) -> Cell:
    """What a file would hold; None for YAML's ways to write nothing."""
    return None if not written.style and written.value in _NULLS else written.value


def _under(row: Mapping[Key, Located], name: str) -> Located | None:
    return next((value for key, value in row.items() if key == name), None)
