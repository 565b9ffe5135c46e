"""What a run changes of published values, what it may not change, and what was known before."""

import datetime as dt
import json
from types import SimpleNamespace

import polars as pl
import pytest
from shop import PROJECT, day, freeze, go, opened, put, stored

from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.replay import replay
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path):
    return opened(tmp_path)


def restated(root, **conditions):
    """(indicator, grain, period, region, old value, new value, old n, new n, why, refused) of what fits, in order."""
    with Store.open(root / "store") as store:
        frame = store.restatements()
    if "region" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.String).alias("region"))
    rows = frame.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in conditions.items()))
    return rows.select("indicator", "grain", "period", "region", "old_value", "new_value", "old_n", "new_n", "why",
                       "refused").rows()


def value(root, name, period, grain="day", region=None):
    with Store.open(root / "store") as store:
        found = store.values(grain=grain, indicators=[name], cut=() if region is None else ("region",))
    rows = found.filter(pl.col("period") == period, *([] if region is None else [pl.col("region") == region]))
    return rows["value"].item()


# --- what is logged ----------------------------------------------------------------------------------------------


def test_the_first_run_and_days_that_follow_restate_nothing(root):
    assert go(root).restated == {}
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    put(root, "calls-2", "day,minutes", "2026-03-10,4")
    assert go(root).restated == {}  # the week from 9 March had not ended
    assert restated(root) == []


def test_a_late_file_restates_the_periods_it_touches(root):
    go(root)
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11")
    report = go(root)
    # Monday and its week, in total and in the east: 2 visits become 3 and 12 spent become 23; east 1 -> 2 and 5 -> 16.
    expected = [(name, grain, day(2), region, *numbers, "late", False)
                for grain in ("day", "week") for name, lines in (
                    ("spent", ((None, 12, 23, 2, 3), ("east", 5, 16, 1, 2))),
                    ("visited", ((None, 2, 3, 2, 3), ("east", 1, 2, 1, 2))))
                for region, *numbers in lines]
    assert restated(root) == expected
    assert report.restated == {"late": 8}
    with Store.open(root / "store") as store:
        frame = store.restatements()
        assert set(frame["inputs"]) == {"data/visits-late.csv"}
        assert set(frame["run"]) == {report.run}
        assert frame["old_run"].to_list() == [store.runs()["id"][0]] * 8
        with pytest.raises(Fault) as raised:
            store.restatements("nobody")
        assert [found.code.id for found in raised.value.diagnostics] == ["CX752"]


def test_a_corrected_file_says_so(root):
    go(root)
    put(root, "visits-1", "day,region,spent", "2026-03-02,east,6", "2026-03-02,west,7")
    go(root)
    assert restated(root, region=None) == [
        ("spent", grain, day(2), None, 12, 13, 2, 2, "corrected", False) for grain in ("day", "week")]


def test_a_changed_formula_says_so_and_a_new_indicator_says_nothing(root):
    go(root)
    other = PROJECT.replace("sum(visits.spent)", "sum(visits.spent where visits.spent > 5)")
    (root / "cxmetrics.yaml").write_text(other + "  talked: {formula: sum(calls.minutes)}\n")
    go(root)
    assert {row[0] for row in restated(root)} == {"spent"}
    assert {row[-2] for row in restated(root)} == {"definition"}
    assert restated(root, region=None, grain="week") == [
        ("spent", "week", day(2), None, 12, 7, 2, 1, "definition", False)]


def test_rules_of_the_project_are_a_reason_too(root):
    text = PROJECT + "  typical: {formula: mean(visits.spent)}\n"
    (root / "cxmetrics.yaml").write_text(text + "privacy: {min_n: 1}\n")
    go(root)
    (root / "cxmetrics.yaml").write_text(text + "privacy: {min_n: 2}\n")
    go(root)
    # Two visits on 2 March are enough yet, one of a region is not; on 9 March, and in its week, one is all.
    assert restated(root, grain="day") == [
        (name, "day", when, region, spent, None, 1, None, "rules", False) for name in ("spent", "typical")
        for when, region, spent in ((day(2), "east", 5), (day(2), "west", 7), (day(9), None, 1), (day(9), "east", 1))]


def test_a_slice_that_comes_late_restates_its_cut(root):
    go(root)
    put(root, "visits-late", "day,region,spent", "2026-03-02,north,1")
    go(root)
    assert ("visited", "day", day(2), "north", None, 1, None, 1, "late", False) in restated(root)


def test_a_removed_indicator_is_no_restatement(root):
    go(root)
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("  spent: {formula: sum(visits.spent)}\n", ""))
    go(root)
    assert restated(root) == []


# --- what is frozen ----------------------------------------------------------------------------------------------


def test_frozen_values_stay_and_the_difference_is_shown(root):
    first = go(root).run
    freeze(root, day(9))
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11", "2026-03-09,east,1")
    report = go(root)
    assert (value(root, "visited", day(2)), value(root, "visited", day(2), "week")) == (2, 2)
    assert value(root, "visited", day(9)) == 2  # not frozen
    assert report.refused == 8
    assert report.restated == {"late": 4}  # 9 March, in total and in the east, by day only: its week goes on
    assert [found.code.id for found in report.diagnostics] == ["CX750"]
    assert ("visited", "day", day(2), None, 2, 3, 2, 3, "late", True) in restated(root)
    with Store.open(root / "store") as store:
        runs = dict(store.values(grain="week", cut=(), indicators=["visited"]).select("period", "run").rows())
    assert runs == {day(2): first, day(9): report.run}


def test_a_frozen_period_outlives_definitions(root):
    go(root)
    freeze(root, day(9))
    (root / "cxmetrics.yaml").write_text(
        PROJECT.replace("sum(visits.spent)", "sum(visits.spent) * 2").replace("  called: {formula: count(calls)}\n", "")
        + "  talked: {formula: sum(visits.spent) / count(visits)}\n")
    go(root)
    assert value(root, "spent", day(2)) == 12
    assert value(root, "spent", day(9)) == 2
    assert value(root, "called", day(2)) == 1  # withdrawn, and kept
    assert value(root, "talked", day(2)) == 6  # new: nothing of it had been published
    assert query(root, ["spent"], grain="day")["value"].drop_nulls().to_list()[0] == 12


def test_an_indicator_goes_after_all_was_frozen(root):
    go(root)
    freeze(root, day(16))
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("  called:", "  phoned:"))
    assert go(root).refused == 0
    assert (value(root, "called", day(9)), value(root, "phoned", day(9))) == (1, 1)


def test_a_question_to_the_sources_answers_as_published(root):
    go(root)
    freeze(root, day(9))
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "sum(visits.spent) * 2"))
    found = query(root, ["spent"], grain="week", by=["region"])
    assert found.filter(pl.col("period") == day(2)).select("region", "value").rows() == [("east", 5), ("west", 7)]
    assert found.filter(pl.col("period") == day(9), pl.col("region") == "east")["value"].item() == 2


def changed(root, indicator, **words):
    """`value`, `change`, its interval and the verdict of the week of 9 March."""
    found = query(root, [indicator], grain="week", **words).filter(pl.col("period") == day(9))
    return found.select("value", "change", "change_low", "change_high", "moved").row(0)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_change_from_a_frozen_period_is_from_what_was_published(root, engine):
    """12 spent were published of the first week; 23 would be now.  What is added to the second is held against 12."""
    go(root, engine=engine)
    freeze(root, day(9))
    assert changed(root, "spent")[:2] == (1, -11)
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11", "2026-03-09,east,4")
    run = go(root, engine=engine).run
    assert changed(root, "spent")[:2] == (5, 5 - 12)
    assert changed(root, "visited")[:2] == (2, 0)
    east = query(root, ["spent"], grain="week", by=["region"], engine=engine)
    assert east.filter(pl.col("period") == day(9))["change"].to_list() == [5 - 5, 0 - 7]
    asked = query(root, ["spent"], grain="week", where="region = 'east'", engine=engine)["change"].to_list()
    assert asked == [None, 5 - 16]  # of rows, all of them: nothing of it was published
    assert replay(root, root / "store", run).same
    before = stored(root)
    go(root, engine=engine, full=True)
    assert stored(root).equals(before)
    put(root, "visits-3", "day,region,spent", "2026-03-16,east,2")
    go(root, engine=engine)
    assert changed(root, "spent")[:2] == (5, -7)
    freeze(root, day(1), "thawed by the board")
    go(root, engine=engine)
    assert changed(root, "spent")[:2] == (5, 5 - 23)


def test_the_interval_of_a_change_moves_along(root):
    """Means of 4 and 5 minutes; rows that come late would make 16/3 of the first."""
    formula = "mean(calls.minutes)"
    (root / "cxmetrics.yaml").write_text(PROJECT + f"  long: {{formula: {formula}}}\n")
    put(root, "calls-1", "day,minutes", *[f"2026-03-02,{m}" for m in (3, 5) * 20],
        *[f"2026-03-09,{m}" for m in (4, 6) * 20])
    go(root)
    value, change, low, high, moved = changed(root, "long")
    assert (value, change, moved) == (5, 1, "up")
    freeze(root, day(9))
    put(root, "calls-late", "day,minutes", *[f"2026-03-02,{m}" for m in (5, 7) * 40])  # a mean of 16/3
    go(root)
    value, change, now_low, now_high, moved = changed(root, "long")
    assert (value, change, moved) == (5, 1, "up")
    assert (now_low + now_high) / 2 == pytest.approx(1)  # the interval is symmetric
    assert now_high - now_low < high - low  # for the rows that came late


def test_nothing_changed_from_another_meaning(root):
    go(root)
    freeze(root, day(9))
    (root / "cxmetrics.yaml").write_text(PROJECT.replace("sum(visits.spent)", "sum(visits.spent) * 2"))
    assert query(root, ["spent"], grain="week")["change"].to_list() == [None, None]
    go(root)
    assert changed(root, "spent") == (2, None, None, None, None)
    assert changed(root, "visited")[:2] == (1, -1)


def test_what_thaws_is_restated(root):
    go(root)
    freeze(root, day(9))
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11")
    refused = go(root).refused
    assert refused
    freeze(root, day(1), "thawed by the board")
    assert go(root).restated == {"thawed": refused}
    assert value(root, "visited", day(2)) == 3
    assert not go(root).committed
    with Store.open(root / "store") as store:
        orders = store.freezes().select("before", "why").rows()
    assert orders == [(day(9), "published"), (day(1), "thawed by the board")]


# --- what was known ----------------------------------------------------------------------------------------------


def test_what_was_known_then(root):
    first = go(root).run
    with Store.open(root / "store") as store:
        finished = store.runs()["finished"][0]
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11")
    second = go(root).run
    for as_of, expected in ((first, 2), (second, 3), (finished.isoformat(), 2), ("2999-12-31", 3)):
        found = query(root, ["visited"], grain="week", as_of=as_of)
        assert found.filter(pl.col("period") == day(2))["value"].item() == expected
    found = query(root, ["visited"], grain="week", as_of=second)
    assert dict(found.select("period", "run").rows()) == {day(2): second, day(9): second}
    with Store.open(root / "store", as_of=first) as store:
        assert store.runs()["id"].to_list() == [first]
        assert store.restatements().is_empty()
        assert "data/visits-late.csv" not in store.inputs("visits")


def test_a_clock_that_was_set_back(root, monkeypatch):
    """Clocks of three runs say 8, 6 and 9: before eight nothing was known, at eight what the second found."""
    reports = []
    for hour, spent in ((8, 5), (6, 11), (9, 13)):
        now = dt.datetime(2026, 4, 1, hour, tzinfo=dt.UTC)
        clock = SimpleNamespace(**vars(dt) | {"datetime": SimpleNamespace(now=lambda _, now=now: now)})
        monkeypatch.setattr("cxmetrics.run.clock.dt", clock)
        monkeypatch.setattr("cxmetrics.run.dt", clock)
        put(root, "visits-late", "day,region,spent", f"2026-03-02,east,{spent}")
        reports.append(go(root))
    assert [[found.code.id for found in one.diagnostics] for one in reports] == [[], ["CX758"], []]
    assert reports[1].diagnostics[0].facts == {"now": "2026-04-01 06:00:00", "last": "2026-04-01 08:00:00"}
    with Store.open(root / "store") as store:
        assert [moment.hour for moment in store.runs()["finished"]] == [8, 8, 9]
        assert [moment.hour for moment in store.runs()["started"]] == [8, 6, 9]
    for as_of, spent in (("08:00", 23), ("08:59", 23), ("09:00", 25)):
        assert query(root, ["spent"], grain="week", as_of=f"2026-04-01 {as_of}")["value"][0] == spent
    with pytest.raises(Fault, match="CX752"):
        query(root, ["spent"], as_of="2026-04-01 07:30")


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_moments_at_the_ends_of_the_calendar(root, text, zone):
    """What is in the year 0 or 10000 elsewhere is the first moment of all, or the last."""
    go(root)
    project = root / "cxmetrics.yaml"
    project.write_text(project.read_text() + f"\ntime_zone: {zone}\n")
    if text.startswith("9"):
        assert query(root, ["visited"], grain="week", as_of=text)["value"].sum() > 0
    else:
        with pytest.raises(Fault, match=r"CX752.*'0001-01-01 "):
            query(root, ["visited"], grain="week", as_of=text)


@pytest.mark.parametrize(("asked", "code"), [
    ({"as_of": "2026-01-01"}, "CX752"), ({"as_of": "20260101T000000-00009"}, "CX752"),
    ({"as_of": "2026-13-01"}, "CX717"), ({"as_of": "2999-01-01", "grain": "month"}, "CX754"),
    ({"as_of": "2999-01-01", "where": "region = 'east'"}, "CX754")])
def test_what_nobody_knew(root, asked, code):
    go(root)
    with pytest.raises(Fault) as raised:
        query(root, ["visited"], **asked)
    assert [found.code.id for found in raised.value.diagnostics] == [code]


def test_a_vacuum_leaves_what_was_frozen(root):
    first = go(root).run
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11")
    second = go(root).run
    freeze(root, day(9))
    for spent in (12, 13):
        put(root, "visits-late", "day,region,spent", f"2026-03-02,east,{spent}", f"2026-03-09,east,{spent}")
        last = go(root).run
    with Store.open(root / "store", writable=True) as store:
        assert store.vacuum(1)
    assert query(root, ["spent"], grain="week", as_of=second)["value"].to_list() == [23, 1]
    assert query(root, ["spent"], grain="week", as_of=last)["value"].to_list() == [23, 14]
    with pytest.raises(Fault) as raised:
        query(root, ["spent"], grain="week", as_of=first)
    assert [found.code.id for found in raised.value.diagnostics] == ["CX753"]


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_freezes_and_shows(root, capsys, monkeypatch):
    monkeypatch.chdir(root)

    def said(*args, status=0):
        assert status_of(args) == status
        return capsys.readouterr()
    first = json.loads(said("run", "--json", "-").out)["run"]
    assert "no published value" in said("store", "restatements").err
    assert "--why" in said("store", "freeze", "2026-03-09", status=2).err
    said("store", "freeze", "2026-03-09", "--why", "KPI of the week")
    assert "CX751" in said("store", "freeze", "2026-03-02", "--why", "x", status=1).err
    assert "KPI of the week" in said("store", "freeze").out
    put(root, "visits-late", "day,region,spent", "2026-03-02,east,11", "2026-03-09,east,11")
    told = said("run")
    assert "CX750" in told.err
    assert "4 published values restated: late file 4" in told.err
    assert "frozen: not changed" in said("store", "restatements").out
    assert len(json.loads(said("store", "restatements", "--format", "json").out)) == 12
    known = said("query", "spent", "--grain", "week", "--as-of", first, "--format", "csv").out
    assert [line.split(",")[4] for line in known.splitlines()[1:]] == ["12.0", "1.0"]
    assert "2026-03-09" in said("tree", "--grain", "week", "--as-of", first).out
    assert "1.00, n 1," in said("show", "spent", "--grain", "day", "--as-of", first).out
    assert "CX752" in said("tree", "--as-of", "2020-01-01", status=1).err
    said("store", "freeze", "2026-03-02", "--why", "thaw", "--thaw")
