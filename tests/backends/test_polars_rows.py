"""The contract of the backends on the Polars engine: what becomes of rows, dimensions, days."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt

import polars as pl
import pytest
from made import (
    DAY,
    ROWS,
    Binding,
    Lookup,
    Slot,
    Unique,
    call,
    cells,
    code_of,
    col,
    column,
    counts,
    cube,
    only,
    plain,
    request,
    source,
    table,
)

from cxmetrics.backends.cells import MISSING
from cxmetrics.backends.polars import Polars

NEW_YORK = "America/New_York"
UTC = dt.UTC

BAD = {"a": ["x", "1", "20", "x"], "b": ["1", "bad", "bad", "2"]}
A, B = column("a", "integer", low=0, high=10), column("b", "integer")


def test_a_row_is_rejected_once_by_its_first_bad_column(tmp_path):
    census = cells(source(A, B), table(tmp_path, BAD)).census
    assert census.rejected == {("a", "type"): 2, ("a", "scale"): 1, ("b", "type"): 1}
    census = cells(source(B, A), table(tmp_path, BAD)).census
    assert census.rejected == {("b", "type"): 2, ("a", "type"): 2}


def test_bad_values_become_null_where_the_source_says_so(tmp_path):
    answer = cells(source(A, B, on_bad="null"), table(tmp_path, BAD), cube(Slot("sum", col("a", "integer"))))
    assert only(answer) == (1,)
    assert answer.census.nulled == {("a", "type"): 2, ("a", "scale"): 1, ("b", "type"): 2}
    assert (answer.census.kept, answer.census.rejected) == (4, {})


def test_a_bad_row_fails_where_the_source_says_so(tmp_path):
    found = code_of(cells, source(A, B, on_bad="fail"), table(tmp_path, BAD))
    assert found == ("CX715", {"source": "s", "column": "a", "reason": "type"})


@pytest.mark.parametrize("on_bad", ["reject", "null"])
def test_rows_without_a_time_are_rejected(tmp_path, on_bad):
    origin = source(column("at", "time"), time="at", on_bad=on_bad)
    census = cells(origin, table(tmp_path, {"at": ["2026-03-01", None, "soon"]})).census
    assert census.rejected == {("at", "missing"): 1, ("at", "type"): 1}
    assert (census.nulled, census.first, census.read) == ({}, DAY, 3)


def test_rows_without_a_key_are_rejected(tmp_path):
    origin = source(column("id", "text"), unique=Unique(("id",), "first"))
    assert cells(origin, table(tmp_path, {"id": ["a", " ", None]})).census.rejected == {("id", "key"): 2}


def test_rows_are_kept_where_the_condition_is_true(tmp_path):
    origin = source(column("ok", "boolean"), keep=col("ok", "boolean"))
    census = cells(origin, table(tmp_path, {"ok": [True, False, None]})).census
    assert (census.kept, census.dropped) == (1, 2)


def latest(tmp_path, data, keep="latest", received="got"):
    origin = source(column("id", "text"), column("v", "integer"), column("got", "time"), column("note", "text"),
                    unique=Unique(("id",), keep), received=received, bindings=(Binding("id", "id"), Binding("v", "v")))
    asked = (origin, table(tmp_path, data), cube(dimensions=("id", "v")))
    answer = cells(*asked)
    return dict.fromkeys(counts(answer, 2), answer.census.duplicates)


def test_of_rows_with_equal_keys_the_latest_or_the_first_stays(tmp_path):
    data = {"id": ["a", "a", "a", "b"], "v": [1, 2, 3, 4], "note": ["n"] * 4,
            "got": [dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 2), None, None]}
    assert latest(tmp_path, data) == {("a", "2"): 2, ("b", "4"): 2}
    assert latest(tmp_path, data, "first") == {("a", "3"): 2, ("b", "4"): 2}


def test_ties_go_to_the_smallest_row_by_the_names_of_all_columns(tmp_path):
    data = {"id": ["a", "a", "a"], "v": [1, 2, 3], "note": ["y", "x", None], "got": [dt.datetime(2026, 3, 1)] * 3}
    assert latest(tmp_path, data) == {("a", "2"): 2}  # `note` comes before `v`, though nothing else reads it
    backwards = {name: values[::-1] for name, values in data.items()}
    assert latest(tmp_path, backwards) == {("a", "2"): 2}


def test_keys_are_unique_in_the_table_and_not_in_the_requested_days(tmp_path):
    origin = source(column("id", "text"), column("at", "time"), time="at", unique=Unique(("id",), "latest"))
    data = table(tmp_path, {"id": ["a", "a"], "at": ["2026-03-01", "2026-03-05"]})
    answer = cells(origin, data, days=((DAY, DAY + dt.timedelta(days=1)),))
    assert plain(answer.frames[0]) == {}
    assert (answer.census.read, answer.census.duplicates) == (1, 1)


def test_keys_of_files_of_two_shapes(tmp_path):
    origin = source(column("id", "text"), column("v", "integer"), unique=Unique(("id",), "latest"))
    data = table(tmp_path, {"id": ["a", "b"], "v": [1, 1]}, {"id": ["a"], "w": [2]}, {"id": ["c"], "w": [2]})
    answer = cells(origin, data, cube(Slot("sum", col("v", "integer")), ROWS))
    assert only(answer) == (2, 3)


# --- derived columns, dimensions -------------------------------------------------------------------------------


def test_derived_columns_are_null_where_an_input_is(tmp_path):
    origin = source(column("x", "number"), column("y", "number"),
                    column("z", "number", formula=call("if", call(">", col("x"), 0), col("x"), col("y"))),
                    column("t", "number", formula=call("*", col("z"), 2)))
    data = table(tmp_path, {"x": [1.0, None, 2.0], "y": [5.0, 5.0, None]})
    answer = cells(origin, data, cube(Slot("whole", col("t"))))
    assert only(answer) == (2,)


def test_dimensions_of_undeclared_columns_are_their_text(tmp_path):
    origin = source(bindings=(Binding("r", "region"),))
    for values, wanted in ((["a", " a ", "", None], {"a": 2, MISSING: 2}), ([1, None], {"1": 1, MISSING: 1}),
                           ([True, False], {"true": 1, "false": 1}), ([DAY], {"2026-03-01": 1})):
        assert counts(cells(origin, table(tmp_path, {"region": values}), cube(dimensions=("r",)))) == wanted


def test_a_dimension_whose_column_nobody_named_may_be_absent(tmp_path):
    data = table(tmp_path, {"x": [1]})
    loose, strict = Binding("r", "region", declared=False), Binding("r", "region")
    assert counts(cells(source(bindings=(loose,)), data, cube(dimensions=("r",)))) == {MISSING: 1}
    assert code_of(cells, source(bindings=(strict,)), data, cube(dimensions=("r",)))[0] == "CX703"


def looked_up(tmp_path, branches, **column_options):
    origin = source(column("branch", "text", **column_options), column("region", "text", lookup="branches"),
                    bindings=(Binding("region", "region"),),
                    lookups=(Lookup("branches", "branches.csv", "branch", "branch"),))
    rows = table(tmp_path, {"branch": ["b1", " b2", "b9", None, "b3"]})
    asked = request(origin, rows, cube(dimensions=("region",)), lookups={"branches.csv": table(
        tmp_path, branches, name="lookup")})
    return counts(Polars().cells(asked))


def test_a_lookup_gives_dimensions_by_its_key(tmp_path):
    branches = {"branch": ["b1", "b2 ", "b3", None, None], "region": ["east", "west", "", "x", "y"]}
    assert looked_up(tmp_path, branches) == {"east": 1, "west": 1, MISSING: 3}


def test_the_key_of_a_lookup_is_unique(tmp_path):
    double = {"branch": ["b1", "b1 "], "region": ["east", "west"]}
    assert code_of(looked_up, tmp_path, double) == ("CX711", {
        "key": "branch", "value": "b1", "lookup": "branches.csv"})
    assert "b1" not in code_of(looked_up, tmp_path, double, privacy="C2")[1].values()


# --- days ------------------------------------------------------------------------------------------------------


def test_days_are_those_of_the_project_zone_and_intervals_half_open(tmp_path):
    times = [dt.datetime(2026, 2, 28, 16, tzinfo=UTC), dt.datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC),
             dt.datetime(2026, 3, 1, 16, tzinfo=UTC), None]
    origin, data = source(column("at", "time"), time="at"), table(tmp_path, {"at": times})
    assert {key[0].day: slots for key, slots in plain(cells(origin, data).frames[0]).items()} == {1: (2,), 2: (1,)}
    answer = cells(origin, data, days=((DAY, dt.date(2026, 3, 2)),))
    assert only(answer) == (2,)
    assert (answer.census.read, answer.census.first, answer.census.last) == (3, DAY, DAY)


@pytest.mark.parametrize("dtype", [pl.Datetime("ns"), pl.Datetime("ms", "UTC"), pl.Datetime("us", NEW_YORK), pl.Date])
def test_rows_left_out_by_statistics_are_those_of_other_days(tmp_path, dtype):
    start = dt.datetime(2026, 2, 1)
    times = pl.Series("at", [start + dt.timedelta(hours=6 * i) for i in range(200)] + [None]).cast(pl.Datetime("us"))
    times = times.cast(dtype) if getattr(dtype, "time_zone", None) is None else times.dt.replace_time_zone(
        "UTC").cast(dtype)
    origin, data = source(column("at", "time"), time="at"), table(tmp_path, pl.DataFrame([times]))
    whole = plain(cells(origin, data, zone="UTC").frames[0])
    answer = cells(origin, data, zone="UTC", days=((DAY, DAY + dt.timedelta(days=1)),))
    assert plain(answer.frames[0]) == {key: slots for key, slots in whole.items() if key[0] == DAY}
    assert (answer.census.read, answer.census.rejected) == (5, {("at", "missing"): 1})
