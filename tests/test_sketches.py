"""Distincts with an accuracy: samples of texts, how far off they are, and that they are the same however they merge."""

import csv
import datetime as dt
from fractions import Fraction
from hashlib import sha256
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.run import RunOptions, run
from cxmetrics.sketches import COARSEST, FINEST, TOP, kept_for, level_of
from cxmetrics.statistics.sampling import sampled_error, thinned
from cxmetrics.store import Store

TEXTS = st.lists(st.integers(0, 400).map(str), max_size=300)


def zeros(text):
    """The level of a text, counted on the digits of its hash."""
    bits = f"{int(sha256(f'cxmetrics distinct {text}'.encode()).hexdigest()[-8:], 16):032b}"
    return min(len(bits) - len(bits.rstrip("0")), 8)


def kept_of(texts, keep, top=8):
    """The plain rule: the lowest level with no more than so many texts, and how many these are."""
    levels = [zeros(text) for text in set(texts)]
    floor = next((f for f in range(top) if sum(level >= f for level in levels) <= keep), top)
    return sum(level >= floor for level in levels), floor


def estimate(texts, keep):
    """Each text stands for 2^level."""
    count, floor = kept_of(texts, keep)
    return count * 2**floor


def sample(texts, keep):
    """A sample as states hold it: text -> (level, how many it stood for)."""
    names = sorted(set(texts))
    level = np.array([level_of(name) for name in names], np.int64)
    kept, floor = thinned(np.zeros(len(names), np.int64), level, keep, np.zeros(1, np.int64), TOP)
    return {name: (int(own), int(floor[0])) for name, own, there in zip(names, level, kept, strict=True) if there}


def merged(samples, keep):
    """The estimate of a union of samples."""
    rows = {}
    for one in samples:
        for name, (level, floor) in one.items():
            rows[name] = level, max(floor, rows.get(name, (0, 0))[1])
    level = np.array([own for own, _ in rows.values()], np.int64)
    least = np.array([max((floor for _, floor in rows.values()), default=0)], np.int64)
    kept, floor = thinned(np.zeros(len(rows), np.int64), level, keep, least, TOP)
    return int(kept.sum() * 2 ** floor[0])


@given(text=st.text())
def test_a_level_is_how_many_zeros_a_hash_ends_with(text):
    assert level_of(text) == zeros(text)


def test_half_of_all_texts_have_each_higher_level():
    levels = np.bincount([level_of(f"customer {number}") for number in range(2**16)], minlength=9)
    # 2^15 are expected of level 0, 2^14 of 1 …, 2^8 of the last two; four standard errors at most
    expected = np.array([2**15 / 2**level for level in range(8)] + [2**8])
    assert (abs(levels - expected) < 4 * np.sqrt(expected)).all()


@pytest.mark.parametrize(("accuracy", "keep"), [(0.2, 193), (0.05, 3074), (0.02, 19208), (0.01, 76830)])
def test_how_many_are_kept(accuracy, keep):
    # 2 · (1.959964 / accuracy)²: 1.959964² = 3.841459, 2 · 3.841459 / 0.04 = 192.07, / 0.0001 = 76829.2
    assert kept_for(accuracy) == keep


@given(texts=TEXTS, keep=st.integers(1, 40))
def test_a_sample_is_by_the_plain_rule_and_few_texts_are_exact(texts, keep):
    assert merged([sample(texts, keep)], keep) == estimate(texts, keep)
    if len(set(texts)) <= keep:
        assert estimate(texts, keep) == len(set(texts))


@given(parts=st.lists(TEXTS, min_size=1, max_size=5), keep=st.integers(8, 60), seed=st.integers(0, 2**32))
def test_samples_merge_to_that_of_the_union_in_any_order(parts, keep, seed):
    samples = [sample(part, keep) for part in parts]
    whole = estimate([text for part in parts for text in part], keep)
    Random(seed).shuffle(samples)
    assert merged(samples, keep) == whole
    assert merged([*samples, samples[0]], keep) == whole  # what comes twice counts once


@given(accuracy=st.floats(FINEST, COARSEST))
def test_more_accuracy_keeps_more(accuracy):
    wanted = 2 * (Fraction("1.959964") / Fraction(accuracy)) ** 2
    assert kept_for(accuracy) + 0.0001 >= wanted > kept_for(accuracy) - 1.0001


def test_95_of_100_counts_are_within_the_accuracy():
    draw, keep, errors, held = np.random.default_rng(7), kept_for(COARSEST), [], []
    for _ in range(4000):
        n = int(draw.integers(200, 20_000))
        level = np.minimum(draw.geometric(0.5, n) - 1, TOP)  # what the levels of n texts are
        kept, floor = thinned(np.zeros(n, np.int64), level, keep, np.zeros(1, np.int64), TOP)
        count = int(kept.sum())
        found, error = count * 2.0 ** floor[0], sampled_error(np.array([count]), floor)[0]
        errors.append((found - n) / n)
        held.append(abs(found - n) <= 1.959964 * error)
    assert abs(np.mean(errors)) < 4 * 0.09 / np.sqrt(4000)  # unbiased
    assert np.sqrt(np.mean(np.square(errors))) < 1.25 / np.sqrt(keep)
    assert np.mean(np.abs(errors) <= COARSEST) > 0.95
    assert np.mean(held) > 0.93  # the interval


# --- the whole way -------------------------------------------------------------------------------------------------

PROJECT = """\
project: sketches
grains: [day, month]
dimensions: {branch: {}}
cuts: [[branch]]
sources:
  visits:
    read: data/visits*.csv
    time: day
    columns: {day: date, branch: text, who: {type: text, class: %s}, till: integer}
    dimensions: {branch: branch}
indicators:
  near: {formula: "distinct(visits.who, accuracy = 20%%)"}
  tills: {formula: "distinct(visits.till, accuracy = 20%%)"}
  some: {formula: "distinct(visits.who, accuracy = 20%% where visits.till > 100)"}
  exact: {formula: distinct(visits.who)}
  lately: {formula: "distinct(visits.who, accuracy = 20%% over 2 d)"}
"""


def drawn(days, seed):
    draw = Random(seed)
    return [(dt.date(2026, 3, 1 + day), draw.choice("aaaaaab"), f"客户{int(draw.paretovariate(0.3)) % 900}",
             draw.randrange(600)) for day in range(days) for _ in range(900)]


def written(folder, rows, name="visits", personal="C2"):
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "cxmetrics.yaml").write_text(PROJECT % personal, encoding="utf-8")
    with (folder / "data" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("day", "branch", "who", "till"), *rows])


def stored(folder, engine="duckdb"):
    run(folder, RunOptions(engine=engine))
    with Store.open(folder / "store", writable=False) as store:
        frame = store.values().filter(pl.col("status") != "no_data")
    return {(row["indicator"], row["grain"], row["period"], row["branch"]): (row["value"], row["low"], row["high"])
            for row in frame.iter_rows(named=True)}


def plainly(rows):
    """The indicators of every day and of the month, in total and by branch, by the plain rule."""
    keep, found = kept_for(0.2), {}
    for day in [None, *sorted({row[0] for row in rows})]:
        for branch in (None, "a", "b"):
            own = [row for row in rows if row[0] == (day or row[0]) and row[1] == (branch or row[1])]
            near = [row for row in rows if (day or row[0]) - dt.timedelta(1) <= row[0] <= (day or row[0])
                    and row[1] == (branch or row[1])]
            place = "day" if day else "month", day or dt.date(2026, 3, 1), branch
            found["near", *place] = estimate([row[2] for row in own], keep)
            found["tills", *place] = estimate([str(row[3]) for row in own], keep)
            found["some", *place] = estimate([row[2] for row in own if row[3] > 100], keep)
            found["exact", *place] = len({row[2] for row in own})
            if day:
                found["lately", *place] = estimate([row[2] for row in near], keep)
    return found


@pytest.mark.parametrize("personal", ["C1", "C2"])
def test_both_engines_give_what_the_plain_rule_does(tmp_path, personal):
    rows = drawn(4, 11)
    wanted = plainly(rows)
    assert any(value != wanted["exact", *place] for (name, *place), value in wanted.items() if name == "near")
    found = []
    for engine in ("duckdb", "polars"):
        written(tmp_path / engine, rows, personal=personal)
        found.append(stored(tmp_path / engine, engine))
        assert {place: value for place, (value, _, _) in found[-1].items() if place in wanted} == wanted
    assert found[0] == found[1]


def test_a_day_that_comes_later_makes_no_difference(tmp_path):
    rows = drawn(3, 5)
    written(tmp_path / "full", rows)
    full = stored(tmp_path / "full")
    written(tmp_path / "later", [row for row in rows if row[0].day < 3])
    stored(tmp_path / "later", "polars")
    written(tmp_path / "later", [row for row in rows if row[0].day == 3], "visits.2")
    assert stored(tmp_path / "later") == full


def test_what_is_told_of_sureness(tmp_path):
    rows = drawn(2, 3)
    written(tmp_path, rows)
    found = stored(tmp_path)
    for day in (1, 2):
        place = "day", dt.date(2026, 3, day), None
        count, floor = kept_of([row[2] for row in rows if row[0].day == day], kept_for(0.2))
        assert floor > 0
        # each text is kept with probability p = 2^-floor: the variance of count/p is count · (1 − p)/p²
        half = 1.959964 * (count * (1 - 0.5**floor)) ** 0.5 * 2**floor
        value, low, high = found["near", *place]
        assert (low, high) == (pytest.approx(value - half, rel=1e-6), pytest.approx(value + half, rel=1e-6))
        assert found["exact", *place][1:] == (None, None)

