import datetime as dt
import hashlib
import sqlite3
from decimal import Decimal

import polars as pl
import pytest

from cxmetrics.diagnostics import Fault
from cxmetrics.store import (
    Commit,
    Definition,
    InputFile,
    Reject,
    RunRow,
    StatesChange,
    Store,
    ValuesChange,
    buckets,
)

MARCH, APRIL = dt.date(2026, 3, 1), dt.date(2026, 4, 1)
BRANCH = ("branch",)


def day(number, month=3):
    return dt.date(2026, month, number)


def run(name="r1"):
    at = dt.datetime(2026, 4, 1, 6, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    return RunRow(name, at, at + dt.timedelta(seconds=2), "duckdb", '{"cxmetrics":"0.1.0"}', "analyst", "bank", MARCH,
                  APRIL, "{}")


def states(*rows, source="survey", family=BRANCH, fingerprints=None, days=None):
    """A change from (fingerprint, day, branch, value); it replaces what it tells of, unless said otherwise."""
    frame = pl.DataFrame([(name, at, *([branch] if family else []), None, Decimal(value), None)
                          for name, at, branch, value in rows], orient="row",
                         schema={"partial": pl.String, "day": pl.Date, **({"d0": pl.String} if family else {}),
                                 "key": pl.Float64, "value": pl.Decimal(38, 0), "text": pl.String})
    return StatesChange(source, family, frame, frozenset(fingerprints or {row[0] for row in rows}),
                        frozenset(days or {row[1] for row in rows}))


def values(*rows, grain="day", dims=(), periods=None):
    """A change from (indicator, period, *slice, value)."""
    frame = pl.DataFrame(
        [(row[0], "factor", grain, row[1], *row[2:-1], float(row[-1]), "ok") for row in rows], orient="row",
        schema={"indicator": pl.String, "level": pl.String, "grain": pl.String, "period": pl.Date,
                **dict.fromkeys(dims, pl.String), "value": pl.Float64, "status": pl.String})
    return ValuesChange(grain, frozenset(periods or {row[1] for row in rows}), frame.lazy())


def commit(path, *changes, name="r1", **more):
    with Store.open(path, writable=True) as store:
        store.commit(Commit(run(name), states=[c for c in changes if isinstance(c, StatesChange)],
                            values=[c for c in changes if isinstance(c, ValuesChange)], **more))


def read(path, family=BRANCH, fingerprints=("a", "b"), first=MARCH, last=dt.date(2027, 1, 1), source="survey"):
    """What is stored, as sorted rows (fingerprint, day, slice, value)."""
    with Store.open(path) as store:
        frame = store.states(source, family, {name: i for i, name in enumerate(fingerprints)}, first, last)
    return sorted((fingerprints[row[0]], row[1], row[2], int(row[-1])) for row in frame.drop("text").iter_rows())


def live(path):
    """The checksums of the live files, by what they hold."""
    with Store.open(path) as store:
        named = [*store._ledger.live("states"), *store._ledger.live("values")]
    return {file.bucket: hashlib.sha256((path / "data" / file.name).read_bytes()).hexdigest() for file in named}


def files(path):
    return sorted(entry.name for entry in (path / "data").iterdir())


def refused(code, action):
    with pytest.raises(Fault) as caught:
        action()
    (found,) = caught.value.diagnostics
    assert found.code.id == code
    return found.facts


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store"


# --- what is stored ----------------------------------------------------------------------------------------------


def test_no_run_yet(path):
    assert refused("CX804", lambda: Store.open(path)) == {"path": str(path)}
    assert not path.exists()
    Store.open(path, writable=True).close()
    refused("CX804", lambda: Store.open(path))


def test_states_come_back_with_the_numbers_asked_for(path):
    big = 10**37
    commit(path, states(("a", day(1), "east", big), ("b", day(2), None, -1), ("c", day(2), "east", 3)))
    with Store.open(path) as store:
        found = store.states("survey", BRANCH, {"b": 7, "a": 0, "unknown": 9}, MARCH, APRIL)
        assert found.schema == {"partial": pl.UInt32, "day": pl.Date, "d0": pl.String, "key": pl.Float64,
                                "value": pl.Decimal(38, 0), "text": pl.Categorical()}
        assert sorted(found.drop("text").rows()) == [
            (0, day(1), "east", None, Decimal(big)), (7, day(2), None, None, Decimal(-1))]
        assert store.states("survey", BRANCH, {"a": 0}, day(2), APRIL).is_empty()
        assert store.states("other", ("x", "y"), {"a": 0}, MARCH, APRIL).columns == [
            "partial", "day", "d0", "d1", "key", "value", "text"]


def test_states_are_stored_together_by_place_and_text(path):
    rows = [("b", 12, "n", 1, "x"), ("a", 12, "n", 2**70, None), ("a", 12, "n", -3, "x"), ("b", 11, "s", 0, "x"),
            ("a", 12, "n", 4, "y")]
    frame = pl.DataFrame([(name, day(at), place, None, Decimal(value), text) for name, at, place, value, text in rows],
                         orient="row", schema=states(("a", day(12), "n", 1)).rows.schema)
    commit(path, StatesChange("survey", BRANCH, frame, frozenset("ab"), frozenset({day(11), day(12)})))
    (file,) = (path / "data").glob("states.*")
    assert sorted(pl.read_parquet(file)["partial"]) == ["a", "a", "a,b", "b"]
    with Store.open(path) as store:
        found = store.states("survey", BRANCH, {"a": 0, "b": 1}, MARCH, APRIL)
        only = store.states("survey", BRANCH, {"b": 1}, MARCH, APRIL)
    expected = sorted(({"a": 0, "b": 1}[name], day(at), place, None, value, text or "")
                      for name, at, place, value, text in rows)
    assert sorted((*row[:5], row[5] or "") for row in found.iter_rows()) == expected
    assert sorted((*row[:5], row[5] or "") for row in only.iter_rows()) == [row for row in expected if row[0] == 1]


def test_a_rewrite_keeps_other_days_and_other_fingerprints(path):
    commit(path, states(("a", day(1), "east", 1), ("a", day(2), "east", 2), ("b", day(2), "east", 3),
                        ("a", day(1, 4), "east", 4)))
    april = {bucket: found for bucket, found in live(path).items() if bucket.first == APRIL}
    commit(path, states(("a", day(2), "west", 9)), name="r2")
    assert read(path) == [("a", day(1), "east", 1), ("a", day(2), "west", 9), ("a", day(1, 4), "east", 4),
                          ("b", day(2), "east", 3)]
    assert april.items() <= live(path).items()


def test_a_replaced_day_without_rows_is_covered_and_empty(path):
    commit(path, states(("a", day(1), "east", 1)))
    commit(path, states(fingerprints={"a"}, days={day(1)}), name="r2")
    assert read(path) == []
    assert live(path) == {}
    with Store.open(path) as store:
        assert store.coverage("survey") == {(BRANCH, "a"): {day(1)}}


def test_a_bucket_changes_once_in_a_commit(path):
    commit(path, states(("a", day(1), "east", 1), ("a", day(2), "east", 2)))
    with pytest.raises(ValueError, match="change twice"):
        commit(path, states(("b", day(1), "east", 3)), states(("a", day(3), "east", 5)), name="r2")
    assert [row[3] for row in read(path)] == [1, 2]


def test_coverage_is_by_family_fingerprint_and_day(path):
    days = {day(31), day(1, 4), day(30, 4), dt.date(2024, 2, 29)}
    commit(path, states(fingerprints={"a", "b"}, days=days),
           states(fingerprints={"a"}, days={day(1)}, family=(), source="survey"),
           states(fingerprints={"a"}, days={day(1)}, source="calls"))
    commit(path, states(fingerprints={"b"}, days={day(30)}), name="r2", forget={"survey": frozenset({day(31)})})
    with Store.open(path) as store:
        assert store.coverage("survey") == {
            (BRANCH, "a"): days - {day(31)}, (BRANCH, "b"): days - {day(31)} | {day(30)}, ((), "a"): {day(1)}}
        assert store.coverage("calls") == {(BRANCH, "a"): {day(1)}}
        assert store.coverage("other") == {}


def test_what_is_forgotten_is_not_read(path):
    commit(path, states(("a", day(1), "east", 1), ("a", day(2), "east", 2), ("b", day(1), "east", 3)))
    commit(path, name="r2", forget={"survey": frozenset({day(1)})})
    assert read(path) == [("a", day(2), "east", 2)]
    commit(path, states(("b", day(3), "east", 4)), name="r3")
    assert read(path) == [("a", day(2), "east", 2), ("b", day(3), "east", 4)]
    commit(path, states(("b", day(3), "east", 5)), name="r4", forget={"survey": None})
    assert read(path) == [("b", day(3), "east", 5)]
    commit(path, name="r5", forget={"survey": None})
    assert read(path) == []
    assert live(path) == {}


def test_a_day_that_comes_for_the_first_time_makes_no_file_stale(path):
    def stale():
        with sqlite3.connect(path / "ledger.sqlite") as ledger:
            return [bool(one) for (one,) in ledger.execute("SELECT stale FROM files WHERE kind = 'states' "
                                                           "AND retired_by IS NULL")]
    commit(path, states(("a", day(1), "east", 1)))
    commit(path, name="r2", forget={"survey": frozenset({day(2)})})
    assert stale() == [False]
    commit(path, states(("a", day(2), "east", 2)), name="r3", forget={"survey": frozenset({day(2)})})
    assert stale() == [False]
    assert read(path) == [("a", day(1), "east", 1), ("a", day(2), "east", 2)]
    commit(path, name="r4", forget={"survey": frozenset({day(2), day(3)})})
    assert stale() == [True]
    assert read(path) == [("a", day(1), "east", 1)]


def test_a_change_tells_of_nothing_else(path):
    with pytest.raises(ValueError, match="beyond"):
        commit(path, states(("a", day(1), "east", 1), fingerprints={"b"}))
    with pytest.raises(ValueError, match="beyond"):
        commit(path, values(("nps", day(1), 1), periods={day(2)}))
    refused("CX804", lambda: Store.open(path))


def test_the_same_content_makes_the_same_bytes(tmp_path):
    rows = [("a", day(1), "east", 1), ("b", day(2), None, 2), ("a", day(2), "west", 3)]
    told = [("nps", day(1), "east", 1), ("nps", day(2), None, 2), ("csat", day(1), "west", 3)]
    commit(tmp_path / "one", states(*rows), values(*told, dims=BRANCH))
    commit(tmp_path / "two", states(("a", day(2), "north", 7)), values(("old", day(2), 9)))
    commit(tmp_path / "two", states(*rows[::-1][:2], fingerprints={"a", "b"}, days={day(2)}),
           values(*told[::-1][:2], dims=BRANCH, periods={day(1), day(2)}), name="r2")
    commit(tmp_path / "two", states(*rows[::-1]), values(*told[::-1], dims=BRANCH), name="r3")
    assert live(tmp_path / "one") == live(tmp_path / "two")


def test_values_that_memory_does_not_hold_at_once_make_the_same_bytes(tmp_path, monkeypatch):
    told = [(f"i{i * 7 % 10}", day(1 + i % 3), None if i % 4 else "east", i) for i in range(200)]
    late = [(f"i{i}", day(4), "west", i) for i in range(3)]

    def twice(path):
        commit(path, values(*told, dims=BRANCH))
        commit(path, values(*late, dims=BRANCH), name="r2")
        before = files(path)
        commit(path, values(*late, dims=BRANCH), name="r3")  # nothing is new
        assert files(path) == before

    twice(tmp_path / "one")
    monkeypatch.setattr("cxmetrics.store.parts.ROWS_AT_ONCE", 7)
    twice(tmp_path / "two")
    assert live(tmp_path / "one") == live(tmp_path / "two")
    with Store.open(tmp_path / "one") as one, Store.open(tmp_path / "two") as two:
        assert one.values().equals(two.values())


def test_a_disk_that_is_full_while_values_are_written_leaves_the_store_as_it_was(path, monkeypatch):
    commit(path, values(("nps", day(1), 1)))
    before = files(path)
    monkeypatch.setattr("cxmetrics.store.parts.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("cxmetrics.store.buckets.os.fsync", full)
    refused("CX801", lambda: commit(path, values(("nps", day(1), 2), ("csat", day(1), 2)), name="r2"))
    assert files(path) == before


def full(_):
    raise OSError(28, "no space left")


def test_the_same_commit_again_writes_no_file(path):
    changes = [states(("a", day(1), "east", 1)), values(("nps", day(1), 1))]
    commit(path, *changes)
    before = files(path)
    commit(path, *changes, forget={"survey": None})
    assert files(path) == before
    with Store.open(path) as store:
        assert store.runs()["id"].to_list() == ["r1", "r1"]


def test_values_with_other_dimensions_in_other_files(path):
    commit(path, values(("nps", MARCH, "east", 10), ("nps", MARCH, None, 20), grain="month", dims=BRANCH),
           values(("nps", APRIL, "app", "east", 30), ("nps", APRIL, "app", None, 40), grain="month",
                  dims=("channel", "branch")), values(("nps", MARCH, 50), grain="quarter"))
    with Store.open(path) as store:
        everything = store.values()
        assert everything.columns == ["indicator", "level", "grain", "period", "branch", "channel", "value", "status",
                                      "run"]
        assert everything["value"].to_list() == [20, 10, 40, 30, 50]
        for cut, expected in {(): [20, 50], ("branch",): [10], ("channel", "branch"): [30], ("x",): []}.items():
            assert store.values(cut=cut)["value"].to_list() == expected
        assert "x" in store.values(cut=("x",)).columns
        assert store.values(grain="month", first=APRIL)["value"].to_list() == [40, 30]
        assert store.values(last=APRIL, grain="month", indicators=["nps"])["value"].to_list() == [20, 10]
        assert store.values(indicators=[]).is_empty()


def test_values_of_periods_are_replaced_whole(path):
    weeks = [dt.date(2026, 3, 23), dt.date(2026, 3, 30), dt.date(2026, 4, 6)]
    commit(path, values(*(("nps", week, "east", i) for i, week in enumerate(weeks)), grain="week", dims=BRANCH))
    commit(path, values(("csat", weeks[1], "app", 7), grain="week", dims=("channel",)), name="r2")
    with Store.open(path) as store:
        found = store.values(grain="week")
        assert found.select("indicator", "branch", "channel", "value", "run").rows() == [
            ("csat", None, "app", 7, "r2"), ("nps", "east", None, 0, "r1"), ("nps", "east", None, 2, "r1")]
    commit(path, values(periods=set(weeks), grain="week"), name="r3")
    with Store.open(path) as store:
        assert store.values().is_empty()


def test_a_year_is_one_bucket_of_quarters():
    quarter = buckets.values_bucket("values", "quarter", day(1, 7))
    assert quarter == buckets.Bucket("values", "quarter", (), dt.date(2026, 1, 1))
    assert buckets.values_bucket("values", "week", day(30)).first == MARCH
    assert buckets.values_bucket("values", "year", dt.date(9999, 1, 1)).end == dt.date.max


def test_the_other_tables(path):
    file = InputFile(10, 1_700_000_000_123_456_789, day(1), None, 5)
    rejects = [Reject("survey", "score", "scale", "rejected", 3), Reject("survey", "at", "type", "nulled", 1)]
    commit(path, inputs={"survey": {"data/a.csv": file, "data/b.csv": file}}, rejects=rejects,
           definitions=[Definition("f1", "nps", "promoters − detractors")])
    commit(path, name="r2", inputs={"survey": {"data/b.csv": file}, "calls": {}}, rejects=rejects[:1],
           definitions=[Definition("f1", "nps", "promoters − detractors"), Definition("f2", "nps", "as told")])
    with Store.open(path) as store:
        assert store.inputs("survey") == {"data/b.csv": file}
        assert store.inputs("calls") == {}
        assert store.rejects("r1").rows() == [("r1", "survey", "at", "type", "nulled", 1),
                                              ("r1", "survey", "score", "scale", "rejected", 3)]
        assert store.rejects().height == 3
        assert store.definitions().rows() == [("f1", "nps", "promoters − detractors", "r1"),
                                              ("f2", "nps", "as told", "r2")]
        found = store.runs().row(1, named=True)
    assert found["number"] == 2
    assert found["started"] == run().started
    assert (found["id"], found["first"], found["last"], found["who"]) == ("r2", MARCH, APRIL, "analyst")


# --- housekeeping ------------------------------------------------------------------------------------------------


def test_vacuum_keeps_what_the_last_commits_saw(path):
    for i in range(4):
        commit(path, states(("a", day(1), "east", i)), name=f"r{i}")
    assert len(files(path)) == 5  # four times states, and once which slices they have
    with Store.open(path, writable=True) as store:
        assert [store.vacuum(keep) for keep in (9, 4, 2, 2, 1)] == [0, 0, 2, 0, 1]
        assert store.verify().files == len(files(path)) == 2
        with pytest.raises(ValueError, match="always kept"):
            store.vacuum(0)
    assert read(path) == [("a", day(1), "east", 3)]


def test_names_of_sources_and_dimensions_are_free(path):
    odd = "../'; DROP TABLE runs; --\n网点"
    commit(path, states(("a", day(1), odd, 1), source=odd, family=(odd,)), values(("nps", day(1), odd, 1), dims=(odd,)))
    assert read(path, source=odd, family=(odd,)) == [("a", day(1), odd, 1)]
    with Store.open(path) as store:
        assert store.values(cut=(odd,))[odd].to_list() == [odd]
    assert sorted(p.name for p in path.parent.iterdir()) == ["store"]


def test_a_store_in_a_folder_with_an_odd_name(tmp_path):
    path = tmp_path / "day=1?*[x]#%41 网点"
    commit(path, states(("a", day(1), "east", 1)))
    assert read(path) == [("a", day(1), "east", 1)]
