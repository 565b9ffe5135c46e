"""Clustered, stratified and weighted answers on both engines, held against `statistics.survey`, and the jackknife.

`statistics.survey` is itself held against published estimates of the R package `survey`.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import cxmetrics.evaluate
from cxmetrics.compile import compile_project
from cxmetrics.fuse import held_in
from cxmetrics.pseudonyms import group_of, hashed, key_of
from cxmetrics.run import RunOptions, run
from cxmetrics.statistics.distributions import beta_quantile, t_quantile
from cxmetrics.statistics.intervals import share_interval
from cxmetrics.statistics.survey import design, taylor_mean, taylor_nps, taylor_ratio
from cxmetrics.store import Store

PROJECT = """\
project: clustered
grains: [month]
cuts: [[segment]]
dimensions: {{segment: {{}}}}
sources:
  answers:
    read: data/answers.parquet
    time: at
    entity: who
    {design}
    columns:
      score: {{type: integer, scale: 0..10}}
      hoped: {{type: integer, scale: 0..10}}
      wait: {{type: number, unit: s}}
  calls:
    read: data/calls.parquet
    time: at
    entity: who
    columns: {{ok: boolean, wait: {{type: number, unit: s}}}}
indicators:
  mean: {{formula: mean(answers.wait)}}
  high: {{formula: share(answers.score >= 8)}}
  nps: {{formula: nps(answers.score), score: {{0: -100, 100: 100}}}}
  csi: {{formula: "csi(answers.score, answers.hoped)"}}
  few: {{formula: mean(answers.wait where answers.score > 8)}}
  reached: {{formula: share(calls.ok), score: {{0: 0%, 100: 100%}}}}
  slow: {{formula: "quantile(calls.wait, 0.9)", score: {{0: 20 s, 100: 0 s}}}}
  rate: {{formula: count(calls) / mean(answers.wait)}}
  half: {{children: {{nps: 50%, reached: 50%}}}}
  whole: {{children: {{half: 3, slow: 1}}, combine: geometric}}
"""
DESIGNS = {"plain": "", "weighted": "weight: w", "drawn": "weight: w\n    strata: part"}
SEGMENTS = ("gold", "mass")
MONTHS = (3, 4)


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(11)
    people = [f"c{i}" for i in range(90)]
    mood = dict(zip(people, draw.normal(0, 2, len(people)), strict=True))
    found = {}
    for name, n in (("answers", 400), ("calls", 700)):
        who = draw.choice(people, n)
        score = np.clip(np.round(7 + np.array([mood[one] for one in who]) + draw.normal(0, 1, n)), 0, 10).astype(int)
        month, day = draw.choice(MONTHS, n), draw.integers(1, 29, n)
        found[name] = pl.DataFrame({
            "who": who, "at": [f"2026-{m:02}-{d:02} 10:00:00" for m, d in zip(month, day, strict=True)],
            "month": month, "segment": [SEGMENTS[int(one[1:]) % 3 == 0] for one in who],
            "part": [f"p{int(one[1:]) % 4}" for one in who], "score": score,
            "hoped": np.clip(score + draw.integers(-1, 3, n), 1, 10), "wait": np.round(draw.exponential(6, n), 3),
            "w": np.round(draw.lognormal(0, 0.5, n), 4), "ok": score > 5})
    return found


@pytest.fixture(scope="module", params=[(engine, kind) for engine in ("duckdb", "polars") for kind in DESIGNS],
                ids="-".join)
def computed(request, rows, tmp_path_factory):
    engine, kind = request.param
    root = tmp_path_factory.mktemp("clustered")
    (root / "data").mkdir()
    for name, frame in rows.items():
        frame.with_columns(pl.col("at").str.to_datetime()).drop("month").write_parquet(root / f"data/{name}.parquet")
    (root / "cxmetrics.yaml").write_text(PROJECT.format(design=DESIGNS[kind]), "utf-8")
    done = compile_project(root)
    assert done.plan is not None, done.diagnostics
    run(root, RunOptions(engine=engine))
    with Store.open(root / "store", writable=False) as store:
        return kind, store.values()


def row_of(values, indicator, month, segment):
    of = pl.col("segment").is_null() if segment is None else pl.col("segment") == segment
    return values.filter(of, indicator=indicator, period=pl.date(2026, month, 1)).row(0, named=True)


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_leaves_of_a_survey_have_the_intervals_of_taylor(computed, rows, segment):
    kind, values = computed
    for month in MONTHS:
        part = rows["answers"].filter(month=month)
        w = part["w"].to_numpy() if kind != "plain" else np.ones(part.height)
        strata = part["part"].rank("dense").to_numpy().astype(int) - 1 if kind == "drawn" else None
        plan = design(w, strata, part["who"].rank("dense").to_numpy().astype(int))
        inside = np.where((part["segment"] == segment).to_numpy() if segment else True, 0, -1)
        score, wait = part["score"].to_numpy().astype(float), part["wait"].to_numpy()
        found = {"mean": taylor_mean(wait, plan, inside), "nps": taylor_nps(score, plan, inside),
                 "few": taylor_mean(np.where(score > 8, wait, np.nan), plan, inside)}
        ratio = taylor_ratio(100 * score, part["hoped"].to_numpy(), plan, inside)
        found["csi"] = ratio
        for name, expected in found.items():
            row = row_of(values, name, month, segment)
            assert (row["value"], row["low"], row["high"]) == pytest.approx(
                (expected.value[0], expected.low[0], expected.high[0]), rel=1e-9), (name, month)
        share, row = taylor_mean((score >= 8) * 1.0, plan, inside), row_of(values, "high", month, segment)
        p, error = share.value[0], share.error[0]
        z = t_quantile(share.df[0], 0.975)
        shrink, size = 1 / (1 + z**2 / (p * (1 - p) / error**2)), p * (1 - p) / error**2
        half = z * shrink * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
        centre = (p + z**2 / (2 * size)) * shrink
        assert (row["low"], row["high"]) == pytest.approx((centre - half, centre + half), rel=1e-9)
        assert row["n_effective"] == pytest.approx(min(size, row["n"]), rel=1e-9)


def shares_up_to(rows, month, segment):
    """The waits in order, their 90 % quantile, the share up to it whole and without each group, and its interval."""
    part = rows["calls"].filter(month=month)
    part = part if segment is None else part.filter(segment=segment)
    wait, key = np.sort(part["wait"].to_numpy()), key_of("clustered")
    group = np.array([group_of(hashed(who, key), 30) for who in part["who"]])
    slow = np.quantile(wait, 0.9)
    below = part["wait"].to_numpy() <= slow
    left = np.array([below[group != each].mean() for each in range(30)])
    error, share = np.sqrt(29 / 30 * ((left - below.mean()) ** 2).sum()), below.mean()
    size, seen = share * (1 - share) / error**2, len(set(group))
    # Korn and Graubard's interval of a share, read off the values in order (Woodruff)
    known = size * (1.959963984540054 / t_quantile(seen - 1, 0.975)) ** 2
    low = int(np.floor(len(wait) * beta_quantile(0.9 * known, 0.1 * known + 1, 0.025)))
    high = int(np.floor(len(wait) * beta_quantile(0.9 * known + 1, 0.1 * known, 0.975))) + 1
    return wait, slow, share, left, min(size, len(wait)), (low, high)


def evaluated(rows, kind, month, segment, without=None):
    """The indicators in plain Python, without the people of a group."""
    def of(name):
        part = rows[name].filter(month=month)
        part = part if segment is None else part.filter(segment=segment)
        key = key_of("clustered")
        group = [group_of(hashed(who, key), 30) for who in part["who"]]
        return part.filter(pl.Series(group, dtype=pl.Int64) != without) if without is not None else part
    answers, calls = of("answers"), of("calls")
    w = answers["w"].to_numpy() if kind != "plain" else np.ones(answers.height)
    score = answers["score"].to_numpy()
    nps = 100 * (w[score >= 9].sum() - w[score <= 6].sum()) / w.sum()
    reached = calls["ok"].mean()
    wait, slow, share, left, _, (low, high) = shares_up_to(rows, month, segment)
    if without is not None:  # linearised: values go on as between the ends of the interval
        rise = (wait[high - 1] - wait[low - 1]) * len(wait) / (high - low) if high <= len(wait) else np.nan
        slow -= rise * (left[without] - share)
    size = calls.height * (1 if without is None else 30 / 29)
    half = (50 + nps / 2 + 100 * reached) / 2
    slow_score = min(max(100 - 5 * slow, 0), 100)
    return {"rate": size / np.average(answers["wait"].to_numpy(), weights=w), "half": half,
            "whole": np.exp((3 * np.log(half) + np.log(slow_score)) / 4), "nps": nps, "slow": slow, "reached": reached}


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_quantiles_are_as_sure_as_the_share_of_rows_up_to_them(computed, rows, segment):
    _, values = computed
    for month in MONTHS:
        wait, slow, _, _, size, (low, high) = shares_up_to(rows, month, segment)
        row = row_of(values, "slow", month, segment)
        assert row["value"] == pytest.approx(slow, rel=1e-12)
        assert row["n_effective"] == pytest.approx(size, rel=1e-9)
        assert row["low"] == wait[low - 1]
        assert row["high"] == (wait[high - 1] if high <= len(wait) else None)


def points_of(name, value):
    """What a factor gives to composites."""
    return {"nps": 50 + value / 2, "reached": 100 * value, "slow": min(max(100 - 5 * value, 0), 100)}[name]


def made_of(name, given):
    """A composite of what its children give."""
    first, second = given
    return (first + second) / 2 if name == "half" else np.exp((3 * np.log(first) + np.log(second)) / 4)


def spread_of(values):
    """The jackknife's variance of what is left of 30 groups, less the whole."""
    return 29 / 30 * (values**2).sum()


def recovered(name, children, variance):
    """How far a composite reaches: the arms of each child by itself, times what children have in common.

    `children`: what each gives, at the ends of its interval too, and its variance; its step is about that of a group.
    """
    whole = [value for value, *_ in children]

    def alone(place, value):
        return made_of(name, [value if place == i else each for i, each in enumerate(whole)])

    top, steps = made_of(name, whole), [(error / 30) ** 0.5 for *_, error in children]
    single = sum(30 * ((alone(i, whole[i] + step) - alone(i, whole[i] - step)) / 2) ** 2
                 for i, step in enumerate(steps))
    below, above = (sum((alone(i, child[end]) - top) ** 2 for i, child in enumerate(children)) for end in (1, 2))
    return (below * variance / single) ** 0.5, (above * variance / single) ** 0.5


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_quotients_have_the_intervals_of_the_jackknife_and_composites_those_of_their_children(computed, rows, segment):
    kind, values = computed
    for month in MONTHS:
        full = evaluated(rows, kind, month, segment)
        left = [evaluated(rows, kind, month, segment, group) for group in range(30)]
        row = row_of(values, "rate", month, segment)
        off = np.array([one["rate"] for one in left]) - full["rate"]
        half = t_quantile(np.count_nonzero(off) - 1, 0.975) * np.sqrt(spread_of(off))
        assert (row["value"], row["low"], row["high"]) == pytest.approx(
            (full["rate"], full["rate"] - half, full["rate"] + half), rel=1e-9)
        given = {}
        for name in ("nps", "reached", "slow"):
            one, value = row_of(values, name, month, segment), points_of(name, full[name])
            ends = sorted(points_of(name, np.nan if one[end] is None else one[end]) for end in ("low", "high"))
            given[name] = value, *ends, spread_of(np.array([points_of(name, each[name]) for each in left]) - value)
        for name, children in (("half", ("nps", "reached")), ("whole", ("half", "slow"))):
            row, value = row_of(values, name, month, segment), full[name]
            variance = spread_of(np.array([one[name] for one in left]) - value)
            if np.isnan(variance):  # the interval of the quantile is open above
                assert row["high"] is None
                continue
            below, above = recovered(name, [given[child] for child in children], variance)
            assert (row["value"], row["low"], row["high"]) == pytest.approx(
                (value, value - below, value + above), rel=1e-9)
            given[name] = value, value - below, value + above, variance


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_changes_of_composites_have_the_intervals_of_the_jackknife(computed, rows, segment):
    kind, values = computed
    full = {month: evaluated(rows, kind, month, segment) for month in MONTHS}
    left = {month: [evaluated(rows, kind, month, segment, group) for group in range(30)] for month in MONTHS}
    for name in ("half", "whole", "slow"):
        row = row_of(values, name, 4, segment)
        off = np.array([now[name] - then[name] for now, then in zip(left[4], left[3], strict=True)])
        off -= full[4][name] - full[3][name]
        if np.isnan(off).any():
            assert row["moved"] is None
            continue
        half = t_quantile(np.count_nonzero(off) - 1, 0.975) * np.sqrt(29 / 30 * (off**2).sum())
        change = full[4][name] - full[3][name]
        assert (row["change"], row["change_low"], row["change_high"]) == pytest.approx(
            (change, change - half, change + half), rel=1e-6)
        assert row["moved"] == ("up" if change > half else "down" if change < -half else "not shown")


@pytest.mark.parametrize("segment", [None, *SEGMENTS])
def test_changes_of_a_survey_pair_those_who_answered_twice(computed, rows, segment):
    kind, values = computed
    brought, everyone = {}, {}
    for month in MONTHS:
        part = rows["answers"].filter(month=month)
        of = part["part"].to_list() if kind == "drawn" else [""] * part.height
        w = part["w"].to_list() if kind != "plain" else [1.0] * part.height
        here = [segment in (None, each) for each in part["segment"]]
        y = [100.0 * ((score >= 9) - (score <= 6)) for score in part["score"]]
        size = sum(each for each, inside in zip(w, here, strict=True) if inside)
        mean = sum(a * b for a, b, inside in zip(w, y, here, strict=True) if inside) / size
        units = {}
        for who, stratum, weight, point, inside in zip(part["who"], of, w, y, here, strict=True):
            everyone.setdefault((month, stratum), set()).add(who)
            if inside:
                units[who, stratum] = units.get((who, stratum), 0.0) + weight * (point - mean) / size
        brought[month] = units
    strata = sorted({stratum for _, stratum in everyone})
    variance, df = 0.0, 0

    def spread(one, other, stratum):
        """Σ(u − ū)(u' − ū') over those who are in both, scaled for each month by m/(m − 1)."""
        sides = [(brought[month], everyone[month, stratum]) for month in (one, other)]
        means = [sum(u.get((who, stratum), 0.0) for who in all_) / len(all_) for u, all_ in sides]
        scale = np.sqrt(np.prod([len(all_) / (len(all_) - 1) for _, all_ in sides]))
        return scale * sum((sides[0][0].get((who, stratum), 0.0) - means[0]) * (
            sides[1][0].get((who, stratum), 0.0) - means[1]) for who in sides[0][1] & sides[1][1])

    for stratum in strata:
        variance += spread(3, 3, stratum) + spread(4, 4, stratum) - 2 * spread(3, 4, stratum)
        seen = [{who for who, part in brought[month] if part == stratum} for month in MONTHS]
        df += len(seen[0]) - 1 + len(seen[1]) - 1 - max(len(seen[0] & seen[1]) - 1, 0)
    row, half = row_of(values, "nps", 4, segment), t_quantile(df, 0.975) * np.sqrt(variance)
    assert [row["change_low"], row["change_high"]] == pytest.approx(
        [row["change"] - half, row["change"] + half], rel=1e-9)


def test_a_share_of_one_answer_a_person_keeps_its_closed_form(tmp_path):
    (tmp_path / "data").mkdir()
    pl.DataFrame({"who": [f"c{i}" for i in range(20)], "day": ["2026-03-01"] * 20,
                  "score": [10] * 15 + [3] * 5}).write_csv(tmp_path / "data/answers.csv")
    (tmp_path / "cxmetrics.yaml").write_text("""\
project: alone
grains: [month]
sources:
  answers: {read: data/answers.csv, time: day, entity: who, columns: {score: {type: integer, scale: 0..10}}}
indicators: {high: {formula: share(answers.score >= 8)}}
""", "utf-8")
    run(tmp_path, RunOptions())
    with Store.open(tmp_path / "store", writable=False) as store:
        row = store.values().row(0, named=True)
    low, high = share_interval(0.75, 20)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


@pytest.mark.parametrize("kind", DESIGNS)
def test_days_that_arrive_one_after_another_give_the_same_to_the_last_bit(kind, rows, tmp_path, monkeypatch):
    """Run by run, now on one engine and now on the other, in small blocks; and all at once."""
    monkeypatch.setattr(cxmetrics.evaluate, "CELLS_AT_ONCE", 20_000)
    text = PROJECT.format(design=DESIGNS[kind]).replace(".parquet", "/*.parquet")
    text = text.replace("[month]", "[day, week, month]")
    found = []
    for name, steps in (("parts", ((1, 12), (12, 20), (20, 29))), ("whole", ((1, 29),))):
        root = tmp_path / name
        if name == "whole":
            monkeypatch.undo()
        for step, (low, high) in enumerate(steps):
            for source, frame in rows.items():
                (root / "data" / source).mkdir(parents=True, exist_ok=True)
                part = frame.with_columns(pl.col("at").str.to_datetime()).drop("month").filter(
                    pl.col("at").dt.day().is_between(low, high, closed="left"))
                for month, days in part.group_by(pl.col("at").dt.month()):
                    days.write_parquet(root / f"data/{source}/{step}-{month[0]}.parquet")
            (root / "cxmetrics.yaml").write_text(text, "utf-8")
            run(root, RunOptions(engine=("duckdb", "polars")[step % 2]))
        with Store.open(root / "store", writable=False) as store:
            found.append(store.values().drop("run").sort("indicator", "grain", "period", "segment", nulls_last=True))
    assert found[0].equals(found[1])
    assert found[0]["change_low"].is_not_null().sum() > 500


@pytest.mark.parametrize(("more", "kept"), [("", 0), ("  waits: {formula: distinct(calls.wait)}\n", 1)])
def test_counts_of_values_known_by_groups_are_stored_by_groups_alone(more, kept, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.format(design="") + more)
    plan = compile_project(tmp_path).plan
    plain = [index for index, partial in enumerate(plan.partials) if partial.per is not None and partial.by is None]
    held = [held_in(plan, index, ((), ("segment",))) for index in plain]
    assert len(held) == 1
    assert len(held[0]) == kept  # what is told apart is found in states as they are stored


FEW = """\
project: few
grains: [month]
privacy: {min_n: 30}
sources:
  answers:
    read: data/answers.parquet
    time: at
    entity: who
    columns: {score: {type: integer, scale: 0..10}, wait: number}
indicators:
  rare: {formula: count(answers where answers.score < 5) / sum(answers.wait)}
"""


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_the_few_rows_of_one_side_of_a_quotient_vary_too(rows, tmp_path, engine):
    (tmp_path / "data").mkdir()
    rows["answers"].with_columns(pl.col("at").str.to_datetime()).drop("month").write_parquet(
        tmp_path / "data/answers.parquet")
    (tmp_path / "cxmetrics.yaml").write_text(FEW, "utf-8")
    run(tmp_path, RunOptions(engine=engine))
    with Store.open(tmp_path / "store", writable=False) as store:
        values = store.values()
    for month in MONTHS:
        part = rows["answers"].filter(month=month)
        few, wait = (part["score"] < 5).to_numpy() * 1.0, part["wait"].to_numpy()
        assert 0 < few.sum() < 30 < part.height
        plan = design(np.ones(part.height), None, part["who"].rank("dense").to_numpy().astype(int))
        expected = taylor_ratio(few, wait, plan)
        row = values.row(by_predicate=pl.col("period") == pl.date(2026, month, 1), named=True)
        assert (row["status"], row["value"], row["low"], row["high"]) == ("ok", *(
            pytest.approx(each[0], rel=1e-9) for each in (expected.value, expected.low, expected.high)))
