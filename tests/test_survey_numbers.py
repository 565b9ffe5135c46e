"""A stratified, clustered, weighted and raked survey on both engines, held against what the package svy computed.

The numbers are those of svy 0.35.0, computed once over the rows drawn here: `Design(stratum, psu, wgt)`, its Taylor
estimates of means, ratios and domains, and after `rake(tol = 1e-14)` those with the weights that came of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from cxmetrics.run import RunOptions, run
from cxmetrics.statistics.survey import design, taylor_ratio
from cxmetrics.store import Store

PROJECT = """\
project: survey
grains: [month]
cuts: [[part]]
dimensions: {part: {}, gender: {}, age: {}}
privacy: {min_n: 1}
sources:
  answers:
    read: answers.csv
    time: 2026-03-01
    entity: unit
    strata: stratum
    weight: {WEIGHT}
    columns: {score: {type: integer, scale: 0..10}, wait: {type: number, unit: s}, w: number}
indicators:
  wait: {formula: mean(answers.wait)}
  nps: {formula: nps(answers.score)}
"""
RAKED = "{base: w, rake: {gender: {f: 50%, m: 50%}, age: {young: 30%, mid: 30%, old: 40%}}}"

# (weights, indicator, part): estimate, standard error, ends of the interval at 95 %
SVY = {
    ("w", "wait", None): (7.478361100826852, 0.3295500959812577, 6.793024158692893, 8.163698042960812),
    ("w", "wait", "a"): (7.380593532934134, 0.3453067299346143, 6.660296316195623, 8.100890749672645),
    ("w", "wait", "b"): (7.55192553076452, 0.41779524515809996, 6.683072754672341, 8.4207783068567),
    ("w", "nps", None): (-12.26089102801432, 10.48496502051728, -34.065569446167494, 9.543787390138853),
    ("w", "nps", "a"): (-8.396007984031938, 14.820448020752725, -39.31092082742584, 22.518904859361967),
    ("w", "nps", "b"): (-15.168991577454978, 12.472876023904972, -41.10775724033969, 10.76977408542973),
    ("raked", "wait", None): (7.358321794603566, 0.3617340582239238, 6.606054639011566, 8.110588950195567),
    ("raked", "wait", "a"): (7.42537706698984, 0.36152365555693783, 6.671251936176133, 8.179502197803547),
    ("raked", "wait", "b"): (7.312717824611828, 0.4883832669112208, 6.297069221209919, 8.328366428013736),
    ("raked", "nps", None): (-7.472092338652674, 11.170504926444845, -30.702429036286127, 15.758244358980777),
    ("raked", "nps", "a"): (-8.756928175036567, 17.807679619391518, -45.90309694170857, 28.38924059163543),
    ("raked", "nps", "b"): (-6.598281632326198, 13.034673559102984, -33.70536922734258, 20.508805962690186),
}
SVY_RATIOS = {None: (0.9054623095281108, 0.06914055895422393, 0.7616766458946964, 1.0492479731615252),
              "a": (0.9275876898032009, 0.08550548216136858, 0.7492263794737427, 1.105949000132659),
              "b": (0.8891919407860011, 0.07848319507256388, 0.725977201734634, 1.0524066798373681)}
SVY_DESIGN_EFFECT = 1.5350829074499706  # of the raked weights


def drawn(state: int) -> Iterator[float]:
    """Numbers from 0 to 1, the same everywhere (Park, Miller, Stockmeyer 1993)."""
    while True:
        state = state * 48271 % 0x7FFFFFFF
        yield state / 0x7FFFFFFF


@pytest.fixture(scope="module")
def rows():
    draw, found = drawn(20261122), []
    for i in range(96):
        stratum, unit = i // 32, i // 4
        found.append({
            "stratum": f"s{stratum}", "unit": f"u{unit}", "w": round(0.5 + 2 * next(draw), 3),
            "score": int(11 * next(draw) ** 0.6), "wait": round(1 + 9 * next(draw) + stratum + (unit % 5) / 2, 2),
            "part": "ab"[int(next(draw) * 2)], "gender": "fm"[int(next(draw) * 1.4)],
            "age": ("young", "mid", "old")[int(next(draw) * 3)]})
    return pl.DataFrame(found)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize(("kind", "weight"), [("w", "w"), ("raked", RAKED)])
def test_estimates_are_those_of_svy(rows, tmp_path, engine, kind, weight):
    rows.write_csv(tmp_path / "answers.csv")
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace("{WEIGHT}", weight), "utf-8")
    report = run(tmp_path, RunOptions(engine=engine))
    with Store.open(tmp_path / "store", writable=False) as store:
        values = store.values()
    for (weights, name, part), (estimate, error, low, high) in SVY.items():
        if weights == kind:
            here = pl.col("part").is_null() if part is None else pl.col("part") == part
            row = values.filter(pl.col("indicator") == name, here).row(0, named=True)
            assert row["value"] == pytest.approx(estimate, rel=1e-9), (name, part)
            assert [row["low"], row["high"]] == pytest.approx([low, high], rel=1e-9), (name, part)
            assert error > 0
    if kind == "raked":
        assert report.raked[0].design_effect == pytest.approx(SVY_DESIGN_EFFECT, rel=1e-9)


def test_ratios_are_those_of_svy(rows):
    strata, units = (rows[name].rank("dense").to_numpy().astype(int) - 1 for name in ("stratum", "unit"))
    plan = design(rows["w"].to_numpy(), strata, units)
    for part, expected in SVY_RATIOS.items():
        inside = np.where((rows["part"] == part).to_numpy() if part else True, 0, -1)
        found = taylor_ratio(rows["score"].to_numpy(), rows["wait"].to_numpy(), plan, inside)
        assert [found.value[0], found.error[0], found.low[0], found.high[0]] == pytest.approx(expected, rel=1e-9)
