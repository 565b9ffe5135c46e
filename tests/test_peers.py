"""Peers against a plain oracle: each one's rows by themselves, places by statsmodels' Holm, gaps by scipy."""

import datetime as dt
import random
from math import inf, isnan, sqrt
from pathlib import Path
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from cxmetrics.benchmarks import Benchmark, Evidence, Peers, in_force
from cxmetrics.compile import compile_project
from cxmetrics.load.record_files import records_of
from cxmetrics.load.scalars import period
from cxmetrics.query import query
from cxmetrics.source import Source
from cxmetrics.statistics.among import SUMMARIES, joint_rank, percentile_among
from cxmetrics.statistics.comparisons import share_against
from cxmetrics.units import NUMBER

BANKS = ("ours", "a", "b", "c", "d")
PROJECT = """
project: peers
grains: [month]
cuts: [[region]]
sources:
  t:
    read: t.csv
    time: day
    columns:
      bank: {type: text, values: [ours, a, b, c, d]}
      score: {type: integer, scale: 0..10}
      late: boolean
      wait: {type: number, unit: s}
dimensions: {region: {}}
indicators:
  nps: {formula: nps(t.score), benchmark: b, peers: {source: t, column: bank, us: ours}}
  late: {formula: share(t.late), direction: down, benchmark: b, peers: {source: t, column: bank, us: ours}}
  wait: {formula: mean(t.wait), direction: down, benchmark: b, peers: {source: t, column: bank, us: ours}}
  middle: {formula: mean(t.wait), unit: min, direction: down, peers: {source: t, column: bank, us: ours},
           score: percentile(among = peers)}
  over: {formula: wait / peers.mean(wait)}
"""


def drawn(seed, missing=()):
    """Rows of banks that differ by more or less."""
    chance = random.Random(seed)
    rows = []
    for place, bank in enumerate(BANKS):
        for _ in range(0 if bank in missing else chance.randint(3, 90)):
            score = min(10, max(0, round(chance.gauss(6 + place, 2))))
            rows.append((bank, chance.choice(("north", "south")), score, chance.random() < 0.2 * place + 0.05,
                         round(chance.expovariate(1 / (60 - 10 * place)), 3)))
    return rows


def written(root, rows):
    (root / "cxmetrics.yaml").write_text(PROJECT)
    lines = (f"2026-03-0{1 + i % 9},{bank},{region},{score},{str(late).lower()},{wait}"
             for i, (bank, region, score, late, wait) in enumerate(rows))
    (root / "t.csv").write_text("\n".join(("day,bank,region,score,late,wait", *lines)) + "\n")


def place(differences, p):
    """1 and the peers that are better, with a p-value after Holm below 5 % where there is one."""
    known = [i for i, one in enumerate(p) if not isnan(one)]
    adjusted = dict(zip(known, multipletests([p[i] for i in known], method="holm")[1], strict=True)) if known else {}
    return 1 + sum(ahead > 0 and adjusted.get(i, 0) < 0.05 for i, ahead in enumerate(differences))


def nps_of(scores):
    n = len(scores)
    up, down = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    p, d = (up + 0.75) / (n + 3), (down + 0.75) / (n + 3)
    return 100 * (up - down) / n, 100 * sqrt((p + d - (p - d) ** 2) / (n + 3))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("seed", range(4))
def test_places_and_gaps_as_computed_bank_by_bank(tmp_path, engine, seed):
    rows = drawn(seed, missing=("c",) if seed == 3 else ())
    written(tmp_path, rows)
    found = query(tmp_path, ["nps", "late", "wait", "middle", "over"], grain="month", engine=engine)
    found = {row["indicator"]: row for row in found.iter_rows(named=True)}
    by = {bank: [row for row in rows if row[0] == bank] for bank in BANKS}
    others = [bank for bank in BANKS[1:] if by[bank]]

    nps = {bank: nps_of([row[2] for row in own]) for bank, own in by.items() if own}
    ours, error = nps["ours"]
    p = [2 * stats.norm.sf(abs(ours - nps[b][0]) / sqrt(error**2 + nps[b][1] ** 2)) for b in others]
    row = found["nps"]
    half = stats.norm.ppf(0.975) * sqrt(error**2 + nps["b"][1] ** 2)
    assert row["peer"] == pytest.approx(nps["b"][0])
    assert [row["peer_gap"], row["peer_low"], row["peer_high"]] == pytest.approx(
        [gap := ours - nps["b"][0], gap - half, gap + half])
    assert (row["peers"], row["peer_rank"]) == (len(others), place([nps[b][0] - ours for b in others], p))
    assert row["n"] == len(by["ours"])

    late = {bank: (sum(row[3] for row in own), len(own)) for bank, own in by.items() if own}
    hits, n = late["ours"]
    p = [proportions_ztest([hits, late[b][0]], [n, late[b][1]])[1] for b in others]
    row = found["late"]
    low, high = confint_proportions_2indep(*late["b"], hits, n, method="newcomb")  # the gap is theirs less ours
    assert [row["peer_low"], row["peer_high"]] == pytest.approx([low, high])
    assert row["peer_rank"] == place([hits / n - late[b][0] / late[b][1] for b in others], p)

    wait = {bank: [row[4] for row in own] for bank, own in by.items() if own}
    tests = {b: stats.ttest_ind(wait[b], wait["ours"], equal_var=False) for b in others}
    row = found["wait"]
    assert [row["peer_low"], row["peer_high"]] == pytest.approx(tests["b"].confidence_interval(0.95))
    assert row["peer_rank"] == place([fmean(wait["ours"]) - fmean(wait[b]) for b in others],
                                     [tests[b].pvalue for b in others])
    middle = median(fmean(wait[b]) for b in others)
    row = found["middle"]
    assert [row["peer"], row["peer_gap"]] == pytest.approx([middle / 60, (middle - fmean(wait["ours"])) / 60])
    assert row["peer_low"] is None
    worse = sum(fmean(wait[b]) > fmean(wait["ours"]) for b in others)
    assert row["score"] == pytest.approx(100 * worse / len(others))
    assert found["over"]["value"] == pytest.approx(fmean(wait["ours"]) / fmean(fmean(wait[b]) for b in others))


def test_computed_peers_are_those_of_the_slice(tmp_path):
    rows = drawn(7)
    written(tmp_path, rows)
    found = query(tmp_path, ["wait"], by=["region"], grain="month")
    for row in found.iter_rows(named=True):
        ours, theirs = ([wait for bank, region, _, _, wait in rows if bank == name and region == row["region"]]
                        for name in ("ours", "b"))
        assert row["peer_gap"] == pytest.approx(fmean(theirs) - fmean(ours))


def test_a_peer_on_too_few_rows_is_hidden(tmp_path):
    rows = [row for row in drawn(7) if row[0] != "b"] + [("b", "north", 9, False, 1.0)] * 4
    written(tmp_path, rows)
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace("grains:", "privacy: {min_n: 5}\ngrains:"))
    row = query(tmp_path, ["wait"], grain="month").row(0, named=True)
    assert (row["peer"], row["peer_gap"], row["peer_low"], row["peers"]) == (None, None, None, 3)


values = st.one_of(st.just(float("nan")), st.integers(-3, 3).map(float))


@given(st.lists(values, min_size=1, max_size=7), values)
def test_a_percentile_is_the_place_among_all(others, own):
    there = [one for one in others if not isnan(one)]
    found = percentile_among(np.array([own]), np.array(others)[:, None])[0]
    if isnan(own) or not there:
        assert isnan(found)
    else:
        everyone = sorted([*there, own])
        assert found == pytest.approx(everyone.index(own) / (len(everyone) - 1))


@given(st.lists(values, min_size=1, max_size=7))
def test_summaries_are_of_those_that_are_there(others):
    there = [one for one in others if not isnan(one)]
    for name, plain in (("median", median), ("mean", fmean), ("min", min), ("max", max)):
        found = SUMMARIES[f"peers.{name}"](np.array(others)[:, None])[0]
        assert isnan(found) if not there else found == pytest.approx(plain(there))


@pytest.mark.usefixtures("settled_heap")
@settings(max_examples=200)
@given(st.lists(st.tuples(values, st.one_of(st.just(float("nan")), st.floats(0, 1))), min_size=1, max_size=7))
def test_a_joint_rank_counts_those_that_are_told_to_be_better(pairs):
    ahead, p = (np.array(side)[:, None] for side in zip(*pairs, strict=True))
    found = joint_rank(ahead, p, 0.05)[0]
    there = [pair for pair in pairs if not isnan(pair[0])]
    assert isnan(found) if not there else found == place([a for a, _ in there], [q for _, q in there])


def test_a_share_against_what_is_known():
    found = share_against(0.9, 10, 0.9288)  # Wilson's interval of 9 of 10, less what is known; its z test
    low, high = stats.binomtest(9, 10).proportion_ci(method="wilson")
    assert [float(found.low), float(found.high)] == pytest.approx([low - 0.9288, high - 0.9288])
    assert float(found.p) == pytest.approx(proportions_ztest(9, 10, 0.9288, prop_var=0.9288)[1])


@pytest.mark.parametrize(("text", "first", "final"), [
    ("2024", "2024-01-01", "2024-12-31"), ("2024-Q1", "2024-01-01", "2024-03-31"),
    ("2024Q4", "2024-10-01", "2024-12-31"), ("2024-02", "2024-02-01", "2024-02-29"),
    ("2023-12-31", "2023-12-31", "2023-12-31"), ("2022-Q1..2022-Q3", "2022-01-01", "2022-09-30"),
    ("2199", "2199-01-01", "2199-12-31")])
def test_a_period_is_its_first_and_last_day(text, first, final):
    assert period(text) == (dt.date.fromisoformat(first), dt.date.fromisoformat(final))


@pytest.mark.parametrize("text", ["", "24", "2024-13", "2024-00", "2024-Q5", "2023-02-29", "1899", "2200", "2024-1",
                                  "2024..2023", "2024..", "..2024", "2024-Q1-01", "2024 ", "２０２４"])
def test_what_is_no_period(text):
    assert period(text) is None


def test_the_benchmarks_of_the_retail_bank_say_what_may_be_compared():
    indicators = compile_project(Path(__file__).parents[1] / "definitions" / "retail_bank").pyramid.indicators
    known = {name: one.peers for name, one in indicators.items() if one.peers}
    assert known["answer_rate"].comparable == ("industry",)
    assert known["regulator_rate"].comparable == ("cn_state_large_median", "cn_joint_stock_median", "cn_foreign_median")
    assert {name for name, peers in known.items() if peers.comparable} == {"answer_rate", "regulator_rate"}
    assert all(record.evidence.publisher and record.method for peers in known.values() for record in peers.records)


def test_the_last_record_that_has_begun_is_in_force():
    def record(text, value):
        evidence = Evidence("P", "2025", "public")
        return Benchmark("a", value, NUMBER, *period(text), text, inf, "same_method", (), evidence)

    peers = Peers((record("2024-03", 3.0), record("2023", 1.0), record("2024", 2.0), record("2024-01", 9.0)))

    def at(day):
        found = in_force(peers.series("a"), dt.date.fromisoformat(day))
        return found and found.value

    # Of two that begin on one day, the one that ends later.
    assert [at(day) for day in ("2022-12-31", "2023-01-01", "2024-01-31", "2024-02-29", "2024-03-01", "2030-01-01")] \
        == [None, 1.0, 2.0, 2.0, 3.0, 3.0]


@settings(max_examples=300)
@given(st.text(alphabet='indicator,pe"\r\n 0..%\t汉', max_size=60))
def test_no_text_breaks_the_reader_of_tables(text):
    header = "indicator,peer,value,period,n,comparable,licence,method.mode,source.publisher,source.date\n"
    for table in (Source("a.csv", text), Source("a.csv", header + text)):
        records, found = records_of(table, "benchmarks")
        for record in records:
            for key, cell in record.items():
                parts = cell.items() if isinstance(cell, dict) else [(key, cell)]
                for _, part in parts:
                    span = part.span.in_file()
                    assert table.text[span.start:span.end].replace('""', '"') == part.value
        assert all(one.span is not None and 0 <= one.span.start <= len(table.text) for one in found)


def test_a_table_is_bounded(tmp_path):
    header = "indicator,peer,value,period,n,comparable,licence,method.mode,source.publisher,source.date\n"
    line = "x,p{},1,2024,census,same_method,public,phone,P,2025\n"
    (tmp_path / "cxmetrics.yaml").write_text(
        "project: p\nsources: {t: {read: t.csv, time: day, columns: {x: number}}}\n"
        "indicators: {x: {formula: mean(t.x)}}\nbenchmarks: {read: b.csv}\n")
    for text in (header + "".join(line.format(i) for i in range(10_001)), "," * 3_000_000, header + "," * 1_000):
        (tmp_path / "b.csv").write_text(text)
        assert [one.code.id for one in compile_project(tmp_path).diagnostics] == ["CX010"]
    (tmp_path / "b.csv").write_bytes(header.encode() + "行业".encode("gbk"))
    assert [one.code.id for one in compile_project(tmp_path).diagnostics] == ["CX006"]
