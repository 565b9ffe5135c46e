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
  usual: {formula: median(answers.wait)}
  slow: {formula: p90(answers.wait)}
  fast: {formula: p02(answers.wait)}
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


def limits(x, plan, q, domain=None):
    """The first value that reaches q of the weight, and those that reach the limits of the share up to it."""
    inside = np.ones(len(x), bool) if domain is None else domain
    order = np.argsort(x[inside])
    ends = np.cumsum(plan.weights[inside][order]) / plan.weights[inside].sum()

    def reached(share):
        return x[inside][order][np.searchsorted(ends, share - 1e-12)] if 0 <= share <= 1 else None

    value = reached(q)
    share = taylor_mean((x <= value).astype(float), plan, np.where(inside, 0, -1))
    low, high = reached(share.low[0]), reached(share.high[0])
    return (value, low, high) if low is not None and high is not None else (value, None, None)


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_quantiles_are_read_off_the_limits_of_the_share_up_to_them(values, rows, segment):
    found = {name: row for (name, place), row in values("w").items() if place == segment}
    part = rows if segment is None else rows.filter(pl.col("segment") == segment)
    w, wait = (part[name].to_numpy() for name in ("w", "wait"))
    for name, q in (("usual", 0.5), ("slow", 0.9), ("fast", 0.02)):
        told = found[name]
        assert (told["value"], told["low"], told["high"]) == limits(wait, design(w), q), name
        assert math.isclose(told["n_effective"], effective_n(w.sum(), (w * w).sum()), rel_tol=1e-12)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("drawn", ["", "strata: stratum", "strata: stratum\n    population: size"])
def test_quantiles_of_designed_surveys(tmp_path, engine, drawn, weighted):
    draw = np.random.default_rng(len(drawn))
    n = 600
    stratum = draw.integers(0, 3, n)
    who = stratum * 100 + draw.integers(0, 25, n)  # units are nested in strata
    size = np.array([40, 60, 25])[stratum]
    wait = np.round(draw.exponential(3, n) + who % 7, 2)
    answers = pl.DataFrame({"stratum": stratum, "who": who, "size": size, "w": np.round(draw.lognormal(0, 0.7, n), 3),
                            "segment": draw.choice(SEGMENTS, n), "wait": wait,
                            "told": draw.integers(0, 11, n)})
    (tmp_path / "data").mkdir()
    answers.write_parquet(tmp_path / "data/answers.parquet")
    project = PROJECT.split("indicators:", maxsplit=1)[0].replace("    weight: {weight}\n", (
        "    weight: w\n" if weighted else "") + "    entity: who\n" + (f"    {drawn}\n" if drawn else "")) + """\
indicators:
  usual: {formula: "median(answers.wait, rule = hf1)", score: {0: 10 s, 100: 0 s}}
  slow: {formula: "p90(answers.wait, rule = hf1)", score: {0: 20 s, 100: 0 s}}
  told: {formula: mean(answers.told)}
  both: {children: {usual: 50%, slow: 50%}}
"""
    for name in ("hoped", "again"):
        project = project.replace(f"      {name}: {{type: integer, scale: 0..10}}\n", "")
    project = project.replace("score: {type", "told: {type")  # an answer on a scale makes it a survey
    (tmp_path / "cxmetrics.yaml").write_text(project, "utf-8")
    run(tmp_path, RunOptions(engine=engine), lambda *_: None)
    with Store.open(tmp_path / "store", writable=False) as store:
        found = store.values()
    units = 25
    fractions = np.array([units / 40, units / 60, units / 25]) if "population" in drawn else 0.0
    assert all(len(np.unique(who[stratum == h])) == units for h in range(3))
    plan = design(answers["w"].to_numpy() if weighted else np.ones(n), stratum if drawn else None, who, fractions)
    for segment in (None, *SEGMENTS):
        inside = np.ones(n, bool) if segment is None else (answers["segment"] == segment).to_numpy()
        for name, q in (("usual", 0.5), ("slow", 0.9)):
            row = found.filter(pl.col("indicator") == name, pl.col("segment").eq_missing(segment)).row(0, named=True)
            assert (row["value"], row["low"], row["high"]) == limits(wait, plan, q, inside), (name, segment)
    both = found.filter(pl.col("indicator") == "both", pl.col("segment").is_null()).row(0, named=True)
    assert both["low"] < both["value"] < both["high"]


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
