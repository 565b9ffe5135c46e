"""Which conditions share a grouping."""

import datetime as dt
import random
from collections import Counter
from itertools import product

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal
from shop import go, stored

import cxmetrics.fuse
from cxmetrics.backends.cells import Table
from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.backends.polars import Polars
from cxmetrics.backends.readers import open_table
from cxmetrics.functions import AT_END, WHOSE
from cxmetrics.fuse.classify import Atoms, Classified, atoms_in
from cxmetrics.fuse.combinations import Combinations
from cxmetrics.fuse.together import together
from cxmetrics.ir import Apply, Column, ColumnSpec, Constant, Origin
from cxmetrics.plan import Classifier
from cxmetrics.run.bind import Bound
from cxmetrics.run.sampling import looks
from cxmetrics.units import UNKNOWN

DAY = dt.date(2026, 8, 1)


def col(name, kind):
    return Column("s", name, kind, UNKNOWN)


def call(function, *args):
    return Apply(function, tuple(arg if isinstance(arg, Apply | Column) else Constant(arg, UNKNOWN) for arg in args))


TEXTS = "abcdef"
texts = st.builds(lambda name, few: call("in", col(name, "text"), tuple(few)), st.sampled_from(("code", "place")),
                  st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4, unique=True))
others = st.builds(lambda name, text: call("!=", col(name, "text"), text), st.sampled_from(("code", "place")),
                   st.sampled_from(TEXTS))
missing = st.builds(lambda name: call("is missing", col(name, "text")), st.sampled_from(("code", "place")))
conditions = st.recursive(texts | others | missing,
                          lambda inner: st.builds(lambda a, b: call("and", a, b), inner, inner), max_leaves=3)


def taken_apart(wheres):
    """The atoms of conditions, and the numbers of those of each."""
    known = Atoms()
    return known, {place: atoms_in(known.test(where)) for place, where in enumerate(wheres)}


@given(st.lists(conditions, max_size=8))
def test_combinations_are_counted_as_they_come(wheres):
    known, asked = taken_apart(wheres)
    every = Combinations(known)
    for atoms in asked.values():
        wanted = every.with_(known.by_subject(atoms))
        every.add(known.by_subject(atoms))
        assert every.size == wanted
    sizes = 1
    for key in Classified.of(known, set().union(*asked.values())).keys:
        sizes *= key.classes
    assert every.size == sizes


def test_texts_that_no_condition_tells_apart_are_one_class():
    both = [call("in", col("code", "text"), ("a", "b", "c")), call("in", col("code", "text"), ("c", "d"))]
    known = Atoms()
    tests = [known.test(where) for where in both]
    classified = Classified.of(known, tests)
    assert classified.keys[0].literals == (("a", "b"), ("c",), ("d",))
    assert classified.keys[0].classes == 5  # and none, and any other
    first, second = (classified.condition(test) for test in tests)
    assert (first.true, first.missing, second.true) == ({1, 2}, {0}, {2, 3})


def test_ends_of_numbers_count_at_most_twice():
    known, asked = taken_apart([call(test, col("wait", "integer"), end) for end in range(5) for test in ("<", ">=")])
    every = Combinations(known)
    for atoms in asked.values():
        every.add(known.by_subject(atoms))
    assert every.size == 2 * 5 + 2
    assert Classified.of(known, every.atoms).keys[0].classes == 5 + 2  # up to each end, and what is none


def pairs(places, codes):
    """A condition for each code of each place: every code belongs to one place."""
    place_is, code_is = ((lambda text, name=name: call("=", col(name, "text"), text)) for name in ("place", "code"))
    return [call("and", place_is(f"p{place}"), code_is(f"p{place}c{code}"))
            for place, code in product(range(places), range(codes))]


def test_what_is_alike_stands_together_where_all_together_are_too_many():
    known, asked = taken_apart(pairs(6, 6))
    groups = list(together(asked, known, 100))
    assert 1 < len(groups) <= 6
    assert sorted(where for group in groups for where in group) == list(range(36))
    for group in groups:
        every = Combinations(known)
        for where in group:
            every.add(known.by_subject(asked[where]))
        assert every.size <= 100


def test_combinations_that_do_not_occur_take_no_room():
    known, asked = taken_apart(pairs(6, 6))

    def look(keys):
        place, code = sorted(keys, key=lambda key: key.classes)
        rows = Counter()
        for name, number in code.texts.items():
            rows[tuple({place: place.texts[name[:2]], code: number}[key] for key in keys)] = 10
        return rows

    assert [len(group) for group in together(asked, known, 100, look)] == [36]


def test_a_sample_of_rows_that_are_all_different_tells_of_many_more():
    (known, asked), seen = taken_apart(pairs(6, 6)), []

    def look(keys):
        seen.append(keys)
        return {(1 + place % 6, 1 + place % 36): 1 for place in range(36)}  # each once: 36 + 36 · 35 / 2

    groups = list(together(asked, known, 100, look))
    assert len(groups) > 1
    assert len(seen) == 1


PROJECT = """
project: codes
grains: [day]
sources:
  events: {read: data/events.parquet, time: day, columns: {place: text, code: text, wait: integer}}
indicators:
"""


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("codes", [3, 4])  # of up to 500 combinations DuckDB is told each, of more a bit of all
def test_codes_of_many_places_take_one_grouping_and_one_of_values(engine, codes, tmp_path):
    """160 places of some codes each, and one nobody asks for: of 160 times 480 or 640 combinations few occur."""
    rows = [(f"p{place:03d}", f"p{place:03d}c{code}", code + place)
            for place in range(160) for code in range(codes + 1) for _ in range(code + 1)]
    (tmp_path / "data").mkdir()
    others = [("p000", "p001c1", 7), (None, "p001c1", 7), ("p001", None, 7)]
    pl.DataFrame([*rows, *others], schema=["place", "code", "wait"], orient="row").with_columns(
        day=pl.date(2026, 8, 1)).write_parquet(tmp_path / "data" / "events.parquet")
    lines = [f"  i{place:03d}c{code}: {{formula: \"median(events.wait where events.place = 'p{place:03d}' and "
             f"events.code = 'p{place:03d}c{code}')\"}}" for place in range(160) for code in range(codes)]
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT + "\n".join(lines) + "\n", "utf-8")
    report = go(tmp_path, engine=engine)
    effort, = (source.effort for source in report.sources)
    # How many rows there are is counted of all combinations, values only of those that are looked at.
    assert (effort.cubes, effort.cells) == (2, 160 * (codes + 1) + 3 + 160 * codes)
    values = dict(stored(tmp_path).select("indicator", "value").iter_rows())
    assert values == {f"i{place:03d}c{code}": code + place for place in range(160) for code in range(codes)}


CONJUNCTIONS = """
project: rows
grains: [day]
cuts: [[region]]
replicates: 0
dimensions: {region: {}}
sources:
  events: {read: data/events.parquet, time: day, columns: {a: text, b: text, c: text, x: number, n: integer}}
indicators:
"""


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_conditions_asked_row_by_row_give_the_same_as_groupings(engine, tmp_path, monkeypatch):
    """Texts and numbers that are missing, conditions that no row meets, and all that is told without values apart."""
    draw = random.Random(7)
    rows = [(dt.date(2026, 8, draw.randint(1, 2)), draw.choice(["N", "S", None]),
             *(draw.choice([*"pqrstu", None]) for _ in range(3)), draw.choice([None, draw.uniform(-9, 9)]),
             draw.choice([None, draw.randint(-9, 9)])) for _ in range(800)]
    (tmp_path / "data").mkdir()
    pl.DataFrame(rows, schema=["day", "region", "a", "b", "c", "x", "n"], orient="row").write_parquet(
        tmp_path / "data" / "events.parquet")
    told = ("count(events where {})", "mean(events.x where {})", "sum(events.n where {})", "max(events.x where {})",
            "stdev(events.x where {})", "share(events.n > 2 where {})", "last(events.x where {})")
    lines = []
    for place in range(42):
        a, b = draw.sample("pqrstu", 2)
        where = draw.choice((f"events.a = '{a}' and events.x >= {place / 3 - 5:.2f}",
                             f"events.a in ['{a}', '{b}', 'z'] and not (events.b = '{b}' or events.n < {place - 20})",
                             f"events.b != '{a}' and events.c is missing", "events.a = 'z' and events.b = 'z'",
                             f"not (events.c in ['p', 'r', 't'] and events.b in ['q', 's', 'u', '{a}'])"))
        lines.append(f'  i{place:02d}: {{formula: "{told[place % 7].format(where)}"}}\n')
    (tmp_path / "cxmetrics.yaml").write_text(CONJUNCTIONS + "".join(lines), "utf-8")
    monkeypatch.setattr(cxmetrics.fuse, "MAX_CLASSES", 40)
    found = []
    for dear in (0, 1000):  # what a grouping costs: nothing, or more than to ask every row
        monkeypatch.setattr(cxmetrics.fuse, "EACH_KEY", dear)
        report = go(tmp_path, engine=engine, full=True)
        found.append(([one.effort.cubes for one in report.sources], report.states, stored(tmp_path)))
    assert found[0][0] != found[1][0]
    assert found[0][1] == found[1][1]
    assert_frame_equal(found[0][2], found[1][2])


def test_what_stands_in_paths_and_in_some_files_only_is_in_the_sample_too(tmp_path):
    """Codes by folder, two columns of one name in the file, a file without one of them, and one with other letters."""
    frames = {"part=a": ({"day": ["2026-08-01"], "code": ["x"], "place": ["p0"]}, "1"),
              "part=b": ({"day": ["2026-08-01"], "CODE": ["y"]}, "2")}
    for folder, (frame, name) in frames.items():
        (tmp_path / "data" / folder).mkdir(parents=True)
        pl.DataFrame(frame).write_parquet(tmp_path / "data" / folder / f"{name}.parquet")
    table = open_table(sorted((tmp_path / "data").rglob("*.parquet")), scratch=tmp_path)
    own = {name: ColumnSpec(name, "text", UNKNOWN, physical) for name, physical in
           (("code", "code"), ("again", "code"), ("place", "place"), ("part", "part"))}
    origin = Origin("s", "data/*/*.parquet", own | {"day": ColumnSpec("day", "date", UNKNOWN, "day")}, (), "day")
    bound = Bound(origin, table, {}, {}, {})
    keys = tuple(Classifier(col(name, "text"), literals=((text,),))
                 for name, text in (("code", "y"), ("again", "x"), ("place", "p0"), ("part", "b")))
    for backend in (DuckDB(), Polars()):
        found = looks(backend, {"s": bound}, "Asia/Shanghai", tmp_path)("s")(keys)
        assert found == {(2, 1, 1, 2): 1, (1, 2, 0, 1): 1}


def test_what_other_rows_tell_of_a_row_is_in_the_sample_too(tmp_path):
    """The last row of the day of each account: the second of `a`, the only one of `b`."""
    pl.DataFrame({"at": [f"2026-08-01T{hour:02}:00:00" for hour in (9, 10, 9)], "who": ["a", "a", "b"]}).write_parquet(
        tmp_path / "rows.parquet")
    own = {"at": ColumnSpec("at", "time", UNKNOWN, "at"), "who": ColumnSpec("who", "text", UNKNOWN, "who")}
    table = open_table([tmp_path / "rows.parquet"], scratch=tmp_path)
    bound = Bound(Origin("s", "*.parquet", own, (), "at"), table, {}, {}, {})
    last = Classifier(call(AT_END, call(WHOSE, col("who", "text"))))
    for backend in (DuckDB(), Polars()):
        assert looks(backend, {"s": bound}, "UTC", tmp_path)("s")((last,)) == {(1,): 1, (2,): 2}


def test_where_no_sample_can_be_taken_nothing_is_seen(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    origin = Origin("s", "*.parquet", {"code": ColumnSpec("code", "text", UNKNOWN, "code")}, (), DAY)
    bound = Bound(origin, Table((tmp_path / "broken.parquet",), {"code": "text"}), {}, {}, {})
    keys = (Classifier(col("code", "text"), literals=(("x",),)),)
    assert looks(Polars(), {"s": bound}, "UTC", tmp_path)("s")(keys) == {}
    pl.DataFrame(schema={"code": pl.String}).write_parquet(tmp_path / "broken.parquet")
    assert looks(Polars(), {"s": bound}, "UTC", tmp_path)("s")(keys) == {}
    known, asked = taken_apart(pairs(6, 6))
    assert list(together(asked, known, 100, lambda _: {})) == list(together(asked, known, 100))
