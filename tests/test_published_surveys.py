"""Surveys with published design-based estimates, on both engines.

The rows and the numbers of the first are those of the tests of samplics (Mamadou S. Diallo, MIT licence): 21 rows of 12
units in three strata, with the part of each stratum that was drawn.  The numbers were printed to seven digits.
"""

from __future__ import annotations

import polars as pl
import pytest

from cxmetrics.query import query
from cxmetrics.run import RunOptions, run
from cxmetrics.statistics.distributions import t_quantile
from cxmetrics.store import Store

ROWS = """\
stratum,unit,w,size,y,x,z,domain
1,1,3,15,5.54,2.8,1,1
1,2,3,15,7.7,4,1,1
1,3,3,15,11.48,6.1,0,1
1,4,3,15,12.2,6.5,0,2
1,5,3,15,16.7,9,1,2
2,1,3,9,7.16,3.7,1,1
2,1,3,9,2.66,1.2,1,1
2,2,3,9,9.5,5,1,2
2,2,3,9,9.5,5,0,2
2,3,3,9,7.7,4,0,1
2,3,3,9,13.1,7,1,2
3,1,5,20,6.26,3.2,1,1
3,1,5,20,16.7,9,1,1
3,1,5,20,5.54,2.8,1,1
3,2,5,20,8.42,4.4,0,2
3,2,5,20,8.6,4.5,0,2
3,3,5,20,11.3,6,0,2
3,3,5,20,11.12,5.9,1,1
3,4,5,20,12.74,6.8,1,1
3,4,5,20,11.48,6.1,1,1
3,4,5,20,16.52,8.9,1,1
"""
PROJECT = """\
project: published
grains: [year]
cuts: [[domain]]
dimensions: {domain: {values: ["1", "2"]}}
sources:
  survey:
    read: survey.csv
    time: 2020-01-01
    entity: unit
    weight: w
    DESIGN
    columns: {w: number, size: integer, y: number, x: number, domain: text}
indicators:
  mean: {formula: mean(survey.y)}
  total: {formula: sum(survey.w * survey.y)}
  ratio: {formula: sum(survey.w * survey.y) / sum(survey.w * survey.x)}
  again: {formula: mean(survey.y) / mean(survey.x)}
  apart: {formula: y / x}
  usual: {formula: median(survey.y)}
  quarter: {formula: p25(survey.x)}
  three_quarters: {formula: p75(survey.x)}
  y: {formula: mean(survey.y)}
  x: {formula: mean(survey.x)}
"""
DRAWN, WHOLE = "strata: stratum\n    population: size", "population: all"
# (design, indicator, domain): estimate and standard error; units less strata of those that the domain touches
PUBLISHED = {
    (DRAWN, "total", None): (853.12, 97.41386, 9), (DRAWN, "total", "1"): (528.52, 165.5088, 5),
    (DRAWN, "total", "2"): (324.6, 97.16214, 3), (DRAWN, "mean", None): (10.27855, 0.7750964, 9),
    (DRAWN, "mean", "1"): (9.972075, 1.05736, 5), (DRAWN, "mean", "2"): (10.82, 0.9217838, 3),
    (DRAWN, "ratio", None): (1.892038, 0.0072954, 9), (DRAWN, "ratio", "1"): (1.895016, 0.0106066, 5),
    (DRAWN, "ratio", "2"): (1.887209, 0.0077895, 3),
    (WHOLE, "total", None): (853.12, 153.2627, 4), (WHOLE, "total", "1"): (528.52, 195.5778, 3),
    (WHOLE, "total", "2"): (324.6, 116.0081, 3), (WHOLE, "mean", None): (10.27855, 1.126881, 4),
    (WHOLE, "mean", "1"): (9.972075, 1.481254, 3), (WHOLE, "mean", "2"): (10.82, 1.30148, 3),
    (WHOLE, "ratio", None): (1.892038, 0.0106065, 4), (WHOLE, "ratio", "1"): (1.895016, 0.0148587, 3),
    (WHOLE, "ratio", "2"): (1.887209, 0.0109982, 3),
}


# Of the same rows, without a finite population: `svyquantile(~y, design, c(.25, .5, .75))` of the R package survey, and
# `quantile` of the Python package svy 0.35, printed to four digits.  Where a limit is no share there is no interval.
QUANTILES = {
    ("usual", None): (11.12, 7.16, 16.52), ("quarter", None): (4.0, None, None),
    ("three_quarters", None): (6.8, 6.1, 9.0),
    ("usual", "1"): (11.12, None, None), ("usual", "2"): (9.5, None, None),
}


def values_of(root, project, rows, engine):
    (root / "survey.csv").write_text(rows, "utf-8")
    (root / "cxmetrics.yaml").write_text(project, "utf-8")
    run(root, RunOptions(engine=engine))
    with Store.open(root / "store", writable=False) as store:
        return store.values()


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("drawn", [DRAWN, WHOLE], ids=["strata", "whole"])
def test_estimates_are_those_published(tmp_path, engine, drawn):
    project = PROJECT.replace("DESIGN", drawn).replace("size: integer,", "size: integer, all: {formula: 44},")
    values = values_of(tmp_path, project, ROWS, engine)
    for (design, name, domain), (estimate, error, df) in PUBLISHED.items():
        if design == drawn:
            for same in {"ratio": ("ratio", "again", "apart")}.get(name, (name,)):
                here = pl.col("domain").is_null() if domain is None else pl.col("domain") == domain
                row = values.filter(pl.col("indicator") == same, here).row(0, named=True)
                found = (row["high"] - row["low"]) / 2 / t_quantile(df, 0.975)
                assert row["value"] == pytest.approx(estimate, rel=1e-6), (same, domain)
                assert found == pytest.approx(float(error), rel=2e-5), (same, domain)
                assert (row["high"] + row["low"]) / 2 == pytest.approx(row["value"], rel=1e-12)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_quantiles_are_those_published(tmp_path, engine):
    values = values_of(tmp_path, PROJECT.replace("DESIGN", "strata: stratum"), ROWS, engine)
    for (name, domain), wanted in QUANTILES.items():
        here = pl.col("domain").is_null() if domain is None else pl.col("domain") == domain
        row = values.filter(pl.col("indicator") == name, here).row(0, named=True)
        assert (row["value"], row["low"], row["high"]) == wanted, (name, domain)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_part_asked_for_is_as_sure_as_it_is_as_a_slice(tmp_path, engine):
    project = PROJECT.replace("DESIGN", DRAWN)
    values = values_of(tmp_path, project, ROWS, engine)
    for domain in ("1", "2"):
        found = query(tmp_path, ["mean", "total", "ratio"], where=f"domain = '{domain}'", engine=engine)
        for row in found.iter_rows(named=True):
            told = values.filter(pl.col("indicator") == row["indicator"], pl.col("domain") == domain).row(0, named=True)
            assert {name: row[name] for name in ("value", "n", "low", "high")} == pytest.approx(
                {name: told[name] for name in ("value", "n", "low", "high")}, rel=1e-12)
