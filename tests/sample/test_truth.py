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
from cxmetrics.run import RunOptions, RunReport, run
from cxmetrics.sample import write_bank
from cxmetrics.sample.expectation import answer, at_least, held_between, lognormal, quantile, together, two
from cxmetrics.store import Store

RETAIL_BANK = Path(__file__).parents[2] / "definitions" / "retail_bank"
SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
STATED = 0.93
NO_TRUTH = {"complaint_reasons"}  # a count, which is the whole truth


class Bank(NamedTuple):
    truth: Mapping[str, Any]
    report: RunReport
    values: list[dict[str, Any]]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The retail bank by month and region, run over data of its own."""
    root = tmp_path_factory.mktemp("bank")
    shutil.copytree(RETAIL_BANK, root, dirs_exist_ok=True)
    project = root / "cxmetrics.yaml"
    narrow = {"grains": "grains: [month]", "cuts": "cuts: [[region]]"}
    lines = [narrow.get(line.partition(":")[0], line) for line in project.read_text("utf-8").splitlines()]
    project.write_text("\n".join(lines) + "\n", "utf-8")
    write_bank(root, rows=500_000)
    report = run(root, RunOptions(), lambda *_: None)
    with Store.open(root / "store", writable=False) as store:
        values = store.values()
    others = set(values.columns[values.columns.index("period") + 1:values.columns.index("value")]) - {"region"}
    held = [row for row in values.iter_rows(named=True) if all(row[name] is None for name in others)]
    return Bank(yaml.safe_load((root / "data" / "truth.yaml").read_text("utf-8")), report, held)


def units() -> dict[str, float]:
    """What one of each indicator's unit is in what truths are stated in."""
    pyramid = compile_project(RETAIL_BANK).pyramid
    return {name: SECONDS.get(str(one.unit), 1.0) for name, one in pyramid.indicators.items()}


def held(bank: Bank) -> dict[str, list[bool]]:
    """By indicator, whether the truth of each cell with an interval lies in it."""
    size, found = units(), defaultdict(list)
    for row in bank.values:
        months = bank.truth["true_values"].get(row["indicator"])
        if months is None or row["status"] != "ok" or row["low"] is None or row["region"] == "(missing)":
            continue
        true = months[f"{row['period']:%Y-%m}"][row["region"] or "total"] / size[row["indicator"]]
        found[row["indicator"]].append(row["low"] <= true <= row["high"])
    return found


def test_intervals_hold_the_truth_as_often_as_they_say(bank):
    cells = held(bank)
    inside = [one for found in cells.values() for one in found]
    assert len(inside) > 2_500
    assert np.mean(inside) >= STATED
    assert np.mean(inside) < 0.99  # intervals that hold everything say nothing
    assert {name: np.mean(found) for name, found in cells.items() if np.mean(found) < 0.6} == {}


def test_every_factor_has_a_truth(bank):
    pyramid = compile_project(RETAIL_BANK).pyramid
    factors = {name for name, one in pyramid.indicators.items() if not getattr(one, "children", ())}
    assert factors - NO_TRUTH == set(bank.truth["true_values"])


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
    opinion = 4.2 + 0.6 * z[2]
    asked = np.clip(np.rint(opinion), 1, 5)
    assert answer(1, 5, np.array([4.2]), 0.6)[0] == pytest.approx(asked.mean(), abs=0.005)
    assert at_least(4, np.array([4.2]), 0.6)[0] == pytest.approx((asked >= 4).mean(), abs=0.005)
    assert held_between(0.1, 0.9, np.array([0.7]), 0.2)[0] == pytest.approx(
        np.clip(0.7 + 0.2 * z[3], 0.1, 0.9).mean(), abs=0.002)
