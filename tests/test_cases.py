"""Every case file, on both engines: the numbers; whole = in pieces = in two deliveries = again."""

import datetime as dt
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from casefile import Case, dimensions, read_case, refill, unlike
from polars.testing import assert_frame_equal

from cxmetrics.compile import compile_project
from cxmetrics.diagnostics import Fault
from cxmetrics.render import render
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

FOLDER = Path(__file__).parent / "cases"
CASES = [read_case(path) for path in sorted(FOLDER.glob("*.md"))]
ENGINES = ("duckdb", "polars")
PIECES = 8  # at most so many runs for a case in pieces


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


@cache
def whole(path: Path, engine: str) -> tuple[pl.DataFrame, pl.DataFrame, tuple[dt.date, dt.date]]:
    """The values and rejects of a case run at once, and the first and last day of its data."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        read_case(path).write(root, later=True)
        report = compute(root, engine)
        with Store.open(root / "store", writable=False) as store:
            rejects = store.rejects()
        first = min(source.first for source in report.sources if source.first is not None)
        last = max(source.last for source in report.sources if source.last is not None)
        return stored(root), rejects, (first, last)


@RIGHT
@BOTH
def test_the_numbers(case, engine):
    values, _, _ = whole(case.path, engine)
    problems = unlike(case, values)
    assert not problems, "\n".join(problems)


@RIGHT
@BOTH
def test_every_rejected_row_is_counted(case, engine):
    if case.rejects is None:
        return
    _, rejects, _ = whole(case.path, engine)
    columns = ["source", "column", "reason", "kind", "count"]
    counted = {tuple(str(cell) for cell in row) for row in rejects.select(columns).iter_rows()}
    assert counted == {tuple(row[name] for name in columns) for row in case.rejects}


@RIGHT
def test_engines_agree(case):
    one, other = (whole(case.path, engine)[0] for engine in ENGINES)
    assert_frame_equal(one, other, rel_tol=1e-9, abs_tol=1e-12)


@RIGHT
@BOTH
def test_in_pieces_is_the_whole(case, engine, tmp_path):
    values, _, (first, last) = whole(case.path, engine)
    case.write(tmp_path, later=True)
    for start, end in pieces(first, last):
        compute(tmp_path, engine, first=start, last=end)
    assert_frame_equal(stored(tmp_path), values, check_exact=True)


def pieces(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Half-open intervals that cover the days, a day each where there are few."""
    days = (last - first).days + 1
    count = min(days, PIECES)
    edges = [first + dt.timedelta(days=days * i // count) for i in range(count + 1)]
    return list(zip(edges, edges[1:], strict=False))


@LATER
@BOTH
def test_incremental_is_full(case, engine, tmp_path):
    case.write(tmp_path, later=False)
    compute(tmp_path, engine)
    case.write_later(tmp_path)
    compute(tmp_path, engine)
    assert_frame_equal(stored(tmp_path), whole(case.path, engine)[0], check_exact=True)


@RIGHT
@BOTH
def test_running_again_changes_nothing(case, engine, tmp_path):
    case.write(tmp_path, later=True)
    compute(tmp_path, engine)
    once = stored(tmp_path)
    compute(tmp_path, engine)
    assert_frame_equal(stored(tmp_path), once, check_exact=True)


@WRONG
@BOTH
def test_what_is_wrong_is_said(case, engine, tmp_path, accept):
    case.write(tmp_path, later=True)
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
