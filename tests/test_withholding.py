"""What a store shows does not tell what it hides: random projects are run, and attacked with linear algebra.

The attacker takes every row of `values` that has a value and an n: n times a mean is a sum over rows, and so is n times
a share, an NPS, a sum.  What was asked on each day in each place is unknown, but for cells that are known to be empty.
"""

import datetime as dt
import random
from itertools import product

import numpy as np
import polars as pl
import pytest

from cxmetrics.ir import GRAINS as GRAINS_OF_ALL
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

PROJECT = """
project: attacked
grains: [{grains}]
cuts: [{cuts}]
privacy: {{min_n: {least}}}
year_start: {year_start}
dimensions: {{region: {{title: Region}}, branch: {{within: region}}, segment: {{title: Segment}}}}
sources:
  answers:
    read: data/*.csv
    time: day
    columns: {{score: {{type: integer, scale: 0..10}}}}
indicators:
  average: {{formula: mean(answers.score), score: {{0: 0, 100: 10}}}}
  nps: {{formula: nps(answers.score), score: {{-100: -100, 100: 100}}}}
  good: {{formula: share(answers.score >= 9)}}
  added: {{formula: sum(answers.score)}}
  counted: {{formula: count(answers)}}
  index: {{children: {{average: 1, other: 1}}}}
  other: {{formula: mean(answers.score where answers.score > 4), score: {{0: 0, 100: 10}}}}
  {windowed}
"""
CUTS = {"region": ("region",), "branch": ("branch",), "region, branch": ("region", "branch"),
        "segment": ("segment",), "region, segment": ("region", "segment")}
GRAINS = (["month"], ["day", "week"], ["day", "week", "month"], ["day", "month", "year"],
          ["week", "month", "quarter", "year"])
WINDOWED = ("", "", "so_far: {formula: year_to_date(average)}", "ever: {formula: inception_to_date(average)}",
            "trailing: {formula: 'rolling(average, 9 d)'}")
DAYS = {"day": lambda day, _: day, "week": lambda day, _: day - dt.timedelta(day.weekday()),
        "month": lambda day, _: day.replace(day=1),
        "quarter": lambda day, begin: months(day, (day.month - begin) % 3),
        "year": lambda day, begin: months(day, (day.month - begin) % 12)}
SUMS = ("average", "nps", "good", "added", "so_far", "ever", "trailing")


def months(day, back):
    number = day.year * 12 + day.month - 1 - back
    return dt.date(number // 12, number % 12 + 1, 1)


class Drawn:
    """A project and its rows."""

    def __init__(self, seed):
        draw = random.Random(seed)
        self.grains = draw.choice(GRAINS)
        self.cuts = draw.choice([["region"], ["region", "region, branch"], ["region", "region, branch", "segment"],
                                 ["segment"], ["region", "branch"], ["region", "segment", "region, segment"]])
        self.least, self.begin = draw.choice([2, 3, 6]), draw.choice([1, 4])
        branches = [(f"r{i % draw.choice([1, 2, 3])}", f"b{i}") for i in range(draw.choice([1, 3, 5]))]
        first = draw.choice([dt.date(2025, 12, 22), dt.date(2026, 3, 25), dt.date(2026, 2, 1)])
        self.rows = [(first + dt.timedelta(draw.randrange(20)), *draw.choice(branches), draw.choice("xyz"),
                      draw.randrange(11)) for _ in range(draw.choice([6, 25, 90]))]
        self.text = PROJECT.format(
            grains=", ".join(self.grains), cuts=", ".join(f"[{cut}]" for cut in self.cuts), least=self.least,
            year_start={1: "january", 4: "april"}[self.begin], windowed=draw.choice(WINDOWED))

    def write(self, folder, upto=None):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "cxmetrics.yaml").write_text(self.text)
        for number, rows in enumerate((self.rows[:upto], [] if upto is None else self.rows[upto:])):
            if rows:
                lines = [",".join(map(str, row)) for row in rows]
                (folder / "data" / f"{number}.csv").write_text("\n".join(["day,region,branch,segment,score", *lines]))


def values(folder):
    with Store.open(folder / "store") as store:
        return store.values().drop("run")


def looked_at(row, begin):
    """The days of a row of `values`, as (first, after)."""
    first = row["period"]
    after = {"day": first + dt.timedelta(1), "week": first + dt.timedelta(7), "month": months(first, -1),
             "quarter": months(first, -3), "year": months(first, -12)}[row["grain"]]
    if row["indicator"] == "so_far":
        return DAYS["year"](after - dt.timedelta(1), begin), after
    if row["indicator"] == "ever":
        return dt.date.min, after
    return (after - dt.timedelta(9), after) if row["indicator"] == "trailing" else (first, after)


class Attack:
    """What follows from a table of values.  The unknowns: what was answered by day, branch and segment."""

    def __init__(self, drawn, table):
        self.drawn, self.rows = drawn, list(table.iter_rows(named=True))
        days = sorted({row[0] for row in drawn.rows})
        places = sorted({row[1:3] for row in drawn.rows})
        self.atoms = list(product(days, places, "xyz"))
        self.empty = np.zeros(len(self.atoms), np.bool_)
        for row in self.rows:
            if row["indicator"] == "counted" and row["value"] == 0:
                self.empty |= self.cell(row)
        for dims in [("region", "branch")[:size] for size in (0, 1, 2)] + [("segment",), ("region", "segment")]:
            if not dims or dims in [CUTS[cut] for cut in drawn.cuts] or (dims == ("region", "branch") and
                                                                        "branch" in drawn.cuts):
                self.without_rows(dims, {"day"} & set(drawn.grains))

    def without_rows(self, dims, grains):
        """Slices and days of which there is no row in the table are known to be empty."""
        place = {"region": lambda row: row[1], "branch": lambda row: row[2], "segment": lambda row: row[3]}
        for grain in grains:
            seen = {(DAYS[grain](row[0], 1), *(place[name](row) for name in dims)) for row in self.drawn.rows}
            for number, (day, (region, branch), segment) in enumerate(self.atoms):
                whole = (day, region, branch, segment)
                if (day, *(place[name](whole) for name in dims)) not in seen:
                    self.empty[number] = True

    def cell(self, row):
        first, after = looked_at(row, self.drawn.begin)
        return np.array([first <= day < after and row.get("region") in (None, region) and row.get("branch") in
                         (None, branch) and row.get("segment") in (None, segment)
                         for day, (region, branch), segment in self.atoms])

    def found(self, name):
        """The rows of an indicator with too few answers whose sum follows from what is shown of it."""
        names = (name, "so_far", "ever", "trailing") if name == "average" else (name,)
        own = [row for row in self.rows if row["indicator"] in names]
        used = ~self.empty
        hidden = [row for row in own if row["status"] == "low_n"]
        shown, secret = (np.array([self.cell(row)[used] for row in rows], float).reshape(-1, used.sum())
                         for rows in ([row for row in own if row["value"] is not None], hidden))
        _, sizes, axes = np.linalg.svd(shown, full_matrices=False)
        spanned = axes[sizes > 1e-9]
        left = np.linalg.norm(secret - secret @ spanned.T @ spanned, axis=1)
        return [row for row, length in zip(hidden, left, strict=True) if length < 1e-6]


@pytest.mark.parametrize("seed", range(24))
def test_what_is_hidden_does_not_follow_from_what_is_shown(seed, tmp_path):
    drawn = Drawn(seed)
    drawn.write(tmp_path)
    run(tmp_path, RunOptions(engine="polars"))
    table = values(tmp_path)
    attack = Attack(drawn, table)
    for name in ("average", "nps", "good", "added"):
        assert attack.found(name) == []
    for row in attack.rows:
        answers = sum(one[0] is not None for one in drawn.rows
                      if looked_at(row, drawn.begin)[0] <= one[0] < looked_at(row, drawn.begin)[1]
                      and all(row.get(key) in (None, one[place])
                              for place, key in enumerate(("region", "branch", "segment"), 1)))
        if row["indicator"] in SUMS and 0 < answers < drawn.least:
            assert row["status"] == "low_n"
        if row["status"] in ("low_n", "withheld"):
            assert [row[key] for key in ("value", "n", "score", "low", "high", "change", "gap")] == [None] * 7
    shown, hidden = ({(row["indicator"], row["grain"], row["period"],
                       *(row.get(key) for key in ("region", "branch", "segment")))
                      for row in attack.rows if row["status"] in statuses}
                     for statuses in (("ok", "partial"), ("low_n", "withheld")))
    for key in shown:
        if key[0] == "index":  # either child would follow from the other
            assert all((child, *key[1:]) in shown or (child, *key[1:]) not in hidden for child in ("average", "other"))


@pytest.mark.parametrize("seed", range(200, 208))
def test_days_that_come_later_hide_what_a_run_of_all_hides(seed, tmp_path):
    drawn, folders = Drawn(seed), (tmp_path / "all", tmp_path / "late")
    drawn.rows.sort()
    for folder in folders:
        folder.mkdir()
    drawn.write(folders[0])
    run(folders[0], RunOptions(engine="polars"))
    for upto in (len(drawn.rows) // 2, len(drawn.rows) - 1, None):
        drawn.write(folders[1], upto)
        run(folders[1], RunOptions(engine="duckdb"))
        if upto is None:
            (folders[1] / "data" / "1.csv").unlink()
            run(folders[1], RunOptions(engine="duckdb"))
    assert values(folders[1]).equals(values(folders[0]))


@pytest.mark.parametrize("seed", range(300, 304))
def test_a_day_at_a_time_hides_what_a_run_of_all_hides(seed, tmp_path):
    """Each file is a day, in order but for one that is late and one that is corrected; drafts are equal too."""
    drawn, draw = Drawn(seed), random.Random(seed)
    days = sorted({row[0] for row in drawn.rows})
    late, corrected = draw.choice(days), draw.choice(days)
    files = {day: [row for row in drawn.rows if row[0] == day] for day in days}
    folders = tmp_path / "all", tmp_path / "daily"
    for folder in folders:
        (folder / "data").mkdir(parents=True)
        (folder / "cxmetrics.yaml").write_text(drawn.text)

    def deliver(folder, day, rows):
        (folder / "data" / f"{day}.csv").write_text(
            "\n".join(["day,region,branch,segment,score", *(",".join(map(str, row)) for row in rows)]))

    for day in [*(day for day in days if day != late), late, corrected]:
        short = day == corrected and day not in known(folders[1])
        deliver(folders[1], day, files[day][:-1] or files[day] if short else files[day])
        run(folders[1], RunOptions(engine="polars"))
    for day, rows in files.items():
        deliver(folders[0], day, rows)
    run(folders[0], RunOptions(engine="polars"))
    assert values(folders[1]).equals(values(folders[0]))
    assert drafts(folders[1]).equals(drafts(folders[0]))


def known(folder):
    """The days of which a store has a file."""
    if not (folder / "store").exists():
        return set()
    with Store.open(folder / "store") as store:
        return {file.first for file in store.inputs("answers").values()}


def drafts(folder):
    """What a store keeps of values as they were before anything was withheld."""
    with Store.open(folder / "store") as store:
        return pl.concat([store.drafts(grain, dt.date.min, dt.date.max)[1] for grain in GRAINS_OF_ALL])


CARRIED = """
project: carried
grains: [day, month]
privacy: {min_n: 3}
sources:
  survey: {read: survey.csv, time: day, columns: {score: number}}
  calls: {read: calls.csv, time: day, columns: {score: number}}
indicators:
  survey: {formula: mean(survey.score), score: {0: 0, 100: 100}}
  calls: {formula: mean(calls.score), score: {0: 0, 100: 100}}
  index: {children: [survey, calls], missing: carry(5 d)}
"""


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_what_is_carried_over_the_end_of_a_unit_of_time_is_hidden_as_it_was(engine, tmp_path):
    """The survey has 2 rows on 31 January, and 3 on the 29th, which would tell of them with those of the month.

    They are carried on, into February too, of which it has none but on the 9th.
    """
    (tmp_path / "cxmetrics.yaml").write_text(CARRIED)
    days = [f"2026-01-{day}" for day in (29, 30, 31)] + [f"2026-02-0{day}" for day in range(1, 10)]
    (tmp_path / "calls.csv").write_text("\n".join(["day,score", *(f"{day},50" for day in days for _ in range(3))]))
    answers = ["2026-01-29"] * 3 + ["2026-01-31"] * 2 + ["2026-02-09"] * 3
    (tmp_path / "survey.csv").write_text("\n".join(["day,score", *(f"{day},90" for day in answers)]))
    run(tmp_path, RunOptions(engine=engine))
    found = {row["period"]: row["value"] for row in values(tmp_path).iter_rows(named=True)
             if row["indicator"] == "index" and row["grain"] == "day"}
    hidden = {*(dt.date(2026, 1, day) for day in (29, 30, 31)), *(dt.date(2026, 2, day) for day in range(1, 6))}
    assert {day for day, value in found.items() if value is None} == hidden
    assert found[dt.date(2026, 2, 6)] == 50  # six days after, it counts no more
