"""The retail bank's indicators over generated data, held against the values that the generator states.

The true values are worked out from the distributions that rows are drawn from, without looking at a row.
"""

import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml

from cxmetrics.compile import compile_project
from cxmetrics.ir import Edge, Indicator, Project, Pyramid
from cxmetrics.run import RunOptions, RunReport, SourceReport, run
from cxmetrics.sample.bank import write_bank
from cxmetrics.sample.expectation import along, answer, at_least, held_between, lognormal, quantile, together, two
from cxmetrics.sample.true_scores import true_scores
from cxmetrics.score_rules import Anchors
from cxmetrics.store import Store
from cxmetrics.units import SCORE, SHARE, duration

RETAIL_BANK = Path(__file__).parents[2] / "definitions" / "retail_bank"
SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
STATED = 0.93
ENOUGH = 30  # rows behind a cell
NO_TRUTH = {"complaint_reasons", "answered_alike"}  # counts, which are the whole truth


class Bank(NamedTuple):
    truth: Mapping[str, Any]
    report: RunReport
    values: list[dict[str, Any]]
    teams: list[dict[str, Any]]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The retail bank by month and region, run over data of its own."""
    root = tmp_path_factory.mktemp("bank")
    shutil.copytree(RETAIL_BANK, root, dirs_exist_ok=True)
    project = root / "cxmetrics.yaml"
    narrow = {"grains": "grains: [month]", "cuts": "cuts: [[region]]", "privacy": "privacy: {min_n: 1}"}
    lines = [narrow.get(line.partition(":")[0], line) for line in project.read_text("utf-8").splitlines()]
    project.write_text("\n".join(lines) + "\n", "utf-8")
    write_bank(root, rows=500_000)
    report = run(root, RunOptions(), lambda *_: None)
    with Store.open(root / "store", writable=False) as store:
        values = store.values()
    teams = [row for row in values.iter_rows(named=True)
             if row["indicator"] == "keypress_response" and row["agent_team"] not in (None, "(missing)")]
    others = set(values.columns[values.columns.index("period") + 1:values.columns.index("value")]) - {"region"}
    held = [row for row in values.iter_rows(named=True) if all(row[name] is None for name in others)]
    return Bank(yaml.safe_load((root / "data" / "truth.yaml").read_text("utf-8")), report, held, teams)


def units() -> dict[str, float]:
    """What one of each indicator's unit is in what truths are stated in."""
    pyramid = compile_project(RETAIL_BANK).pyramid
    return {name: SECONDS.get(str(one.unit), 1.0) for name, one in pyramid.indicators.items()}


def held(bank: Bank) -> dict[str, dict[tuple[str, str], bool]]:
    """By indicator and cell (month and place), whether the truth lies in the interval."""
    size, found = units(), defaultdict(dict)
    for row in bank.values:
        months = bank.truth["true_values"].get(row["indicator"])
        whole = row["status"] == "ok" and row["low"] is not None and row["n"] >= ENOUGH
        if months is None or not whole or row["region"] == "(missing)":
            continue
        cell = f"{row['period']:%Y-%m}", row["region"] or "total"
        true = months[cell[0]][cell[1]] / size[row["indicator"]]
        found[row["indicator"]][cell] = row["low"] <= true <= row["high"]
    return found


def test_intervals_hold_the_truth_as_often_as_they_say(bank):
    cells = held(bank)
    parents = {name for name, one in compile_project(RETAIL_BANK).pyramid.indicators.items() if one.children}
    every = [one for found in cells.values() for one in found.values()]
    factors = [one for name, found in cells.items() if name not in parents for one in found.values()]
    composites = [one for name in parents for one in cells[name].values()]
    assert (len(every) > 5_000, len(factors) > 2_500, len(composites) > 1_600) == (True, True, True)
    for inside in (every, factors, composites):
        assert STATED <= np.mean(inside) < 0.99  # intervals that hold everything say nothing
    poor = {name for name, found in cells.items() if np.mean(list(found.values())) < 0.6} - parents
    assert poor == set()


# Kind of dirt: where the report of a run counts it.
LEFT_OUT = {"incomplete", "test_row", "maintenance", "drill", "not_applicable", "coached", "monitoring", "mapped_twice"}
REJECTED = {
    "out_of_scale": ("score: scale", "rating: scale"),
    "unknown_value": ("result: values",),
    "late": ("received_at: late", "receive_time: late"),
    "clock_skew": ("submitted_at: skew", "event_time: skew"),
}
NOT_FINITE = {"nan_measure": ("latency_ms",), "nan_row": ("lcp_ms", "inp_ms", "cls", "fcp_ms")}
REPEATED = {"duplicate", "recoded", "merged"}
UNSEEN = {"survey_skipped"}  # what was not done leaves no row; rates tell of it
# Flags that hold for rows of several kinds; all others are named like the one kind that they count.
FLAGGED = {
    "skipped": ("skipped", "zero_as_no_answer"),
    "no_answer": ("dont_know", "skipped", "not_asked", "zero_as_no_answer", "null_score", "out_of_scale"),
    "no_result": ("null_result", "unknown_value"),
}


def counted(source: SourceReport, planted: Mapping[str, int]) -> dict[str, int]:
    """What the report tells of the kinds that were planted in the source's files."""
    found = dict[str, int]()
    for kind, reasons in REJECTED.items():
        if kind in planted:
            found[kind] = sum(source.rejected.get(reason, 0) for reason in reasons)
    if "other_encoding" in planted:  # of files, not of rows
        found["other_encoding"] = source.effort.decoded
    for kind, columns in NOT_FINITE.items():
        for column in columns if kind in planted else ():
            found[kind] = source.nulled[f"{column}: not finite"]
    return found


def test_dirt_is_counted_by_the_run_as_it_was_planted(bank):
    """To the row, where 1 % would do; every kind is counted by a flag, a reason or the rows that are repeated."""
    sources = compile_project(RETAIL_BANK).pyramid.sources
    for source in bank.report.sources:
        planted = bank.truth["dirt"].get(sources[source.id].read.removeprefix("data/").rpartition("/")[0], {})
        flags = {name: FLAGGED.get(name, (name,)) for name, _ in sources[source.id].flags}
        assert {name: source.flagged.get(name, 0) for name in flags} == {
            name: sum(planted[kind] for kind in kinds) for name, kinds in flags.items()}, source.id
        found = counted(source, planted)
        assert found == {kind: planted[kind] for kind in found}, source.id
        assert source.duplicates == sum(planted.get(kind, 0) for kind in REPEATED), source.id
        assert source.dropped == sum(planted.get(kind, 0) for kind in LEFT_OUT), source.id
        assert sum(source.rejected.values()) == sum(planted.get(kind, 0) for kind in REJECTED), source.id
        assert source.kept == source.read - source.dropped - source.duplicates - sum(source.rejected.values())
        by_flag = {kind for kinds in flags.values() for kind in kinds}
        told = {*by_flag, *found, *REPEATED, *UNSEEN}
        assert {kind for kind, rows in planted.items() if rows} <= told


def test_agents_who_do_not_ask_are_seen_by_what_is_missing(bank):
    """Rated calls of each team, by its answered calls: one team has fewer by as many as were skipped."""
    teams = defaultdict(lambda: [0, 0.0])
    for row in bank.teams:
        teams[row["agent_team"]][0] += row["n"]
        teams[row["agent_team"]][1] += row["n"] * row["value"]
    rates = {team: rated / calls for team, (calls, rated) in teams.items()}
    poorest = min(rates, key=lambda team: rates[team])
    usual = np.mean([rate for team, rate in rates.items() if team != poorest])
    missed = (usual - rates[poorest]) * teams[poorest][0]
    luck = 4 * np.sqrt(teams[poorest][0] * usual * (1 - usual) * (1 + 1 / (len(teams) - 1)))
    assert poorest == "T03"
    assert luck < missed + luck < bank.truth["dirt"]["call"]["survey_skipped"] + 2 * luck


def test_rows_that_do_not_say_their_place_are_a_slice_of_their_own(bank):
    """Complaints without a branch have no region: `count(complaint)` of that slice, over the months."""
    whole = [row["n"] for row in bank.values if row["indicator"] == "complaint_repeat" and row["region"] is None]
    told = [row["n"] for row in bank.values
            if row["indicator"] == "complaint_repeat" and row["region"] not in (None, "(missing)")]
    assert sum(whole) - sum(told) == bank.truth["dirt"]["complaint"]["null_branch"]


def test_codes_for_no_answer_are_no_answers(bank):
    report = next(one for one in bank.report.sources if one.id == "overall_answers")
    answered = sum(row["n"] for row in bank.values if row["indicator"] == "csi" and row["region"] is None)
    planted = bank.truth["dirt"]["survey_answer/overall"]
    assert report.kept - answered == sum(
        planted[kind] for kind in ("dont_know", "skipped", "not_asked", "null_score"))


def test_every_indicator_has_a_truth(bank):
    pyramid = compile_project(RETAIL_BANK).pyramid
    assert set(pyramid.indicators) - NO_TRUTH == set(bank.truth["true_values"])


def test_true_scores_follow_from_true_values_by_hand():
    """60 points at 2 s and 100 at 1 s: 1.25 s earns 90; 97 % between 0 at 90 % and 100 at 100 %: 70.

    The touchpoint is 3/4 · 90 + 1/4 · 70 = 85; of the journey the other child has no truth and half of the weight.
    """
    indicators = {one.id: one for one in (
        Indicator("wait", None, {}, duration("ms"), "down", score=Anchors(((1_000, 100), (2_000, 60), (9_000, 0)))),
        Indicator("done", None, {}, SHARE, "up", score=Anchors(((0.9, 0), (1.0, 100)))),
        Indicator("other", None, {}, SHARE, "up", score=Anchors(((0.9, 0), (1.0, 100)))),
        Indicator("touchpoint", None, {}, SCORE, "up", children=(Edge("wait", 3), Edge("done", 1))),
        Indicator("journey", None, {}, SCORE, "up", children=(Edge("touchpoint", 1), Edge("other", 1))),
        Indicator("little", None, {}, SCORE, "up", children=(Edge("touchpoint", 1), Edge("other", 2))),
    )}
    true = {"wait": {"2026-07": {"total": 1.25}}, "done": {"2026-07": {"total": 0.97, "wuhan": 0.5}}}
    found = true_scores(Pyramid(Project("bank", {}), {}, {}, indicators), true)
    assert found["touchpoint"] == {"2026-07": {"total": pytest.approx(85)}}  # of wuhan a quarter of the weight is told
    assert found["journey"] == {"2026-07": {"total": pytest.approx(85)}}
    assert "little" not in found


def test_the_expectations_are_those_of_the_distributions():
    """Against plain numbers: a lognormal's quantile by the normal table, the others by drawing."""
    assert lognormal(2.0, 0.5).quantile(0.975) == pytest.approx(2 * np.exp(0.5 * 1.959964), rel=1e-6)
    assert lognormal(2.0, 0.5).mean() == pytest.approx(2 * np.exp(0.125))
    rng = np.random.default_rng(5)
    z = rng.standard_normal((4, 400_000))
    slow = np.where(rng.random(400_000) < 0.2, 3.0, 1.0)
    mixed, other = slow * np.exp(0.4 * z[0]), 2 * np.exp(0.3 * z[1])
    assert two(1.0, 0.4, 0.2, 3.0).quantile(0.9) == pytest.approx(np.quantile(mixed, 0.9), rel=0.01)
    assert quantile(together(two(1.0, 0.4, 0.2, 3.0), lognormal(2.0, 0.3)), 0.5) == pytest.approx(
        np.quantile(mixed + other, 0.5), rel=0.01)
    assert np.abs(along(np.sin, z[2]) - np.sin(z[2])).max() < 1e-6  # of steps of 0.0025 an eighth of the square
    assert (along(np.sin, np.ones(3)) == np.sin(1)).all()
    opinion = 4.2 + 0.6 * z[2]
    asked = np.clip(np.rint(opinion), 1, 5)
    assert answer(1, 5, np.array([4.2]), 0.6)[0] == pytest.approx(asked.mean(), abs=0.005)
    assert at_least(4, np.array([4.2]), 0.6)[0] == pytest.approx((asked >= 4).mean(), abs=0.005)
    assert held_between(0.1, 0.9, np.array([0.7]), 0.2)[0] == pytest.approx(
        np.clip(0.7 + 0.2 * z[3], 0.1, 0.9).mean(), abs=0.002)
