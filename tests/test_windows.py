"""Windows: what the case files cannot say of them: days nobody has looked at, blocks, hidden nodes, bounds."""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from hand_made import composite, factor, leaf, one, plan, run, states
from polars.testing import assert_frame_equal

import cxmetrics.check.windows
import cxmetrics.evaluate
from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project
from cxmetrics.diagnostics import Fault
from cxmetrics.evaluate import evaluate
from cxmetrics.evaluate.daily import Runs
from cxmetrics.plan import LeafValue
from cxmetrics.query import query
from cxmetrics.run import RunOptions
from cxmetrics.run import run as run_project
from cxmetrics.store import Store
from cxmetrics.windows import Earlier, ToDate, Trailing

DEFINITIONS = """\
project: bank
grains: [day, month]
{}
sources:
  calls: {{read: calls.csv, time: day, columns: {{day: date, wait: number}}}}
indicators:
  volume: {{formula: count(calls)}}
  index: {{children: {{volume: 1}}}}
  before: {{formula: prior(index)}}
  again: {{formula: prior(index) + prior(volume)}}
  lately: {{formula: 'rolling(volume, {} d)'}}
"""


def day(number: int) -> dt.date:
    return dt.date(2026, 1, number)


def daily(window, rows, days=(1, 31), cut=(), cell=(), **more) -> pl.DataFrame:
    """An indicator that counts through a window, by day; `rows`: day → count."""
    listed = [(0, day(number), *cell, None, count) for number, count in rows.items()]
    p = plan([replace(leaf("count", 0), window=window)], [factor("f", LeafValue(0))], ["count"], grains=("day",),
             cuts=(cut,) if cut else ())
    delivered = {"answers": (day(days[0]), day(days[1]))}
    return evaluate(p, {"answers": {cut: states(listed, len(cut))}}, delivered, **more)


def test_a_window_over_days_nobody_has_looked_at_is_partial():
    table = daily((Trailing(3, "d"),), {1: 1, 9: 2}, gaps={"answers": [(day(5), day(8))]})
    told = {number: tuple(one(table, "f", period=day(number))[name] for name in ("value", "status"))
            for number in (1, 3, 4, 8, 9, 10, 11)}
    assert told == {1: (1.0, "partial"), 3: (1.0, "ok"), 4: (0.0, "ok"), 8: (0.0, "partial"), 9: (2.0, "partial"),
                    10: (2.0, "ok"), 11: (2.0, "ok")}
    assert table.filter(pl.col("period").is_between(day(5), day(7))).is_empty()


def test_what_lies_wholly_in_a_gap_is_missing():
    table = daily((Earlier(3, "d"),), {1: 1, 9: 2}, gaps={"answers": [(day(5), day(8))]})
    assert one(table, "f", period=day(9))["value"] is None
    assert one(table, "f", period=day(11))["value"] == 0.0
    assert one(table, "f", period=day(12))["value"] == 2.0
    assert one(table, "f", period=day(2))["status"] == "no_data"


def test_a_slice_is_missing_before_its_first_row():
    table = daily((Earlier(2, "d"),), {5: 3}, cut=("region",), cell=("N",)).filter(pl.col("region") == "N")
    assert dict(table.select("period", "value").rows()) == {day(7): 3.0} | {day(i): 0.0 for i in range(8, 32)}


@pytest.mark.parametrize("window", [(Trailing(9, "d"),), (Earlier(4, "d"), Trailing(5, "d")), (ToDate("month"),)])
def test_blocks_and_days_by_themselves_give_the_same(window, monkeypatch):
    rows = {number: number for number in range(1, 32, 3)}
    whole = daily(window, rows)
    late = daily(window, rows, between=(day(20), day(32 - 1)))
    assert_frame_equal(late, whole.filter(pl.col("period").is_between(day(20), day(30))), check_exact=True)
    monkeypatch.setattr(cxmetrics.evaluate, "CELLS_AT_ONCE", 200)
    assert_frame_equal(daily(window, rows), whole, check_exact=True)


@pytest.mark.parametrize(("low", "high"), [(1, 2), (1, 32), (3, 19), (8, 16), (16, 17), (31, 31)])
def test_any_interval_is_put_together_from_runs(low, high):
    p = plan([replace(leaf("count", 0), window=(Trailing(1, "d"),))], [], ["count", "max"])
    days = [(0, day(number), None, 2**number) for number in range(1, 32)]
    most = [(1, day(number), float(number % 7), 1) for number in range(1, 32)]
    frame = states(days + most).with_columns(d0=pl.lit(0, pl.UInt32))
    found = Runs(p, frame, 1).between([(day(low), day(1) + dt.timedelta(high - 1))], 0, 1)
    counted = dict(found.select("partial", pl.coalesce("key", "value").cast(pl.Float64)).rows())
    listed = range(low, high)
    assert counted == ({0: sum(2.0**i for i in listed), 1: max(float(i % 7) for i in listed)} if listed else {})


# --- hidden nodes ------------------------------------------------------------------------------------------------


def project(root, extra="", days=3):
    root.mkdir(exist_ok=True)
    (root / "cxmetrics.yaml").write_text(DEFINITIONS.format(extra, days), "utf-8")
    (root / "calls.csv").write_text("day,wait\n2026-01-30,1\n2026-02-02,\n2026-02-03,2\n", "utf-8")
    return root


def test_what_serves_a_window_is_made_once_and_shown_nowhere(tmp_path, capsys, monkeypatch):
    root = project(tmp_path)
    made = compile_project(root).plan
    assert sorted(name for name, node in made.nodes.items() if node.hidden) == [
        "index~prior", "volume~prior", "volume~rolling 3 d"]
    run_project(root, RunOptions())
    with Store.open(root / "store", writable=False) as store:
        assert set(store.values()["indicator"]) == {"volume", "index", "before", "again", "lately"}
    with pytest.raises(Fault, match="CX201"):
        query(root, ["volume~prior"])
    monkeypatch.chdir(root)
    for words in (["tree"], ["show", "again"], ["query", "again", "--grain", "month"], ["check"]):
        assert status_of(words) == 0
        assert "~" not in capsys.readouterr().out


def test_the_window_is_a_part_of_the_meaning(tmp_path):
    plain, longer, other = (compile_project(project(tmp_path / name, *given)).plan.nodes for name, given in
                            (("a", ()), ("b", ("", 4)), ("c", ("year_start: april",))))
    assert plain["lately"].fingerprint != longer["lately"].fingerprint
    assert plain["before"].fingerprint == longer["before"].fingerprint != plain["index"].fingerprint
    assert plain["before"].fingerprint != other["before"].fingerprint


def test_a_longer_window_is_computed_anew(tmp_path):
    root = project(tmp_path)
    run_project(root, RunOptions())
    assert query(root, ["lately"], grain="day")["value"].to_list()[-1] == 2.0
    project(tmp_path, days=7)
    run_project(root, RunOptions())
    assert query(root, ["lately"], grain="day")["value"].to_list()[-1] == 3.0


def test_windows_upon_windows_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(cxmetrics.check.windows, "MOST", 20)
    lines = ["  i0: {formula: count(calls)}"]
    lines += [f"  i{i}: {{formula: 'prior(i{i - 1}, {i} d) - prior(i{i - 1}, {i} week)'}}" for i in range(1, 5)]
    (tmp_path / "cxmetrics.yaml").write_text(DEFINITIONS.format("", 3) + "\n".join(lines) + "\n", "utf-8")
    assert [found.code.id for found in compile_project(tmp_path).diagnostics] == ["CX368"]


def test_composites_hand_on_that_a_part_is_cut_short():
    rows = [(0, day(number), None, 1) for number in range(1, 32)]
    p = plan([replace(leaf("count", 0), window=(Trailing(1, "week"),)), leaf("count", 0)],
             [factor("a", LeafValue(0)), factor("b", LeafValue(1)), composite("both", {"a": 1, "b": 1})], ["count"],
             grains=("day",))
    table = run(p, rows, delivered={"answers": (day(1), day(31))})
    assert [one(table, "both", period=day(number))["status"] for number in (1, 6, 7)] == ["partial", "partial", "ok"]
    assert one(table, "both", period=day(7))["value"] == 4.0
