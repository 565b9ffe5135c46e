"""Gaps of composites and formulas to their peers, held against the jackknife over respondents in plain Python."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cxmetrics.pseudonyms import group_of, hashed, key_of
from cxmetrics.query import query
from cxmetrics.statistics.distributions import t_quantile, t_two_sided

PROJECT = """\
project: gaps
grains: [month]
cuts: [[region]]
dimensions: {region: {}}
sources:
  brands:
    read: brands.parquet
    time: 2026-03-01
    entity: who
    columns:
      bank: {type: text, values: [ours, a, b]}
      score: {type: integer, scale: 0..10}
      won: number
      asked: number
indicators:
  rate: {formula: mean(brands.won) / mean(brands.asked), benchmark: a, peers: {source: brands, column: bank, us: ours}}
  index: {children: {nps: 60%, mean: 40%}, benchmark: market}
  sampled: {children: {nps: 50%, mean: 50%}, benchmark: market}
  nps: {formula: nps(brands.score where brands.bank = 'ours'), score: {0: -100, 100: 100}}
  mean: {formula: mean(brands.score where brands.bank = 'ours'), score: {0: 0, 100: 10}}
benchmarks:
  - indicator: index
    peer: market
    value: 55
    period: 2025
    n: census
    method: {population: all customers}
    source: {publisher: Association, date: 2026-01}
    comparable: same_definition
    licence: public
  - {indicator: sampled, peer: market, value: 55, period: 2025, n: 500, method: {population: all customers},
     source: {publisher: Association, date: 2026-01}, comparable: same_definition, licence: public}
"""


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(4)
    people, mood = 120, draw.normal(0, 1, 120)
    who = np.repeat(np.arange(people), 3)
    bank = np.tile(["ours", "a", "b"], people)
    asked = draw.integers(1, 9, len(who))
    chance = 1 / (1 + np.exp(-(mood[who] + 0.6 * (bank == "a"))))
    return pl.DataFrame({
        "who": [f"p{each}" for each in who], "bank": bank, "region": draw.choice(["N", "S"], len(who)),
        "score": np.clip(np.round(7 + 1.5 * mood[who] + draw.normal(0, 1, len(who))), 0, 10).astype(int),
        "asked": asked.astype(float), "won": draw.binomial(asked, chance).astype(float)})


@pytest.fixture(scope="module", params=["duckdb", "polars"])
def found(request, rows, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    rows.write_parquet(root / "brands.parquet")
    (root / "cxmetrics.yaml").write_text(PROJECT, "utf-8")

    def ask(name, region=None):
        by = [] if region is None else ["region"]
        frame = query(root, [name], grain="month", by=by, engine=request.param)
        return frame.filter(pl.lit(True) if region is None else pl.col("region") == region).row(0, named=True)
    return ask


def rate(rows, bank):
    part = rows.filter(bank=bank)
    return part["won"].sum() / part["asked"].sum()


@pytest.mark.parametrize("region", [None, "N", "S"])
def test_a_formula_and_its_peer_share_respondents(found, rows, region):
    rows = rows if region is None else rows.filter(region=region)
    key = key_of("gaps")
    group = pl.Series([group_of(hashed(who, key), 30) for who in rows["who"]], dtype=pl.Int64)
    gap = {bank: rate(rows, "ours") - rate(rows, bank) for bank in "ab"}
    p = {}
    for bank in "ab":
        off = np.array([rate(left := rows.filter(group != each), "ours") - rate(left, bank) for each in range(30)])
        off -= gap[bank]
        error, df = np.sqrt(29 / 30 * (off**2).sum()), np.count_nonzero(off) - 1
        half = t_quantile(df, 0.975) * error
        p[bank] = float(t_two_sided(df, gap[bank] / error))
        if bank == "a":
            row = found("rate", region)
            assert [row["peer_gap"], row["peer_low"], row["peer_high"]] == pytest.approx(
                [gap["a"], gap["a"] - half, gap["a"] + half], rel=1e-9)
    # Holm: the smaller of two p-values is told at half of the error, the larger then at all of it.
    first, second = sorted("ab", key=p.get)
    told = [bank for bank in (first, second) if p[first] < 0.025 and p[bank] < (0.025 if bank == first else 0.05)]
    assert row["peer_rank"] == 1 + sum(gap[bank] < 0 for bank in told)


def test_a_composite_against_a_census_is_as_sure_as_itself(found):
    row = found("index")
    assert row["peer_gap"] == pytest.approx(row["value"] - 55)
    assert row["peer_low"] == pytest.approx(row["low"] - 55)
    assert row["peer_high"] == pytest.approx(row["high"] - 55)
    surely = row["low"] > 55 or row["high"] < 55
    assert row["peer_rank"] == (2 if surely and row["value"] < 55 else 1)


def test_of_a_sample_of_others_it_is_not_known_how_sure_their_index_is(found):
    row = found("sampled")
    assert row["peer_gap"] == pytest.approx(row["value"] - 55)
    assert (row["peer_low"], row["peer_high"]) == (None, None)
