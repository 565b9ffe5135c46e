"""Random sources, tables and cubes: each engine against the plain pipeline of `oracle`, and so against the other."""

import datetime as dt
import importlib.util
import tempfile
from pathlib import Path

import oracle
import polars as pl
import pytest
from drawn import ZONES, cubes, frames, origins
from hypothesis import given, settings
from hypothesis import strategies as st
from made import plain, request, table

from cxmetrics.backends.polars import Polars

DAYS = st.sampled_from([None, None, ((dt.date(2026, 3, 1), dt.date(2026, 3, 2)),), ()])


def engines():
    yield pytest.param(Polars, id="polars")
    if importlib.util.find_spec("cxmetrics.backends.duckdb"):
        from cxmetrics.backends.duckdb import DuckDB
        yield pytest.param(DuckDB, id="duckdb")


@pytest.mark.parametrize("engine", [*engines()])
@settings(max_examples=150)
@given(origin=origins(), parts=st.lists(frames(), min_size=1, max_size=1), made=st.lists(cubes(), min_size=1, max_size=3),
       zone=st.sampled_from(ZONES), days=DAYS)
def test_an_engine_agrees_with_the_plain_pipeline(engine, origin, parts, made, zone, days):
    with tempfile.TemporaryDirectory() as folder:
        asked = request(origin, table(Path(folder), *parts), *made, zone=zone, days=days)
        wanted, account = oracle.cells(asked)
        got = engine().cells(asked)
    for frame, cells in zip(got.frames, wanted, strict=True):
        assert plain(frame) == cells
    assert_census(got.census, account)


def assert_census(census, account):
    counts = (census.read, census.kept, census.dropped, census.duplicates)
    assert counts == (account.read, account.kept, account.dropped, account.duplicates)
    assert dict(census.rejected) == dict(account.rejected)
    assert dict(census.nulled) == dict(account.nulled)
    assert (census.first, census.last) == (account.first, account.last)


def test_frames_have_the_types_of_the_contract(tmp_path):
    asked = request(*_every_slot(tmp_path))
    for _, engine in ((param.id, param.values[0]) for param in engines()):
        frame = engine().cells(asked).frames[0]
        assert frame.schema == {"day": pl.Date, "d0": pl.String, "k0": pl.Int32, "s0": pl.Decimal(38, 0),
                                "s1": pl.Decimal(38, 0), "s2": pl.Float64}


def _every_slot(folder):
    from made import Binding, Classifier, Slot, col, column, cube, source
    origin = source(column("x", "number"), bindings=(Binding("r", "r"),))
    slots = (Slot("count", None), Slot("whole", col("x")), Slot("min", col("x")))
    return origin, table(folder, {"x": [1.5], "r": ["a"]}), cube(*slots, dimensions=("r",),
                                                               keys=(Classifier(col("x"), breaks=(1.0,), codes=(1, 2, 3)),))
