"""Random requests: dirty tables of every physical type, random row expressions, classifiers and cubes."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt
from random import Random

import polars as pl
from drawn_lookups import lookups
from hypothesis import strategies as st
from made import DAY, Binding, Classifier, Slot, Unique, call, col, column, const, cube, source

from cxmetrics.deliveries import Arrival
from cxmetrics.ir import Silence
from cxmetrics.scales import Scales, Version

ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata")
TOUCH = ("transfer", "转账", "log_in", "Ünï", "a'b\"c", "")
BLANK = ("", " ", "\t", "\u3000", "\xa0")
ODD_NUMBERS = ("x", "1e", "--1", "0x1", "1_0", "nan", "-Infinity", "+inf", "1e400", "9223372036854775808", "NA", "98",
               "1.", ".5", "+7", "７", "１．５", "1e3", "007", "٣")
FAR = (dt.date(1, 1, 3), dt.date(1899, 12, 31), dt.date(1900, 1, 1), dt.date(2199, 12, 31), dt.date(2200, 1, 1),
       dt.date(9999, 12, 28))
ODD_TIMES = ("2026-03-01T23:59:59.999999Z", "2026-03-01 00:00:00", "2026-03-01T16:00:00+00:00",
             "2026-03-08 02:30:00", "2026-11-01 01:30:00", "2026-11-01T01:30:00-0500", "2026-03-01 24:00:00",
             "2026-02-30 10:00:00", "2026/03/02 08:15", "2026-03-02", "20260303", "2026-3-1", "soon",
             "2026-03-01 10:00:00.1234567", "2026-03-01 10:00:60", "2026-03-01 10:00:00 +08")
CHANGES = (dt.datetime(2026, 3, 8, 2, 30), dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 8, 6, 59, 59, 999999))
BIG = (2**62, -2**62, 2**53 + 1, 0, 1, -1, 2**63 - 1, -2**63)
NAN, INF = float("nan"), float("inf")


def padded(draw, text):
    """Sometimes with blanks at its ends."""
    return draw.choice(BLANK) + text + draw.choice(BLANK) if draw.random() < 0.3 else text


def moment(draw):
    start = dt.datetime(2026, 2, 27)
    return draw.choice(CHANGES) if draw.random() < 0.2 else start + dt.timedelta(minutes=draw.randrange(14400))


def number(draw):
    return draw.choice([0.0, -0.0, 0.1, -1e-9, 1e15, 2.5, round(draw.uniform(-100, 100), 3)])


def day(draw):
    return dt.date(2026, 2, 27) + dt.timedelta(days=draw.randrange(5))


def text(*choices):
    """A column of texts: one of the choices, each a text or what makes a value from `draw`."""
    def one(draw):
        made = draw.choice(choices)
        return padded(draw, made if isinstance(made, str) else str(made(draw)))
    return pl.String, one


def of(dtype, *choices):
    def one(draw):
        made = draw.choice(choices)
        return made(draw) if callable(made) else made
    return dtype, one


NOTHING = of(pl.Null, None)
# Column -> what files may hold for it: a type of Polars, and what makes a value.
KINDS = {
    "touch": (text(*TOUCH),),
    "id": (text("a", "b", "c", "d"), of(pl.Int32, 1, 2, 3, 4)),
    "score": (text(lambda draw: draw.randrange(-2, 13)), text(lambda draw: draw.randrange(11), *ODD_NUMBERS),
              of(pl.Int16, lambda draw: draw.randrange(-2, 13)), of(pl.UInt64, 1, 2, 9),
              of(pl.Float64, 1.0, 2.0, 9.0, 10.0, 2.5, NAN, INF, 98.0, 1e30), NOTHING),
    "lat": (text(number), text(number, *ODD_NUMBERS), of(pl.Float64, number), of(pl.Float64, number, number, NAN, -INF),
            of(pl.Int64, lambda draw: draw.randrange(-50, 50))),
    "ok": (text("true", "F", "Yes", "no", "Y", "n", "1", "0", "maybe"), of(pl.Boolean, True, False),
           of(pl.Int8, 0, 1), of(pl.Int8, 0, 1, 2)),
    "at": (text(moment), text(moment, *ODD_TIMES), text(moment, *map(str, FAR)), of(pl.Date, day, *FAR),
           of(pl.Datetime("us"), moment, *FAR), of(pl.Datetime("us", "UTC"), moment, *FAR),
           of(pl.Datetime("us"), moment), of(pl.Datetime("ms"), moment),
           of(pl.Datetime("ns"), moment), NOTHING,
           of(pl.Datetime("us", "UTC"), moment), of(pl.Datetime("ns", "Asia/Tokyo"), moment), of(pl.Date, day)),
    "got": (text(moment, *ODD_TIMES), of(pl.Datetime("us"), moment), of(pl.Datetime("us", "UTC"), moment)),
    "born": (of(pl.Date, day), text(day, "2026/03/01", "20260302", "2026-02-30", "1.3.2026"),
             of(pl.Datetime("us", "UTC"), moment)),
    "big": (of(pl.Int64, *BIG),),
}


@st.composite
def frames(draw):
    """A frame with the columns of KINDS, each of one of the types a file may have for it."""
    random = Random(draw(st.integers(0, 2**32)))  # rows drawn one by one would mostly be equal
    height = random.choice([0, 1, 3, 8, 20])
    columns = []
    for name, kinds in KINDS.items():
        dtype, one = random.choice(kinds)
        empty = random.choice([0, 0.1, 0.1, 0.5])
        values = [None if random.random() < empty else one(random) for _ in range(height)]
        columns.append(pl.Series(name, values, dtype=dtype, strict=False))
    return pl.DataFrame(columns)


@st.composite
def tables(draw):
    """The frames of one table: a frame, perhaps in two files, the second of which perhaps lacks a column."""
    frame, cut = draw(frames()), draw(st.sampled_from([None, None, 0, 2, 7]))
    if cut is None:
        return [frame]
    lacking = draw(st.sampled_from([[], ["touch"], ["score", "got"]]))
    return [frame[:cut], frame[cut:].drop(lacking)]


# --- row expressions -------------------------------------------------------------------------------------------

INTEGER = st.sampled_from([col("score", "integer"), const(3), const(-1), const(0),
                           col("level", "integer"), call("hour", col("at", "time")),
                           call("day", col("at", "time")), call("month", col("born", "date")),
                           call("year", col("got", "time")),
                           call("weekday", col("born", "date"))])
NUMBER = st.sampled_from([col("lat"), col("part"), const(0.5), const(0.0), const(-2.25), const(7.3), col("wait"),
                          col("moved")])
PLACES = st.sampled_from([const(0), const(1), const(2), const(-1), const(6), const(400), col("score", "integer")])
TEXT = st.sampled_from([col("touch", "text"), const("转账"), const("a"), col("id", "text"), col("window", "text"),
                        col("zone", "text")])
MOMENT = st.sampled_from([col("at", "time"), col("got", "time"), col("born", "date"), col("ends", "time"),
                          const(dt.date(2026, 3, 1))])


DATES = st.sampled_from([call("date", col("at", "time")), call("date", col("born", "date")), col("born", "date")])
LISTED = st.sampled_from([const(()), const((dt.date(2026, 3, 1),)),
                          const(tuple(dt.date(2026, 2, 25) + dt.timedelta(i) for i in range(0, 12, 3)))])
COVERED = st.sampled_from([const(dt.date(2026, 1, 1)), const(dt.date(2026, 3, 1))]), st.just(const(dt.date(2026, 3, 5)))


def numeric(depth):
    """Numbers; integers and floats mixed, all by operations that every machine does exactly alike."""
    if depth == 0:
        return INTEGER | NUMBER
    less = numeric(depth - 1)
    return st.one_of(
        less, st.builds(call, st.sampled_from(["+", "-", "*", "/", "min", "max"]), less, less),
        st.builds(call, st.sampled_from(["negate", "abs", "sqrt"]), less),
        st.builds(call, st.just("near"), less, st.sampled_from([const(3), const(7), const(14)])),
        st.builds(call, st.just("weighted_mean"), less, less, less, less),
        st.builds(call, st.just("clamp"), less, less, less), st.builds(call, st.just("coalesce"), less, less),
        st.builds(call, st.just("if"), conditions(depth - 1), less, less),
        st.builds(call, st.just("round"), less), st.builds(call, st.just("round"), less, PLACES),
        st.builds(call, st.just("-"), MOMENT, MOMENT))


def conditions(depth):
    if depth == 0:
        compared = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
        return st.one_of(
            st.sampled_from([col("ok", "boolean"), col("unasked", "boolean"), col("unsaid", "boolean")]),
            st.builds(call, compared, INTEGER | NUMBER, INTEGER | NUMBER),
            st.builds(call, compared, TEXT, TEXT),
            st.builds(call, st.just("on_days"), DATES, LISTED, *COVERED), st.builds(call, compared, MOMENT, MOMENT),
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
    literals = st.just(Classifier(col("touch", "text"), literals=(("转账",), ("log_in", "none")), classes=4))
    several = (*((str(i), f"{i}x") for i in range(20)), ("Ünï",))
    many = st.just(Classifier(col("touch", "text"), literals=several, classes=23))
    breaks = st.builds(lambda x: Classifier(x, breaks=(0.0, 2.5, 9.0), codes=(1, 1, 2, 3, 3, 4, 5), classes=6),
                       numeric(1))
    return literals | many | breaks | conditions(1).map(Classifier)


def slots():
    ops = st.sampled_from(["count", "whole", "fraction", "squares_whole", "squares_fraction", "min", "max",
                           "first", "last"])
    whole = st.sampled_from([col("score", "integer"), col("ok", "boolean"), col("big", "integer"),
                             call("+", col("big", "integer"), col("big", "integer")),
                             call("*", col("big", "integer"), 3)])
    return st.one_of(st.just(Slot("count", None)), st.builds(Slot, ops, numeric(2)),
                     st.builds(Slot, st.sampled_from(["sum", "count"]), whole),
                     st.just(Slot("squares", col("score", "integer"))))


TOLD_APART = st.sampled_from([col("id", "text"), col("touch", "text"), col("score", "integer"), col("big", "integer"),
                              col("ok", "boolean"), col("born", "date"), col("at", "time"), col("got", "time"),
                              call("+", col("big", "integer"), col("big", "integer"))])
SLICED = ("touch", "score", "ok", "born", "region", "zone", "long", "band")
DIMENSIONS = st.lists(st.sampled_from(SLICED), max_size=2, unique=True).map(tuple)


@st.composite
def cubes(draw):
    dimensions, keys = draw(DIMENSIONS), tuple(draw(st.lists(classifiers(), max_size=2)))
    if draw(st.integers(0, 5)) == 0:  # of those who went on
        by, limit = draw(TOLD_APART), const(draw(st.sampled_from([-1, 0, 3_600_000_000, 2 * 86_400_000_000])))
        mark = call("completes", by, limit, *draw(st.lists(conditions(0), min_size=2, max_size=4)))
        return cube(dimensions=dimensions, keys=(*keys, Classifier(mark)), by=by)
    if draw(st.integers(0, 4)) == 0:  # of the first or the last rows of each text in a day
        by = call("whose", draw(TOLD_APART | st.just(const(""))))
        keys = (*keys, Classifier(call(draw(st.sampled_from(["at end", "at start"])), by)))
        return cube(*draw(st.lists(slots(), min_size=1, max_size=2)), dimensions=dimensions, keys=keys, by=by)
    if draw(st.integers(0, 3)) == 0:
        return cube(dimensions=dimensions, keys=keys, value=draw(numeric(1)), by=draw(st.none() | TOLD_APART))
    sampled = TOLD_APART.map(lambda by: call("sampled", by, const(5)))
    return cube(*draw(st.lists(slots(), min_size=1, max_size=4)), dimensions=dimensions, keys=keys,
                by=draw(st.none() | TOLD_APART | sampled))


ARRIVALS = st.sampled_from([Arrival(), Arrival(), Arrival(86_400.0), Arrival(None, 3600.0), Arrival(3600.0, 0.0)])
CLOCKS = st.sampled_from([None, None, "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Shanghai"])

SCALES = st.builds(Scales, st.booleans(), st.sampled_from([
    (Version(dt.date(2026, 2, 28), 1.0, 7.0),), (Version(dt.date(2026, 2, 27), 1.0, 5.0), Version(DAY, 10.0, 0.0)),
    (Version(dt.date(2026, 3, 1), 0.0, 10.0), Version(dt.date(2026, 3, 2), 9.5, -1.0))]))


@st.composite
def origins(draw):
    """A source over the columns of KINDS and of lookups; and the frames of these."""
    found, given, tables_ = lookups(Random(draw(st.integers(0, 2**32))))
    columns = [
        column("id", "text"), column("touch", "text", values=draw(st.sampled_from([None, ("转账", "transfer", "Ünï")]))),
        column("score", "integer", low=draw(st.sampled_from([None, 0.0])), high=draw(st.sampled_from([None, 10.0])),
               missing=draw(st.sampled_from([(), ("98", "NA")]))),
        column("lat", "number", low=draw(st.sampled_from([None, -10.5])), missing=draw(st.sampled_from([(), ("98",)]))),
        column("ok", "boolean"), column("at", "time", zone=draw(CLOCKS)), column("got", "time", zone=draw(CLOCKS)),
        column("born", "date"),
        column("big", "integer"),
        column("wait", "number", formula=call("-", col("got", "time"), col("at", "time"))),
        column("long", "boolean", formula=call(">", col("level", "integer"), col("lat")),
               values=draw(st.sampled_from([None, ("true",)]))),
        column("band", "text", values=draw(st.sampled_from([None, ("low", "high")])), formula=call(
            "bands", draw(NUMBER | INTEGER), const((0, 2.5)), const(("low", "mid", "high")))),
        column("either", "number", formula=call("coalesce", draw(numeric(1)), draw(numeric(1)), draw(NUMBER))),
        column("unasked", "boolean", physical="score",
               silence=Silence("not_asked", ("98", "NA", "1"), empty=True, type="integer")),
        column("unsaid", "boolean", physical="touch",
               silence=Silence("skipped", ("转账", "x"), empty=False, type="text")),
        column("moved", "number", physical="score", low=0.0, high=draw(st.sampled_from([10.0, 6.5])),
               missing=draw(st.sampled_from([(), ("98", "NA")])), scales=draw(SCALES)),
        column("half", "number", formula=call("/", col("level", "integer"), 2), low=draw(st.sampled_from([None, 1.0]))),
        *given]
    unique = draw(st.sampled_from([None, Unique(("id",), "latest"), Unique(("id", "touch"), "first")]))
    origin = source(
        *draw(st.permutations(columns)), lookups=found, time=draw(st.sampled_from(["at", "born", DAY])), unique=unique,
        received=draw(st.sampled_from([None, "got"])), arrival=draw(ARRIVALS),
        on_bad=draw(st.sampled_from(["reject", "reject", "null"])),
        weight=draw(st.sampled_from([None, None, "lat", "score", "wait"])),
        keep=draw(st.none() | conditions(1)),
        flags=draw(st.just(()) | st.tuples(st.tuples(st.just("odd"), conditions(1)))),
        bindings=tuple(Binding(n, n) for n in SLICED))
    return origin, tables_
