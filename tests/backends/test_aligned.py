"""What both engines have to do alike, bit for bit: every function of rows, the order of fates, odd physical types."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt
import struct
from dataclasses import replace

import oracle
import polars as pl
import pytest
from conftest import BACKENDS
from made import (
    DAY,
    Binding,
    Classifier,
    Slot,
    Unique,
    call,
    cells,
    code_of,
    col,
    column,
    const,
    counts,
    cube,
    only,
    plain,
    request,
    source,
    table,
)

from cxmetrics.backends.cells import MISSING
from cxmetrics.backends.readers import open_table, require
from cxmetrics.functions import ARITHMETIC, CONDITIONS, row_functions

X, Y, N, T, AT, OK = col("x"), col("y"), col("n", "integer"), col("t", "text"), col("at", "time"), col("ok", "boolean")
# Every function of rows, and expressions that use it.
EXAMPLES = {
    "+": [call("+", X, Y), call("+", N, 1)], "-": [call("-", X, Y), call("-", AT, col("since", "time"))],
    "*": [call("*", X, 0.1), call("*", N, N)],
    "/": [call("/", X, 3), call("/", X, Y), call("/", N, 7), call("/", 1, X), call("/", 2, 3)],
    "^": [call("^", X, e) for e in (2, 3, 0.5, -1, 1.7)] + [call("^", 2, Y), call("^", X, Y)],
    "negate": [call("negate", X)], "convert": [call("convert", X, 0.001)],
    "abs": [call("abs", X)], "ln": [call("ln", X)], "exp": [call("exp", Y)], "sqrt": [call("sqrt", X)],
    "clamp": [call("clamp", X, -1, 2.5)], "if": [call("if", OK, X, Y)], "coalesce": [call("coalesce", X, Y, 0)],
    "round": [call("round", X), call("round", N), *(call("round", X, d) for d in (0, 1, 2, 5, -1, -2, 300, -400, N)),
              call("round", call("/", N, 8), 2), call("round", 0.0, N), call("round", 7.25, N)],
    "geomean": [call("geomean", X, Y), call("geomean", X)], "weighted_mean": [call("weighted_mean", X, 3, Y, N)],
    "min": [call("min", X, Y, 1)], "max": [call("max", X, N)],
    "bands": [call("=", call("bands", X, const((-1.5, 0, 7.3)), const(("a", "b", "c", "d"))), name) for name in "abcd"],
    "hour": [call("hour", AT)], "weekday": [call("weekday", AT)], "day": [call("day", AT)],
    "month": [call("month", AT)], "year": [call("year", AT)], "date": [call("=", call("date", AT), DAY)],
    "on_days": [call("on_days", call("date", AT), const((DAY,)), DAY, DAY + dt.timedelta(days=1))],
    "=": [call("=", X, 1.5)], "!=": [call("!=", T, "ab")], "<": [call("<", X, Y)], "<=": [call("<=", AT, DAY)],
    ">": [call(">", AT, col("since", "time"))], ">=": [call(">=", N, 2)],
    "and": [call("and", OK, call(">", X, 0))], "or": [call("or", OK, call(">", X, 0))], "not": [call("not", OK)],
    "contains": [call("contains", T, "b")], "starts_with": [call("starts_with", T, "转")],
    "matches": [call("matches", T, r"^\w+$")],
    "is missing": [call("is missing", c) for c in (X, T, AT, OK)], "is not missing": [call("is not missing", AT)],
    "in": [call("in", T, const(("ab", "转账"))), call("in", X, const((1, 1.5)))], "between": [call("between", X, 0, 2)],
}
XS = [1.5, 0.1, -2.5, 2.5, 1.005, 43.25, -0.4, 0.0, 1e15, 123456.789, 2.675, 0.285, 1e-7, 7.3, 1e300, None]
ROWS_ = {
    "id": [str(i) for i in range(len(XS))], "x": XS, "y": [*XS[3:], 3.0, 0.7, None],
    "n": [*range(-5, 10), None], "ok": [True, False, None, True] * 4, "t": ["ab", "转账", "a b", None] * 4,
    "at": [dt.datetime(2026, 3, 1, 9, 59, 59, 123457) + i * dt.timedelta(seconds=7919.000137) if i else None
           for i in range(16)],
    "since": [dt.datetime(2026, 2, 27, 23, 0, 0, 3) + i * dt.timedelta(seconds=31.77) for i in range(16)],
}


def test_every_function_of_rows_has_an_example():
    settled = {"workday": "on_days", "holiday": "on_days", "answered": "is not missing", "not_asked": "is missing",
               "skipped": "is missing", "ratio": "/"}  # before an engine sees them
    assert EXAMPLES.keys() == ARITHMETIC | CONDITIONS | {"convert", *(settled.get(f, f) for f in row_functions())}


@pytest.mark.parametrize("expr", [expr for some in EXAMPLES.values() for expr in some], ids=lambda e: e.function)
def test_a_function_of_rows_gives_the_same_bits(tmp_path, expr):
    origin = source(column("x", "number"), column("y", "number"), column("n", "integer"), column("ok", "boolean"),
                    column("t", "text"), column("at", "time"), column("since", "time"), bindings=(Binding("id", "id"),))
    yes = expr.function in CONDITIONS | {"on_days"}
    slots = (Slot("count", expr), Slot("sum", expr)) if yes else (
        Slot("count", expr), Slot("min", expr), Slot("max", expr))
    asked = request(origin, table(tmp_path, ROWS_), cube(*slots, dimensions=("id",)))
    found = {name: bits(engine().cells(asked).frames[0]) for name, engine in BACKENDS.items()}
    [wanted], _ = oracle.cells(asked)
    assert found["duckdb"] == found["polars"]
    assert found["polars"] == {key: tuple(as_bits(x if x is None else x + 0) for x in slots)  # -0.0 is 0.0
                               for key, slots in wanted.items()}


def bits(frame):
    return {key: tuple(map(as_bits, slots)) for key, slots in plain(frame).items()}


def as_bits(value):
    return struct.pack("<d", value) if isinstance(value, float) else value


def test_differences_of_times_are_whole_microseconds_by_a_million(tmp_path):
    since = [dt.datetime(2026, 3, 1) + i * dt.timedelta(microseconds=7_919_137) for i in range(2000)]
    until = [moment + dt.timedelta(microseconds=1_000_003 * i % 600_000_007) for i, moment in enumerate(since)]
    origin = source(column("a", "time"), column("b", "time"))
    wait, data = call("-", col("b", "time"), col("a", "time")), table(tmp_path, {"a": since, "b": until})
    exact = [(b - a) // dt.timedelta(microseconds=1) / 1e6 for a, b in zip(since, until, strict=True)]
    for engine in BACKENDS.values():
        [frame] = engine().cells(request(origin, data, cube(value=wait))).frames
        assert sorted(frame["value"].to_list()) == sorted(set(exact))


# --- what becomes of a row -------------------------------------------------------------------------------------


def kept(tmp_path, keep, data, **options):
    origin = source(column("kind", "text"), column("score", "integer", low=0, high=10), column("id", "text"),
                    column("at", "time"), column("odd", "number"), keep=keep, time="at",
                    unique=Unique(("id",), "first"), **options)
    width = len(data["kind"])
    full = {"score": ["1"] * width, "id": [*map(str, range(width))], "at": ["2026-03-01"] * width,
            "odd": ["1"] * width} | data
    return cells(origin, table(tmp_path, full)).census


IS_NPS = call("=", col("kind", "text"), "nps")


def test_a_row_of_another_source_is_dropped_whatever_is_wrong_with_it(tmp_path):
    census = kept(tmp_path, IS_NPS, {"kind": ["nps", *["csat"] * 4], "score": ["5", "99", "x", "1", "1"],
                                     "id": ["a", "b", "c", None, "d"], "at": ["2026-03-01"] * 4 + [None]})
    assert (census.read, census.kept, census.dropped, census.rejected) == (5, 1, 4, {})


def test_a_row_that_may_be_ours_is_rejected_before_it_is_dropped(tmp_path):
    census = kept(tmp_path, IS_NPS, {"kind": [None, None, "nps"], "score": ["99", "1", "99"]})
    assert (census.kept, census.dropped, census.rejected) == (0, 1, {("score", "scale"): 2})


def test_a_bad_value_in_the_condition_leaves_it_missing(tmp_path):
    census = kept(tmp_path, call(">", col("score", "integer"), 5), {"kind": ["a"] * 3, "score": ["99", "3", None]})
    assert (census.dropped, census.rejected) == (2, {("score", "scale"): 1})


def test_what_is_nulled_and_what_is_empty_are_told_of_own_rows(tmp_path):
    data = {"kind": ["nps", "csat"], "score": [None, "99"], "odd": ["nan", "inf"]}
    census = kept(tmp_path, IS_NPS, data, on_bad="null")
    assert (census.nulled, census.kept, census.empty) == ({("odd", "not finite"): 1}, 1, ("score", "odd"))
    census = kept(tmp_path, IS_NPS, {"kind": ["csat"], "score": [None]})
    assert (census.empty, census.dropped) == ((), 1)


def test_a_failing_source_does_not_fail_of_rows_it_drops(tmp_path):
    data = {"kind": ["nps", "csat"], "score": ["1", "99"]}
    assert kept(tmp_path, IS_NPS, data, on_bad="fail").kept == 1
    assert code_of(kept, tmp_path, IS_NPS, {**data, "kind": ["nps", "nps"]}, on_bad="fail")[0] == "CX715"


# --- rows that nobody looks at ---------------------------------------------------------------------------------

KINDS_ = Classifier(col("kind", "text"), literals=("a", "b"), classes=4)
SIZES = Classifier(col("x"), breaks=(10.0,), codes=(1, 2, 2), classes=3)
ODD = {"kind": ["a", "a", "b", "c", None, "a"], "x": [1.0, 20.0, 20.0, 20.0, 20.0, None],
       "who": ["p", "q", "q", None, "p", "r"]}


@pytest.mark.parametrize("also", [(), (cube(),)], ids=["alone", "with others"])
@pytest.mark.parametrize("apart", [{"value": col("x")}, {"by": col("who", "text")}], ids=["values", "texts"])
def test_of_classes_that_nobody_looks_at_there_are_no_cells(tmp_path, apart, also):
    origin = source(column("kind", "text"), column("x", "number"), column("who", "text"))
    whole = cube(keys=(KINDS_, SIZES), **apart)
    some = replace(whole, wanted=(1 + 4 * 2, 2 + 4 * 2, 3 + 4 * 1))  # `a` and `b` from 10 on, others below
    data = table(tmp_path, ODD)
    for one in (whole, some, replace(whole, wanted=())):
        answer = cells(origin, data, one, *also)
        every = cells(origin, data, whole, *also)
        kept = {key: n for key, n in plain(every.frames[0]).items()
                if one.wanted is None or key[1] + 4 * key[2] in one.wanted}
        assert plain(answer.frames[0]) == kept
        assert answer.census == every.census
    assert {key[1:3] for key in plain(cells(origin, data, some, *also).frames[0])} == {(1, 2), (2, 2)}


@pytest.mark.parametrize("also", [(), (cube(),)], ids=["alone", "with others"])
def test_rows_that_no_condition_looks_at_are_counted_together(tmp_path, also):
    origin = source(column("kind", "text"), column("x", "number"), column("who", "text"),
                    bindings=(Binding("who", "who"),))
    some = cube(Slot("count", None), Slot("sum", col("x")), dimensions=("who",), keys=(KINDS_, SIZES))
    some = replace(some, wanted=(1 + 4 * 2, 2 + 4 * 2))  # `a` and `b` from 10 on: those of q
    data = table(tmp_path, ODD)
    left_out = cells(origin, data, some, *also)
    together = cells(origin, data, replace(some, others=(1, 1)), *also)
    looked_at = {("q", 1, 2): (1, 20), ("q", 2, 2): (1, 20)}
    assert {key[1:]: slots for key, slots in plain(left_out.frames[0]).items()} == looked_at
    assert {key[1:]: slots for key, slots in plain(together.frames[0]).items()} == looked_at | {
        ("p", 1, 1): (2, 0), (MISSING, 1, 1): (1, 0), ("r", 1, 1): (1, 0)}
    assert together.census == left_out.census
    assert together.census.kept == 6


# --- physical types --------------------------------------------------------------------------------------------

EDGE = 1_772_409_599_999_999_999  # the last nanosecond of 1 March 2026 in UTC


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_nanoseconds_are_cut_and_not_rounded(tmp_path, zone):
    at = pl.Series("at", [EDGE, EDGE + 1, -1, -1500, None]).cast(pl.Datetime("ns"))
    frame = pl.DataFrame({"at": at if zone is None else at.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)})
    origin, data = source(column("at", "time"), time="at"), table(tmp_path, frame)
    assert data.wider == {"at"}
    days = {key[0]: int(n) for key, (n,) in plain(cells(origin, data, zone="UTC").frames[0]).items()}
    assert days == {DAY: 1, DAY + dt.timedelta(days=1): 1, dt.date(1969, 12, 31): 2}
    answer = cells(origin, data, zone="UTC", days=((DAY, DAY + dt.timedelta(days=1)),))
    assert only(answer) == (1,)
    since = cube(value=call("-", col("at", "time"), const(dt.date(1970, 1, 1))))
    values = {key[1] for key in plain(cells(origin, data, since, zone="UTC").frames[0])}
    assert values == {EDGE // 1000 / 1e6, (EDGE + 1) // 1000 / 1e6, -1e-6, -2e-6}


@pytest.mark.parametrize("kind", ["integer", "number", "text", "boolean", "date", "time"])
def test_a_column_of_no_type_is_missing_as_any_type(tmp_path, kind):
    promises = {"low": 0, "high": 1} if kind in ("integer", "number") else {"values": ("a",)} if kind == "text" else {}
    origin = source(column("x", kind, **promises), bindings=(Binding("x", "x"), Binding("r", "r")))
    frames = [pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Null), "r": pl.Series([None, None], dtype=pl.Null)})]
    data = table(tmp_path, *frames)
    require(open_table(data.files, scratch=tmp_path), origin)
    assert open_table(data.files, scratch=tmp_path) == data
    answer = cells(origin, data, cube(Slot("count", col("x", kind)), dimensions=("x", "r")))
    assert plain(answer.frames[0]) == {(DAY, MISSING, MISSING): (0,)}
    assert (answer.census.kept, answer.census.empty) == (2, ("x",))


def test_one_file_may_lack_the_type_another_has(tmp_path):
    empty, full = {"x": pl.Series([None], dtype=pl.Null)}, {"x": [dt.datetime(2026, 3, 1, tzinfo=dt.UTC)]}
    origin = source(column("x", "time"))
    for number, frames in enumerate(([empty, full], [full, empty])):
        made = table(tmp_path, *map(pl.DataFrame, frames), name=f"t{number}")
        data = open_table(made.files, scratch=tmp_path)
        assert data.columns == {"x": "instant"}
        assert only(cells(origin, data, cube(Slot("count", col("x", "time"))))) == (1,)


def test_ties_are_told_without_columns_that_cannot_be_read(tmp_path):
    origin = source(column("id", "text"), column("v", "integer"), column("odd", "boolean"),
                    unique=Unique(("id",), "first"), bindings=(Binding("v", "v"),))
    data = table(tmp_path, {"id": ["a", "a"], "v": [2, 1], "odd": [DAY, DAY]})
    data = replace(data, columns={**data.columns, "odd": "date"})
    spared = replace(origin, columns={**origin.columns, "odd": column("odd", "integer")})
    for one in (origin, spared):
        assert code_of(cells, one, data)[0] == "CX704"  # its contract would need it
    origin = replace(origin, columns={**origin.columns, "odd": column("odd", "text")})
    data = replace(data, columns={**data.columns, "odd": "other"})
    assert counts(cells(origin, data, cube(dimensions=("v",)))) == {"1": 1}


@pytest.mark.parametrize("kind", ["time", "date", "boolean", "number", "integer", "text"])
def test_whether_a_value_is_there_is_a_class(tmp_path, kind):
    values = {"time": dt.datetime(2026, 3, 1), "date": DAY, "boolean": False, "number": 0.0, "integer": 0, "text": "a"}
    presence = Classifier(col("x", kind), literals=(), classes=2)
    data = table(tmp_path, {"x": [values[kind], None, values[kind]]})
    answer = cells(source(column("x", kind)), data, cube(keys=(presence,)), cube())
    assert counts(answer) == {0: 1, 1: 2}
