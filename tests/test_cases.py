"""Every case file, on both engines: the numbers; whole = in pieces = in two deliveries = again."""

import datetime as dt
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl
import pytest
from casefile import Case, dimensions, read_case, refill, unlike
from polars.testing import assert_frame_equal

from cxmetrics.compile import compile_project
from cxmetrics.diagnostics import Fault
from cxmetrics.ir import GRAINS
from cxmetrics.query import query
from cxmetrics.render import render
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

FOLDER = Path(__file__).parent / "cases"
CASES = [read_case(path) for path in sorted(FOLDER.glob("*.md"))]
ENGINES = ("duckdb", "polars")
PIECES = 5  # at most so many runs for a case in pieces


def name_of(case: Case) -> str:
    return case.path.stem


RIGHT = pytest.mark.parametrize("case", [case for case in CASES if case.diagnostics is None], ids=name_of)
WRONG = pytest.mark.parametrize("case", [case for case in CASES if case.diagnostics is not None], ids=name_of)
LATER = pytest.mark.parametrize("case", [case for case in CASES if case.later], ids=name_of)
BOTH = pytest.mark.parametrize("engine", ENGINES)


def compute(root: Path, engine: str, **options: dt.date | None):
    """One run, quietly."""
    return run(root, RunOptions(engine=engine, **options), lambda *_: None)


def stored(root: Path) -> pl.DataFrame:
    """The table `values`, in a fixed order and without the id of the run."""
    with Store.open(root / "store", writable=False) as store:
        values = store.values()
    return values.drop("run", strict=False).sort("indicator", "grain", "period", *dimensions(values))


class Whole(NamedTuple):
    """A case run at once: its values, its rejects, the first and last day of its data, the values of another run."""

    values: pl.DataFrame
    rejects: pl.DataFrame
    days: tuple[dt.date, dt.date]
    again: pl.DataFrame


@cache
def whole(path: Path, engine: str) -> Whole:
    """The case, run at once and then again."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        read_case(path).write(root, later=True)
        report = compute(root, engine)
        with Store.open(root / "store", writable=False) as store:
            rejects = store.rejects()
        first = min(source.first for source in report.sources if source.first is not None)
        last = max(source.last for source in report.sources if source.last is not None)
        values = stored(root)
        compute(root, engine)
        return Whole(values, rejects, (first, last), stored(root))


@RIGHT
@BOTH
def test_the_numbers(case, engine):
    problems = unlike(case, whole(case.path, engine).values)
    assert not problems, "\n".join(problems)


@RIGHT
@BOTH
def test_every_rejected_row_is_counted(case, engine):
    if case.rejects is None:
        return
    rejects = whole(case.path, engine).rejects
    columns = ["source", "column", "reason", "kind", "count"]
    counted = {tuple(str(cell) for cell in row) for row in rejects.select(columns).iter_rows()}
    assert counted == {tuple(row[name] for name in columns) for row in case.rejects}


@RIGHT
def test_engines_agree(case):
    one, other = (whole(case.path, engine).values for engine in ENGINES)
    assert_frame_equal(one, other, rel_tol=1e-9, abs_tol=1e-12)


@RIGHT
@BOTH
def test_in_pieces_is_the_whole(case, engine, tmp_path):
    at_once = whole(case.path, engine)
    case.write(tmp_path, later=True)
    for start, end in pieces(*at_once.days):
        compute(tmp_path, engine, first=start, last=end)
    assert_frame_equal(stored(tmp_path), at_once.values, check_exact=True)


def pieces(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Half-open intervals that cover the days, a day each where there are few."""
    days = (last - first).days + 1
    count = min(days, PIECES)
    edges = [first + dt.timedelta(days=days * i // count) for i in range(count + 1)]
    return list(pairwise(edges))


@LATER
@BOTH
def test_incremental_is_full(case, engine, tmp_path):
    case.write(tmp_path, later=False)
    compute(tmp_path, engine)
    case.write_later(tmp_path)
    compute(tmp_path, engine)
    assert_frame_equal(stored(tmp_path), whole(case.path, engine).values, check_exact=True)


@LATER
@BOTH
def test_a_withdrawn_table_leaves_nothing_behind(case, engine, tmp_path):
    case.write(tmp_path / "without", later=False)
    compute(tmp_path / "without", engine)
    case.write(tmp_path / "all", later=True)
    compute(tmp_path / "all", engine)
    for path, _, _ in case.later:
        (tmp_path / "all" / path).unlink()
    compute(tmp_path / "all", engine)
    assert_frame_equal(stored(tmp_path / "all"), stored(tmp_path / "without"), check_exact=True)


@RIGHT
def test_a_query_of_the_sources_is_what_a_run_stores(case, tmp_path):
    engine = ENGINES[len(case.title) % 2]  # a query scans as a run does: one engine is enough, now this, now that
    values = whole(case.path, engine).values
    case.write(tmp_path, later=True)
    for grain, cut in corners(values):
        dims = dimensions(values)
        here = [pl.col(name).is_not_null() if name in cut else pl.col(name).is_null() for name in dims]
        stored_ = values.filter(pl.col("grain") == grain, *here)
        columns = ["indicator", "period", *cut, "value", "n", "score", "low", "high", "coverage", "change", "status"]
        asked = query(tmp_path, stored_["indicator"].unique().to_list(), by=cut, grain=grain, engine=engine)
        order = ["indicator", "period", *cut]
        assert_frame_equal(asked.select(columns).sort(order), stored_.select(columns).sort(order), check_exact=True)


def corners(values: pl.DataFrame) -> set[tuple[str, tuple[str, ...]]]:
    """The coarsest total and the finest slices that are stored, as (grain, dimensions)."""
    names = dimensions(values)
    found = {(row[0], tuple(name for name, given in zip(names, row[1:], strict=True) if given))
             for row in values.select("grain", *(pl.col(name).is_not_null() for name in names)).unique().iter_rows()}
    totals = [grain for grain, cut in found if not cut]
    return {(max(totals, key=GRAINS.index), ()), min(found, key=lambda one: (-len(one[1]), GRAINS.index(one[0])))}


@RIGHT
@BOTH
def test_running_again_changes_nothing(case, engine):
    at_once = whole(case.path, engine)
    assert_frame_equal(at_once.again, at_once.values, check_exact=True)


@WRONG
@BOTH
def test_what_is_wrong_is_said(case, engine, tmp_path, accept, monkeypatch):
    case.write(tmp_path, later=True)
    monkeypatch.chdir(tmp_path)  # paths are said from where one stands
    text = said(tmp_path, engine)
    if accept:
        refill(case.path, text)
    else:
        assert text == case.diagnostics


def said(root: Path, engine: str) -> str:
    """The findings about a project: of its definitions, else of its data."""
    found = compile_project(root).diagnostics
    if not found:
        try:
            compute(root, engine)
        except Fault as fault:
            found = fault.diagnostics
    assert found, "nothing is wrong"
    assert not list((root / "store").rglob("*.parquet")), "something was stored"
    return render(found, format="text", language="en") + "\n"
