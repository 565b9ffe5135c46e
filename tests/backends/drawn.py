"""Random requests: dirty tables of every physical type, random row expressions, classifiers and cubes."""

import datetime as dt

import polars as pl
from hypothesis import strategies as st
from made import DAY, Binding, Classifier, Slot, Unique, call, col, column, const, cube, source

ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata")
TOUCH = ("transfer", "转账", "log_in", "Ünï", "a'b\"c", "")
BLANK = ("", " ", "\t", "\u3000", "\xa0")
ODD_NUMBERS = ("x", "1e", "--1", "0x1", "1_0", "nan", "-Infinity", "+inf", "1e400", "9223372036854775808", "NA", "98",
               "1.", ".5", "+7", "７", "１．５", "1e3", "007", "٣")
ODD_TIMES = ("2026-03-01T23:59:59.999999Z", "2026-03-01 00:00:00", "2026-03-01T16:00:00+00:00",
             "2026-03-08 02:30:00", "2026-11-01 01:30:00", "2026-11-01T01:30:00-0500", "2026-03-01 24:00:00",
             "2026-02-30 10:00:00", "2026/03/02 08:15", "2026-03-02", "20260303", "2026-3-1", "soon",
             "2026-03-01 10:00:00.1234567", "2026-03-01 10:00:60", "2026-03-01 10:00:00 +08")
MOMENTS = st.datetimes(dt.datetime(2026, 2, 27), dt.datetime(2026, 3, 9)) | st.sampled_from(
    [dt.datetime(2026, 3, 8, 2, 30), dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 8, 6, 59, 59, 999999)])
FLOATS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3)) | st.sampled_from([0.0, -0.0, 0.1, -1e-9, 1e15, 2.5])
BIG = st.sampled_from([2**62, -2**62, 2**53 + 1, 0, 1, -1, 2**63 - 1, -2**63])


def padded(texts):
    return st.tuples(st.sampled_from(BLANK), texts, st.sampled_from(BLANK)).map("".join)


def some(values):
    return st.none() | values


def made_of(dtype, values):
    return st.tuples(st.just(dtype), values)


def integers():
    return st.one_of(
        made_of(pl.String, some(padded(st.integers(-2, 12).map(str) | st.sampled_from(ODD_NUMBERS)))),
        made_of(pl.Int16, some(st.integers(-2, 12))),
        made_of(pl.Float64, some(st.sampled_from([1.0, 2.0, 9.0, 10.0, 2.5, float("nan"), float("inf"), 98.0, 1e30]))))


def numbers():
    return st.one_of(
        made_of(pl.String, some(padded(FLOATS.map(str) | st.sampled_from(ODD_NUMBERS)))),
        made_of(pl.Float64, some(FLOATS | st.sampled_from([float("nan"), float("-inf")]))),
        made_of(pl.Int64, some(st.integers(-50, 50))))


def booleans():
    words = st.sampled_from(["true", "F", "Yes", "no", "Y", "n", "1", "0", "maybe"])
    return st.one_of(made_of(pl.String, some(padded(words))), made_of(pl.Boolean, some(st.booleans())),
                     made_of(pl.Int8, some(st.integers(0, 2))))


def times():
    return st.one_of(
        made_of(pl.String, some(padded(MOMENTS.map(str) | st.sampled_from(ODD_TIMES)))),
        made_of(pl.Datetime("us"), some(MOMENTS)), made_of(pl.Datetime("ms"), some(MOMENTS)),
        made_of(pl.Datetime("us", "UTC"), some(MOMENTS)),
        made_of(pl.Date, some(MOMENTS.map(dt.datetime.date))))


def dates():
    written = st.dates(dt.date(2026, 2, 27), dt.date(2026, 3, 3))
    return st.one_of(made_of(pl.Date, some(written)), made_of(pl.String, some(padded(
        written.map(str) | st.sampled_from(["2026/03/01", "20260302", "2026-02-30", "1.3.2026"])))))


KINDS = {"touch": st.just((pl.String, some(padded(st.sampled_from(TOUCH))))),
         "score": integers(), "lat": numbers(), "ok": booleans(), "at": times(), "got": times(), "born": dates(),
         "big": made_of(pl.Int64, some(BIG)),
         "id": st.one_of(made_of(pl.String, some(padded(st.sampled_from("abcd")))),
                         made_of(pl.Int32, some(st.integers(1, 4))))}


@st.composite
def frames(draw):
    """A frame with the columns of KINDS, each of one of the types a file may have for it."""
    kinds = {name: draw(strategy) for name, strategy in KINDS.items()}
    height = draw(st.integers(0, 14))
    return pl.DataFrame([
        pl.Series(name, draw(st.lists(values if isinstance(values, st.SearchStrategy) else st.just(values),
                                      min_size=height, max_size=height)), dtype=dtype, strict=False)
        for name, (dtype, values) in kinds.items()])


# --- row expressions -------------------------------------------------------------------------------------------

INTEGER = st.sampled_from([col("score", "integer"), const(3), const(-1), const(0), call("hour", col("at", "time")),
                           call("weekday", col("born", "date"))])
NUMBER = st.sampled_from([col("lat"), const(0.5), const(0.0), const(-2.25), col("wait")])
TEXT = st.sampled_from([col("touch", "text"), const("转账"), const("a"), col("id", "text")])
MOMENT = st.sampled_from([col("at", "time"), col("got", "time"), col("born", "date"), const(dt.date(2026, 3, 1))])


def numeric(depth):
    """Numbers; integers and floats mixed, all by operations that every machine does exactly alike."""
    if depth == 0:
        return INTEGER | NUMBER
    less = numeric(depth - 1)
    return st.one_of(
        less, st.builds(call, st.sampled_from(["+", "-", "*", "/", "min", "max"]), less, less),
        st.builds(call, st.sampled_from(["negate", "abs", "sqrt"]), less),
        st.builds(call, st.just("clamp"), less, less, less), st.builds(call, st.just("coalesce"), less, less),
        st.builds(call, st.just("if"), conditions(depth - 1), less, less),
        st.builds(call, st.just("-"), MOMENT, MOMENT))


def conditions(depth):
    if depth == 0:
        compared = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
        return st.one_of(
            st.just(col("ok", "boolean")), st.builds(call, compared, INTEGER | NUMBER, INTEGER | NUMBER),
            st.builds(call, compared, TEXT, TEXT), st.builds(call, compared, MOMENT, MOMENT),
            st.builds(call, st.sampled_from(["contains", "starts_with"]), TEXT, TEXT),
            st.builds(call, st.just("matches"), TEXT, st.sampled_from(["^[a-t]", "账$", "_|'"])),
            st.builds(call, st.just("in"), TEXT, st.just(const(("转账", "a", "2")))),
            st.builds(call, st.just("in"), INTEGER | NUMBER, st.just(const((1, 2.5, 9)))),
            st.builds(call, st.sampled_from(["is missing", "is not missing"]), TEXT | NUMBER | INTEGER | MOMENT))
    less, numbers_ = conditions(depth - 1), numeric(depth - 1)
    return st.one_of(less, st.builds(call, st.just("not"), less),
                     st.builds(call, st.sampled_from(["and", "or"]), less, less),
                     st.builds(call, st.just("between"), numbers_, numbers_, numbers_))


def classifiers():
    literals = st.just(Classifier(col("touch", "text"), literals=("转账", "log_in", "none"), classes=5))
    many = st.just(Classifier(col("touch", "text"), literals=(*map(str, range(20)), "Ünï"), classes=23))
    breaks = st.builds(lambda x: Classifier(x, breaks=(0.0, 2.5, 9.0), codes=(1, 1, 2, 3, 3, 4, 5), classes=6),
                       numeric(1))
    return literals | many | breaks | conditions(1).map(Classifier)


def slots():
    ops = st.sampled_from(["count", "whole", "fraction", "squares_whole", "squares_fraction", "min", "max"])
    whole = st.sampled_from([col("score", "integer"), col("ok", "boolean"), col("big", "integer"),
                             call("+", col("big", "integer"), col("big", "integer")), call("*", col("big", "integer"), 3)])
    return st.one_of(st.just(Slot("count", None)), st.builds(Slot, ops, numeric(2)),
                     st.builds(Slot, st.sampled_from(["sum", "count"]), whole),
                     st.just(Slot("squares", col("score", "integer"))))


DIMENSIONS = st.lists(st.sampled_from(["touch", "score", "ok", "born"]), max_size=2, unique=True).map(tuple)


@st.composite
def cubes(draw):
    dimensions, keys = draw(DIMENSIONS), tuple(draw(st.lists(classifiers(), max_size=2)))
    if draw(st.integers(0, 3)) == 0:
        return cube(dimensions=dimensions, keys=keys, value=draw(numeric(1)))
    return cube(*draw(st.lists(slots(), min_size=1, max_size=4)), dimensions=dimensions, keys=keys)


@st.composite
def origins(draw):
    """A source over the columns of KINDS."""
    columns = [
        column("id", "text"), column("touch", "text", values=draw(st.sampled_from([None, ("转账", "transfer", "Ünï")]))),
        column("score", "integer", low=draw(st.sampled_from([None, 0.0])), high=draw(st.sampled_from([None, 10.0])),
               missing=draw(st.sampled_from([(), ("98", "NA")]))),
        column("lat", "number", low=draw(st.sampled_from([None, -10.5])), missing=draw(st.sampled_from([(), ("98",)]))),
        column("ok", "boolean"), column("at", "time"), column("got", "time"), column("born", "date"),
        column("big", "integer"),
        column("wait", "number", formula=call("-", col("got", "time"), col("at", "time")))]
    unique = draw(st.sampled_from([None, Unique(("id",), "latest"), Unique(("id", "touch"), "first")]))
    return source(
        *draw(st.permutations(columns)), time=draw(st.sampled_from(["at", "born", DAY])), unique=unique,
        received=draw(st.sampled_from([None, "got"])), on_bad=draw(st.sampled_from(["reject", "reject", "null"])),
        keep=draw(st.none() | conditions(1)), bindings=tuple(Binding(n, n) for n in ("touch", "score", "ok", "born")))
