"""Weighted answers on both engines, held against the linearised estimates of `statistics.survey` and statsmodels."""

import math

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from cxmetrics.compile import compile_project
from cxmetrics.run import RunOptions, run
from cxmetrics.statistics.intervals import mean_interval, share_interval
from cxmetrics.statistics.survey import design, effective_n, taylor_mean, taylor_nps, taylor_ratio
from cxmetrics.store import Store
from cxmetrics.testing import run_tests

PROJECT = """\
project: weighted
grains: [month]
cuts: [[segment]]
dimensions: {segment: {}}
sources:
  answers:
    read: data/answers.parquet
    time: 2026-03-01
    weight: {weight}
    columns:
      score: {type: integer, scale: 0..10}
      hoped: {type: integer, scale: 0..10}
      again: {type: integer, scale: 0..10}
      wait: {type: number, unit: s}
      size: {type: number}
      w: number
      thousandfold: {formula: 1000 * w}
      alike: {formula: w * 0 + 3.5}
indicators:
  mean: {formula: mean(answers.score)}
  wait: {formula: mean(answers.wait)}
  spread: {formula: stdev(answers.wait)}
  high: {formula: share(answers.score >= 8)}
  nps: {formula: nps(answers.score)}
  apdex: {formula: "apdex(answers.wait, 2 s)"}
  csi: {formula: "csi(answers.score, answers.hoped)"}
  ratios: {formula: "csi(answers.score, answers.hoped, of = ratios)"}
  together: {formula: "correlation(answers.score, answers.wait)"}
  trust: {formula: "alpha(answers.score, answers.hoped, answers.again)"}
tests:
  without weights all rows count the same:
    given: {answers: [{score: 10}, {score: 9}, {score: 8}, {score: 3}]}
    expect: {nps: 25, mean: 7.5}
  with weights each counts as it weighs:
    given: {answers: [{score: 10, w: 0.5}, {score: 9, w: 1.5}, {score: 8, w: 2}, {score: 3, w: 1}]}
    expect: {nps: 20, mean: 7.5}
"""
SEGMENTS = ("gold", "mass")


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(5)
    n = 400
    score = draw.integers(0, 11, n)
    return pl.DataFrame({
        "segment": draw.choice(SEGMENTS, n), "score": score, "hoped": np.clip(score + draw.integers(-2, 3, n), 1, 10),
        "again": np.clip(score + draw.integers(-3, 4, n), 0, 10), "wait": np.round(draw.exponential(3, n), 3),
        "size": draw.normal(0, 1, n), "w": np.round(draw.lognormal(0, 0.7, n), 4)})


@pytest.fixture(scope="module", params=["duckdb", "polars"])
def values(request, rows, tmp_path_factory):
    """The values by indicator and segment (None: all), for a column of weights."""
    done = {}

    def compute(weight):
        if weight not in done:
            root = tmp_path_factory.mktemp(f"{request.param}_{weight}")
            (root / "data").mkdir()
            rows.write_parquet(root / "data/answers.parquet")
            (root / "cxmetrics.yaml").write_text(PROJECT.replace("{weight}", weight), "utf-8")
            run(root, RunOptions(engine=request.param), lambda *_: None)
            with Store.open(root / "store", writable=False) as store:
                done[weight] = {(row["indicator"], row["segment"]): row for row in store.values().iter_rows(named=True)}
        return done[weight]

    return compute


def alike(row, value, low=None, high=None, digits=1e-9):
    pairs = [(row["value"], value)] + ([] if low is None else [(row["low"], low), (row["high"], high)])
    return all(math.isclose(found, float(wanted), rel_tol=digits, abs_tol=digits) for found, wanted in pairs)


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_estimates_are_linearised(values, rows, segment):
    found = {name: row for (name, place), row in values("w").items() if place == segment}
    part = rows if segment is None else rows.filter(pl.col("segment") == segment)
    w, score, hoped, wait = (part[name].to_numpy().astype(float) for name in ("w", "score", "hoped", "wait"))
    plan = design(w)

    def ends(estimate, scale=1.0):
        return (scale * estimate.value[0], scale * estimate.low[0], scale * estimate.high[0])

    assert alike(found["mean"], *ends(taylor_mean(score, plan)))
    assert alike(found["wait"], *ends(taylor_mean(wait, plan)))
    assert alike(found["nps"], *ends(taylor_nps(score, plan)))
    assert alike(found["apdex"], *ends(taylor_mean(np.where(wait <= 2, 1, np.where(wait <= 8, 0.5, 0)), plan)))
    assert alike(found["csi"], *ends(taylor_ratio(score, hoped, plan), 100.0))
    assert alike(found["ratios"], *ends(taylor_mean(100 * score / hoped, plan)))
    size = effective_n(w.sum(), (w * w).sum())
    high = w[score >= 8].sum() / w.sum()
    assert alike(found["high"], high, *share_interval(high, size))
    assert all(row["n"] == len(w) and math.isclose(row["n_effective"], size, rel_tol=1e-12) for row in found.values())


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_second_moments(values, rows, segment):
    found = {name: row for (name, place), row in values("w").items() if place == segment}
    part = rows if segment is None else rows.filter(pl.col("segment") == segment)
    w, n = part["w"].to_numpy(), part.height
    pair = DescrStatsW(part.select("score", "wait").to_numpy().astype(float), weights=w)
    assert alike(found["spread"], math.sqrt(n / (n - 1)) * pair.std[1])
    assert alike(found["together"], pair.corrcoef[0, 1])
    items = DescrStatsW(part.select("score", "hoped", "again").to_numpy().astype(float), weights=w).cov
    assert alike(found["trust"], 3 / 2 * (1 - np.trace(items) / items.sum()))


def test_the_unit_of_the_weights_says_nothing(values):
    one, thousand = values("w"), values("thousandfold")
    for key, row in one.items():
        for name in ("value", "low", "high", "n_effective"):
            assert row[name] is None or math.isclose(thousand[key][name], row[name], rel_tol=1e-9), (key, name)


def test_equal_weights_are_none(values, rows):
    found, score = values("alike")["mean", None], rows["score"].to_numpy()
    n = len(score)
    assert math.isclose(found["n_effective"], n, rel_tol=1e-14)
    assert alike(found, score.mean(), *mean_interval(score.mean(), score.std(ddof=1), n))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_rows_of_a_test_may_leave_weights_out(tmp_path, engine):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace("{weight}", "thousandfold"), "utf-8")
    result = compile_project(tmp_path)
    verdicts = run_tests(result.plan, result.tests, engine, tmp_path / "scratch")
    assert [verdict.passed for verdict in verdicts] == [True, True]
