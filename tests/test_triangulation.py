"""Indicators held against another look at the same thing: in a run, in queries and in what is shown."""

import datetime as dt
import math

import polars as pl
import pytest

from cxmetrics.cli.command import status_of
from cxmetrics.query import query
from cxmetrics.run import RunOptions, run
from cxmetrics.statistics.association import kendall_tau

PROJECT = """\
project: triangulated
grains: [month]
cuts: [[region]]
dimensions: {region: {}}
privacy: {min_n: 1}
sources:
  answers: {read: data/answers.parquet, time: day, columns: {effort: {type: integer, scale: 1..7}}}
  calls: {read: data/calls.parquet, time: day, columns: {ok: boolean, wait: {type: number, unit: s}}}
indicators:
  ease: {formula: mean(answers.effort), triangulate: wait}
  wait: {formula: mean(calls.wait), direction: down, triangulate: success}
  success: {formula: share(calls.ok)}
"""


@pytest.fixture
def project(tmp_path):
    """Ease of 6, 4, 2, 4, 6, waits of 2 s, 4 s, 6 s, 6 s, 8 s, and all calls succeed but in the second month."""
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    answers, calls = [], []
    for month, (ease, wait, ok) in enumerate([(6, 2, 1), (4, 4, 0.5), (2, 6, 1), (4, 6, 1), (6, 8, 1)], 1):
        day = dt.date(2026, month, 3)
        answers += [{"day": day, "region": "NS"[i % 2], "effort": ease + i % 3 - 1} for i in range(60)]
        calls += [{"day": day, "region": "NS"[i % 2], "ok": i % 4 < 4 * ok, "wait": wait + (i % 3 - 1) / 2}
                  for i in range(60)]
    pl.DataFrame(answers).write_parquet(tmp_path / "data/answers.parquet")
    pl.DataFrame(calls).write_parquet(tmp_path / "data/calls.parquet")
    return tmp_path


def test_whether_both_got_better_is_told_of_each_period(project):
    report = run(project, RunOptions())
    asked = query(project, ["ease"], grain="month")
    # Ease falls, falls, rises, rises; waits, of which less is good, get longer, longer, stay, get longer.
    assert asked["against"].to_list() == ["wait"] * 5
    assert asked["agreement"].to_list() == [None, "agree", "agree", "not shown", "diverge"]
    assert asked["indicator"].unique().to_list() == ["ease"]
    assert [one.code.id for one in report.diagnostics] == ["CX358"]
    assert [(one.indicator, one.agreement) for one in report.triangulated] == [
        ("ease", "diverge"), ("wait", "not shown")]
    assert report.as_json()["triangulated"][0]["period"] == "2026-05-01"
    sliced = query(project, ["ease", "wait"], grain="month", by=["region"])
    assert sliced.filter(indicator="ease", region="N")["agreement"].to_list()[1:3] == ["agree", "agree"]
    assert set(sliced.filter(indicator="wait")["against"]) == {"success"}
    assert "agreement" not in query(project, ["success"], grain="month").columns


def test_what_is_shown_tells_how_they_went_together(project, capsys):
    run(project, RunOptions())
    assert status_of(["show", "ease", "-p", str(project)]) == 0
    shown = capsys.readouterr().out
    assert "with wait, wait" in shown
    assert "they diverge: one got better, the other worse" in shown
    # Pairs of months of (ease, wait): (6,2) (4,4) (2,6) (4,6) (6,8). Concordant are 2-5, 3-5,
    # 4-5; discordant 1-2, 1-3, 1-4, 2-3; tied in ease 1-5 and 2-4, in wait 3-4. tau-b = (3 - 4)/sqrt(8 * 9), turned
    # round, for of waits less is good.
    assert f"{1 / math.sqrt(72):+.2f}" in shown


def test_kendall_by_hand():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == 1
    assert kendall_tau([1, 2, 3, math.nan], [30, 20, 10, 5]) == -1
    assert kendall_tau([6, 4, 2, 4, 6], [2, 4, 6, 6, 8]) == pytest.approx(-1 / math.sqrt(72))
    assert math.isnan(kendall_tau([1, 1], [1, 2]))
