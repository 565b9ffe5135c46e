"""What the report of a run tells of how surveys were answered, and items that are saturated."""

import datetime as dt

import polars as pl
import pytest

from cxmetrics.run import RunOptions, run

PROJECT = """\
project: quality
grains: [month]
sources:
  answers:
    read: answers.parquet
    time: day
    columns:
      took: {type: number, unit: s}
      calm: {type: integer, scale: 1..5}
      clear: {type: integer, scale: 1..5, not_asked: [97], skipped: [99]}
      quick: {type: integer, scale: 0..10}
      effort: {type: integer, scale: 1..5}
  calls: {read: calls.parquet, time: day, columns: {took: {type: number, unit: s}}}
indicators:
  response: {formula: share(answered(answers.clear) where not not_asked(answers.clear))}
  passed_over: {formula: share(skipped(answers.clear) where not not_asked(answers.clear))}
  rushed: {formula: share(answers.took < 20 s)}
  fast: {formula: share(calls.took < 20 s)}
  straight: {formula: "straight_lining(answers.calm, answers.effort)"}
  calm: {formula: csat(answers.calm)}
  quick: {formula: nps(answers.quick)}
  effort: {formula: ces(answers.effort), direction: down}
  some: {formula: mean(answers.quick)}
"""


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("n", [29, 30])
def test_a_run_tells_how_surveys_were_answered(tmp_path, engine, n):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    rows = [{"day": dt.date(2026, month, 1), "took": 12.0 if i < 6 else 60.0, "calm": 4 + i % 2,
             "clear": 99 if i < 3 else 97 if i < 9 else 4, "quick": 9 + i % 2, "effort": 1}
            for month in (3, 4) for i in range(n)]
    pl.DataFrame(rows).write_parquet(tmp_path / "answers.parquet")
    pl.DataFrame([{"day": dt.date(2026, 4, 1), "took": 5.0}]).write_parquet(tmp_path / "calls.parquet")
    report = run(tmp_path, RunOptions(engine=engine))
    told = {one.indicator: (one.kind, one.value, one.n) for one in report.quality}
    assert {one.period for one in report.quality} == {dt.date(2026, 4, 1)}
    # of those asked, all but the first three skipped none; six were faster than 20 s
    assert told.pop("response") == ("response", pytest.approx((n - 9) / (n - 6)), n - 6)
    assert told.pop("passed_over") == ("skipping", pytest.approx(3 / (n - 6)), n - 6)
    assert told.pop("rushed") == ("speeding", pytest.approx(6 / n), n)
    assert told.pop("straight") == ("straight_lining", 0, n)
    # all are content, all are promoters, and none has any effort: of 30 answers that is told
    saturated = ["calm", "quick", "effort"] if n == 30 else []
    assert sorted(told) == sorted(saturated)
    assert [one.code.id for one in report.diagnostics] == ["CX359"] * len(saturated)
    assert report.as_json()["quality"][0]["period"] == "2026-04-01"
