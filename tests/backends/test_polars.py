"""The contract of the backends on the Polars engine: expressions, classes, cells, sums, files."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from made import (
    DAY,
    ROWS,
    Binding,
    Classifier,
    Slot,
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

from cxmetrics.backends.cells import MISSING, Table
from cxmetrics.backends.polars import Polars

NEW_YORK = "America/New_York"

def computed(tmp_path, expr, **values):
    """The value of a row expression in one row, by its extreme; None where it is null."""
    kinds = {int: "integer", float: "number", str: "text", bool: "boolean", dt.date: "date", dt.datetime: "time"}
    origin = source(*(column(name, kinds[type(value)]) for name, value in values.items()))
    return only(cells(origin, table(tmp_path, {n: [v] for n, v in values.items()}), cube(Slot("max", expr))))[0]


def holds(tmp_path, expr, **values):
    return computed(tmp_path, call("if", call("is missing", expr), -1, call("if", expr, 1, 0)), **values)


@pytest.mark.parametrize(("function", "args", "result"), [
    ("/", (1, 4), 0.25), ("/", (1, 0), None), ("/", (-7, 2), -3.5), ("^", (2, 10), 1024), ("^", (-1, 0.5), None),
    ("^", (0, -1), None), ("ln", (0,), None), ("ln", (-1,), None), ("sqrt", (-1,), None), ("sqrt", (9,), 3),
    ("exp", (1000,), None), ("exp", (0,), 1), ("+", (1, 2.5), 3.5), ("*", (1e200, 1e200), None), ("negate", (3,), -3),
    ("abs", (-3,), 3), ("min", (3, 1, 2), 1), ("max", (3, 1.5), 3), ("clamp", (15, 0, 10), 10),
    ("convert", (2, 1000), 2000),
    ("weekday", (dt.date(2026, 3, 1),), 7), ("-", (dt.date(2026, 3, 2), dt.date(2026, 3, 1)), 86400)])
def test_functions_of_numbers(tmp_path, function, args, result):
    assert computed(tmp_path, call("+", call(function, *args), call("*", col("x", "integer"), 0)), x=1) == result


def test_functions_of_times(tmp_path):
    at = dt.datetime(2026, 3, 1, 23, 15)
    assert computed(tmp_path, call("hour", col("x", "time")), x=at) == 23
    assert computed(tmp_path, call("-", col("x", "time"), const(DAY)), x=at) == 83700
    assert holds(tmp_path, call(">", col("x", "time"), const(DAY)), x=at) == 1
    assert holds(tmp_path, call("=", col("x", "time"), const(DAY)), x=dt.datetime(2026, 3, 1)) == 1


def test_differences_are_the_time_that_went_by_when_clocks_are_changed(tmp_path):
    """In New York it was 3:30 an hour after 1:30 on that day, be the times written there or in UTC."""
    frame = pl.DataFrame({"a": ["2026-03-08T06:30:00Z", "2026-03-08 01:30:00"],
                          "b": ["2026-03-08T07:30:00Z", "2026-03-08 03:30:00"]})
    origin = source(column("a", "time"), column("b", "time"))
    wait = call("-", col("b", "time"), col("a", "time"))
    answer = cells(origin, table(tmp_path, frame), cube(value=wait), zone=NEW_YORK)
    assert counts(answer) == {3600.0: 2}


@pytest.mark.parametrize(("function", "args", "result"), [
    ("contains", ("a.c", "."), 1), ("contains", ("abc", "."), 0), ("starts_with", ("转账", "转"), 1),
    ("matches", ("a1", r"^\w\d$"), 1), ("matches", ("٣", r"\d"), 0), ("matches", ("转", r"\w"), 0),
    ("in", (3, const((1, 2, 3))), 1), ("in", (2.5, const((1, 2))), 0), ("in", ("a", const(("a", "b"))), 1),
    ("between", (3, 3, 5), 1), ("=", (2, 2.0), 1), ("!=", ("a", "b"), 1), ("<", ("B", "a"), 1), (">=", (1, 2), 0)])
def test_conditions(tmp_path, function, args, result):
    assert holds(tmp_path, call("and", call(function, *args), call("=", col("x", "integer"), 1)), x=1) == result


def test_logic_has_three_values(tmp_path):
    null = call("=", call("/", 1, col("x")), 1)
    assert holds(tmp_path, null, x=0.0) == -1
    assert holds(tmp_path, call("and", null, const(False)), x=0.0) == 0
    assert holds(tmp_path, call("or", null, const(True)), x=0.0) == 1
    assert holds(tmp_path, call("not", null), x=0.0) == -1
    assert holds(tmp_path, call("in", call("/", 1, col("x")), const((1, 2))), x=0.0) == -1
    assert holds(tmp_path, call("if", null, const(True), const(False)), x=0.0) == -1
    assert holds(tmp_path, call("between", 5, call("/", 1, col("x")), 3), x=0.0) == 0


def test_products_are_not_contracted(tmp_path):
    x = 0.1  # the rounded x·x is more than the real one, which a fused multiply-add would see
    assert computed(tmp_path, call("-", call("*", col("x"), col("x")), 0.01), x=x) == x * x - 0.01


# --- classes and cells -----------------------------------------------------------------------------------------


def classified(tmp_path, classifier, values, kind):
    origin = source(column("x", kind))
    answer = cells(origin, table(tmp_path, {"x": values}), cube(keys=(classifier,)))
    return counts(answer)


def test_classes_of_literals(tmp_path):
    few = Classifier(col("x", "text"), literals=(("a",), ("b",)), classes=4)
    assert classified(tmp_path, few, ["a", "b", "c", None], "text") == {1: 1, 2: 1, 3: 1, 0: 1}
    many = Classifier(col("x", "text"), literals=tuple((f"l{i}",) for i in range(50)), classes=52)
    assert classified(tmp_path, many, ["l0", "l49", "c", None], "text") == {1: 1, 50: 1, 51: 1, 0: 1}


def test_classes_between_breaks(tmp_path):
    breaks = Classifier(col("x"), breaks=(0.0, 10.0), codes=(1, 2, 3, 4, 5), classes=6)
    assert classified(tmp_path, breaks, [-1.0, 0.0, 5.0, 10.0, 11.0, None], "number") == dict.fromkeys(range(6), 1)
    shared = Classifier(col("x", "integer"), breaks=(0.5, 10.0), codes=(1, 1, 2, 2, 1), classes=3)
    assert classified(tmp_path, shared, [0, 1, 10, 11, None], "integer") == {1: 2, 2: 2, 0: 1}


def test_classes_of_conditions(tmp_path):
    condition = Classifier(col("x", "boolean"))
    assert classified(tmp_path, condition, [True, False, False, None], "boolean") == {2: 1, 1: 2, 0: 1}


def test_slots(tmp_path):
    origin = source(column("x", "number"), column("i", "integer"), column("ok", "boolean"))
    data = table(tmp_path, {"x": [1.5, -1.5, None, 0.25], "i": [1, 2, 3, None], "ok": [True, True, False, None]})
    x, i, ok = col("x"), col("i", "integer"), col("ok", "boolean")
    slots = (ROWS, Slot("count", x), Slot("whole", x), Slot("fraction", x), Slot("squares_whole", x),
             Slot("squares_fraction", x), Slot("sum", i), Slot("squares", i), Slot("sum", ok), Slot("min", x),
             Slot("max", i))
    quarter = 2**60
    # floors 1, −2, 0 and rests .5, .5, .25; squares 2.25, 2.25, .0625
    assert only(cells(origin, data, cube(*slots))) == (
        4, 3, -1, 5 * quarter, 4, 2 * quarter + quarter // 4, 6, 14, 2, -1.5, 3.0)


def test_a_cell_without_values_sums_to_nothing_and_has_no_extreme(tmp_path):
    origin = source(column("x", "number"))
    slots = (Slot("whole", col("x")), Slot("fraction", col("x")), Slot("min", col("x")), Slot("count", col("x")))
    data = table(tmp_path, {"x": pl.Series([None], dtype=pl.Float64)})
    assert only(cells(origin, data, cube(*slots))) == (0, 0, None, 0)


def test_values_are_counted_apart(tmp_path):
    origin = source(column("x", "number"))
    answer = cells(origin, table(tmp_path, {"x": [0.0, -0.0, 2.5, None, float("nan")]}), cube(value=col("x")))
    assert counts(answer) == {0.0: 2, 2.5: 1}


def test_several_cubes_come_in_order(tmp_path):
    origin = source(column("x", "integer"), bindings=(Binding("x", "x"),))
    cubes = cube(), cube(dimensions=("x",)), cube(value=col("x", "integer"))
    answer = cells(origin, table(tmp_path, {"x": [1, 1, 2]}), *cubes)
    assert [frame.height for frame in answer.frames] == [1, 2, 2]
    assert answer.frames[1].columns == ["day", "d0", "s0"]


def test_a_table_without_rows_or_files(tmp_path):
    origin = source(column("x", "integer"))
    for data in (table(tmp_path, {"x": pl.Series([], dtype=pl.Int64)}), table(tmp_path)):
        empty = source() if not data.files else origin
        answer = cells(empty, data)
        assert (answer.frames[0].height, answer.census.read, answer.census.empty) == (0, 0, ())
        assert answer.frames[0].schema == {"day": pl.Date, "s0": pl.Decimal(38, 0)}


def test_columns_without_a_value_are_told(tmp_path):
    origin = source(column("x", "number"), column("y", "number"))
    answer = cells(origin, table(tmp_path, {"x": pl.Series([None, None], dtype=pl.Float64), "y": [None, 1.0]}))
    assert answer.census.empty == ("x",)


# --- sums that do not fit --------------------------------------------------------------------------------------


def test_integer_sums_pass_64_bits(tmp_path):
    big = 2**63 - 1
    origin, x = source(column("x", "integer")), col("x", "integer")
    slots = (Slot("sum", x), Slot("sum", call("+", x, x)), Slot("sum", call("*", x, 3)), Slot("squares", x))
    assert only(cells(origin, table(tmp_path, {"x": [big]}), cube(*slots))) == (
        Decimal(big), Decimal(2 * big), Decimal(3 * big), Decimal(big**2))


@pytest.mark.parametrize(("slot", "values"), [
    (Slot("squares", col("x", "integer")), [2**63 - 1] * 3), (Slot("whole", col("x")), [9e37, 9e37]),
    (Slot("whole", col("x")), [1e300]), (Slot("squares_whole", col("x")), [1e200]),
    (Slot("sum", call("*", call("*", col("x", "integer"), col("x", "integer")), col("x", "integer"))), [2**62])])
def test_what_does_not_fit_in_38_digits_is_a_fault(tmp_path, slot, values):
    origin = source(column("x", "integer" if isinstance(values[0], int) else "number"))
    assert code_of(cells, origin, table(tmp_path, {"x": values}), cube(slot)) == ("CX714", {"column": "x"})


# --- files -----------------------------------------------------------------------------------------------------


def test_files_may_differ_in_columns_and_widths(tmp_path):
    origin = source(column("x", "number"), column("y", "integer"))
    data = table(tmp_path, pl.DataFrame({"x": [1.5], "y": pl.Series([1], dtype=pl.Int8)}),
                 pl.DataFrame({"x": pl.Series([2.0], dtype=pl.Float32)}), {"y": [2**40], "z": ["?"]})
    slots = (ROWS, Slot("whole", col("x")), Slot("sum", col("y", "integer")))
    assert only(cells(origin, data, cube(*slots))) == (3, 3, 2**40 + 1)


def test_columns_may_stand_in_the_path(tmp_path):
    for day, region in (("2026-03-01", "a%20b"), ("2026-03-02", "__HIVE_DEFAULT_PARTITION__")):
        folder = tmp_path / f"day={day}" / f"region={region}"
        folder.mkdir(parents=True)
        pl.DataFrame({"x": [1]}).write_parquet(folder / "part.parquet")
    data = Table(tuple(sorted(tmp_path.rglob("*.parquet"))), {"x": "integer", "day": "text", "region": "text"})
    origin = source(column("day", "date"), time="day", bindings=(Binding("region", "region"),))
    answer = cells(origin, data, cube(dimensions=("region",)))
    assert plain(answer.frames[0]) == {(DAY, "a b"): (1,), (dt.date(2026, 3, 2), MISSING): (1,)}


def test_a_path_is_no_pattern(tmp_path):
    (tmp_path / "a[1]").mkdir()
    data = table(tmp_path / "a[1]", {"x": [1]})
    assert only(cells(source(), data)) == (1,)


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    data = table(tmp_path, {"x": list(range(10000))})
    whole = data.files[0].read_bytes()
    for broken in (b"", b"hello", whole[: len(whole) // 2], whole[:4] + b"\xff" * 200 + whole[204:]):
        data.files[0].write_bytes(broken)
        code, facts = code_of(cells, source(column("x", "integer")), data, cube(Slot("sum", col("x", "integer"))))
        assert (code, facts["path"]) == ("CX702", str(data.files[0]))
    data.files[0].unlink()
    assert code_of(cells, source(), data)[0] == "CX702"


def test_a_declared_column_that_is_used_has_to_be_there(tmp_path):
    origin = source(column("x", "number"), column("unused", "number"))
    data = table(tmp_path, {"y": [1]})
    assert only(cells(origin, data)) == (1,)
    assert code_of(cells, origin, data, cube(Slot("whole", col("x")))) == (
        "CX703", {"column": "x", "source": "s", "path": "s/*.parquet"})


def test_the_plan_can_be_shown(tmp_path):
    origin = source(column("x", "number"))
    text = Polars().source_text(request(origin, table(tmp_path, {"x": [1.0]}), cube(Slot("whole", col("x")))))
    assert "Parquet SCAN" in text
    assert "AGGREGATE" in text
