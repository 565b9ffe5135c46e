"""Random sources, tables and cubes: each engine against the plain pipeline of `oracle`, and so against the other."""

import datetime as dt
import importlib.util
import struct
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import oracle
import polars as pl
import pytest
from drawn import ZONES, cubes, origins, tables
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from made import Binding, Classifier, Slot, col, column, cube, plain, request, source, table

from cxmetrics.backends import polars
from cxmetrics.backends.cells import Cells
from cxmetrics.backends.polars import Polars, files
from cxmetrics.backends.waiting import in_turn

DAYS = st.sampled_from([None, None, ((dt.date(2026, 3, 1), dt.date(2026, 3, 2)),), ()])


class InParts(Polars):
    """A few rows after others, what was counted of them put together as often as can be."""

    def cells(self, request):
        with patch.multiple(files, ROWS_AT_ONCE=3, _SMALL=0), patch.object(polars, "CELLS_AT_ONCE", 1):
            return super().cells(request)


class OnDisk:
    """Cells that are left on the disk, and put together of as many files as can be, a few days at a time."""

    def __init__(self, engine):
        self.engine = engine

    def cells(self, request):
        with (tempfile.TemporaryDirectory() as folder,
              patch.multiple(files, ROWS_AT_ONCE=3, _SMALL=0), patch.object(polars, "CELLS_AT_ONCE", 1)):
            found = self.engine(Path(folder)).cells_on_disk(request)
            frames = tuple(pl.concat([rows.shape, *in_turn(rows, 2)]) for rows in found.rows)
            assert all(sum(rows.days.values()) == frame.height for rows, frame in zip(found.rows, frames, strict=True))
        return Cells(frames, found.census)


def engines():
    yield pytest.param(Polars, id="polars")
    if importlib.util.find_spec("cxmetrics.backends.duckdb"):
        from cxmetrics.backends.duckdb import DuckDB
        yield pytest.param(DuckDB, id="duckdb")


# Rows come of a seed: there is little to shrink.
@pytest.mark.parametrize("engine", [*engines()])
@settings(max_examples=80, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(drawn=origins(), parts=tables(), made=st.lists(cubes(), min_size=1, max_size=3),
       zone=st.sampled_from(ZONES), days=DAYS)
def test_an_engine_agrees_with_the_plain_pipeline(engine, drawn, parts, made, zone, days):
    with tempfile.TemporaryDirectory() as folder:
        asked = asked_of(Path(folder), *drawn, parts, *made, zone=zone, days=days)
        wanted, account = oracle.cells(asked)
        got = engine().cells(asked)
    for frame, cells in zip(got.frames, wanted, strict=True):
        assert plain(frame) == cells  # every slot exactly: floats too
    assert_census(got.census, account)


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(drawn=origins(), parts=tables(), made=st.lists(cubes(), min_size=1, max_size=3),
       zone=st.sampled_from(ZONES), days=DAYS)
def test_engines_give_the_same_bits_and_the_same_census(drawn, parts, made, zone, days):
    with tempfile.TemporaryDirectory() as folder:
        asked = asked_of(Path(folder), *drawn, parts, *made, zone=zone, days=days)
        every = [param.values[0] for param in engines()]
        first, *others = [engine.cells(asked) for engine in (
            *(engine() for engine in every), InParts(), *(OnDisk(engine) for engine in every))]
    for other in others:
        for frame, own in zip(other.frames, first.frames, strict=True):
            assert frame.schema == own.schema
            assert bits(frame) == bits(own)
        assert replace(other.census, empty=()) == replace(first.census, empty=())
        assert {*other.census.empty} == {*first.census.empty}


def asked_of(folder, origin, looked_into, parts, *made, **options):
    lookups = {read: table(folder, frame, name=read) for read, frame in looked_into.items()}
    return request(origin, table(folder, *parts), *made, lookups=lookups, **options)


def bits(frame):
    return {key: tuple(struct.pack("<d", x) if isinstance(x, float) else x for x in slots)
            for key, slots in plain(frame).items()}


def assert_census(census, account):
    counts = (census.read, census.kept, census.dropped, census.duplicates)
    assert counts == (account.read, account.kept, account.dropped, account.duplicates)
    assert dict(census.rejected) == dict(account.rejected)
    assert dict(census.nulled) == dict(account.nulled)
    assert dict(census.flagged) == dict(account.flagged)
    assert (census.first, census.last) == (account.first, account.last)


@pytest.mark.parametrize("engine", [*engines()])
def test_frames_have_the_types_of_the_contract(engine, tmp_path):
    origin = source(column("x", "number"), bindings=(Binding("r", "r"),))
    slots = (Slot("count", None), Slot("whole", col("x")), Slot("min", col("x")))
    classes = Classifier(col("x"), breaks=(1.0,), codes=(1, 2, 3), classes=4)
    data = table(tmp_path, {"x": [1.5], "r": ["a"]})
    asked = request(origin, data, cube(*slots, dimensions=("r",), keys=(classes,)), cube(value=col("x")))
    first, second = engine().cells(asked).frames
    exact = pl.Decimal(38, 0)
    assert first.schema == {"day": pl.Date, "d0": pl.String, "k0": pl.Int32, "s0": exact, "s1": exact, "s2": pl.Float64}
    assert second.schema == {"day": pl.Date, "value": pl.Float64, "s0": exact}


@pytest.mark.parametrize("engine", [*engines()])
def test_the_moment_of_rows_of_one_day_has_its_type(engine, tmp_path):
    """All rows of a source of one day are of one moment, whatever it is called."""
    origin = source(column("x", "number"), time=dt.date(2026, 3, 1))
    asked = request(origin, table(tmp_path, {"x": [1.5, 2.5]}), cube(Slot("last", col("x"))))
    [frame] = engine().cells(asked).frames
    assert frame.schema == {"day": pl.Date, "s0": pl.Float64, "s0 at": pl.Int64}
    assert frame.rows() == [(dt.date(2026, 3, 1), 2.5, 0)]
