"""A year and more of mornings: late and corrected data, frozen months, definitions that change.

Every fifty days what the store holds is what one run over everything makes, to the last bit; frozen months are what
they were when they were frozen.  `CXMETRICS_SOAK` says how many days; `.ci/run` has 400.
"""

import datetime as dt
import os
import shutil
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shop import freeze, go

from cxmetrics.calendars import end
from cxmetrics.replay import replay
from cxmetrics.store import Store

DAYS = int(os.environ.get("CXMETRICS_SOAK", "40"))
FIRST = dt.date(2025, 1, 1)
HEAD = """
project: soak
grains: [day, month]
cuts: [[region]]
dimensions: {region: {title: Region}}
sources:
  visits:
    read: "data/visits*.parquet"
    time: day
    columns: {spent: number, step: text, who: text}
    dimensions: {region: region}
  calls: {read: "data/calls*.parquet", time: day, columns: {minutes: integer}}
"""
INDICATORS = {
    "visited": "{formula: count(visits)}",
    "typical": "{formula: median(visits.spent), cuts: [[]]}",
    "known": "{formula: distinct(visits.who), cuts: [[]]}",
    "done": "{formula: share(visits.step = 'done'), score: {0: 50%, 100: 100%}}",
    "called": "{formula: count(calls) / count(visits), direction: down, score: {0: 1, 100: 0}}",
    "so_far": "{formula: 'quarter_to_date(visited)', grains: [month]}",
    "all": "{children: {done: 3, called: 1}, missing: renormalise(min_coverage = 50%)}",
}
CHANGES = (  # one after the other, every 37 days
    ("done", "{formula: \"share(visits.step in ['done', 'half'])\", score: {0: 50%, 100: 100%}}"),
    ("long", "{formula: max(calls.minutes)}"),
    ("all", "{children: {done: 1, called: 1}, missing: renormalise(min_coverage = 50%)}"),
    ("typical", "{formula: 'quantile(visits.spent, 0.9)', cuts: [[]]}"),
    ("known", None),
    ("called", "{formula: count(calls where calls.minutes > 1), direction: down, score: {0: 9, 100: 0}}"),
    ("visited", "{formula: count(visits where visits.spent > 10)}"),
    ("long", "{formula: last(calls.minutes)}"),
    ("known", "{formula: 'distinct(visits.who) / 2', cuts: [[]]}"),
    ("done", "{formula: share(visits.step = 'done'), score: {0: 40%, 100: 100%}}"),
)


class Shop:
    """What happens, and what the store has to hold."""

    def __init__(self, root):
        self.root, self.indicators, self.random, self.files = root, dict(INDICATORS), Random(5), 0
        self.frozen = []  # the values of frozen periods, as they were when they were frozen
        self.before = None
        (root / "data").mkdir(parents=True)
        self.define()

    def define(self):
        lines = [f"  {name}: {text}\n" for name, text in self.indicators.items() if text is not None]
        (self.root / "cxmetrics.yaml").write_text(HEAD + "indicators:\n" + "".join(lines))

    def deliver(self, day, name=None, rows=12):
        random = self.random
        self.files += 1
        name = name or f"visits-{day}-{self.files}"
        pl.DataFrame({
            "day": [day] * rows, "region": [random.choice(("east", "west", "north")) for _ in range(rows)],
            "spent": [round(random.lognormvariate(3, 1), 2) for _ in range(rows)],
            "step": [random.choice(("done", "done", "half", None)) for _ in range(rows)],
            "who": [f"u{random.randrange(200)}" for _ in range(rows)],
        }, schema_overrides={"step": pl.String}).write_parquet(self.root / f"data/{name}.parquet")

    def call(self, day):
        minutes = [self.random.randrange(9) for _ in range(self.random.randrange(1, 5))]
        pl.DataFrame({"day": [day] * len(minutes), "minutes": minutes}).write_parquet(
            self.root / f"data/calls-{day}.parquet")

    def morning(self, number):
        """The day before has come in; something may be late, corrected, withdrawn, or mean something else."""
        day, random = FIRST + dt.timedelta(number), self.random
        self.deliver(day)
        if random.random() < 0.9:  # else a day without calls, or one whose file comes later
            self.call(day)
        if random.random() < 0.08:
            self.deliver(day - dt.timedelta(random.randrange(2, 60)), rows=2)
        if random.random() < 0.05:
            self.call(day - dt.timedelta(random.randrange(1, 20)))
        there = sorted((self.root / "data").glob("visits*.parquet"))[-90:]
        if random.random() < 0.05:
            again = random.choice(there).stem
            self.deliver(dt.date.fromisoformat(again[7:17]), again)
        if random.random() < 0.01:
            random.choice(there).unlink()
        if number % 37 == 36:
            name, text = CHANGES[number // 37 % len(CHANGES)]
            self.indicators[name] = text
            self.define()
        go(self.root, engine=random.choice(("duckdb", "polars")))
        if day.day == 5 and number > 31:
            self.close(day.replace(day=1))

    def close(self, before):
        """The months before are final."""
        freeze(self.root, before, f"KPI until {before}")
        held = final(self.values(), before)
        known = [] if self.before is None else final(self.values(), self.before)
        self.frozen.append(held if self.before is None else held.join(
            known.select("indicator", "grain", "period", "region"), on=["indicator", "grain", "period", "region"],
            how="anti", nulls_equal=True))
        self.before = before

    def values(self, root=None):
        with Store.open((root or self.root) / "store") as store:
            frame = store.values().drop("run")
        return frame.sort("indicator", "grain", "period", "region")

    # --- what has to hold ----------------------------------------------------------------------------------------

    def prove(self, fresh):
        shutil.copytree(self.root, fresh, ignore=shutil.ignore_patterns("store"))
        go(fresh)
        ours, theirs = self.values(), self.values(fresh)
        assert_frame_equal(*(without_changes(opened(each, self.before), self.before) for each in (ours, theirs)),
                           check_exact=True)
        prove_changes(ours, theirs, self.before)
        place = ["indicator", "grain", "period", "region"]
        for part in self.frozen:
            kept = ours.join(part.select(place), on=place, how="semi", nulls_equal=True)
            assert_frame_equal(kept, part, check_exact=True)
        with Store.open(self.root / "store") as store:
            verified, last = store.verify(), store.last_run()
        assert (verified.damaged, verified.orphans) == ((), ())
        assert replay(self.root, self.root / "store", last).same
        shutil.rmtree(fresh)


def _is_final(frame, before):
    """Which rows are of periods that had ended by then."""
    ends = [before is not None and end(period, grain) <= before
            for grain, period in frame.select("grain", "period").iter_rows()]
    return pl.Series(ends, dtype=pl.Boolean)


def final(frame, before):
    return frame.filter(_is_final(frame, before))


def opened(frame, before):
    return frame.filter(~_is_final(frame, before))


def is_beside(before):
    """Which open periods follow a final one: those with the first day that is not final."""
    return pl.col("period") <= (before or dt.date.min)


def without_changes(frame, before):
    """Changes from a final period are of what was published: nobody else can know it."""
    return frame.with_columns(pl.when(~is_beside(before)).then(pl.col(name)).alias(name)
                              for name in ("change", "change_low", "change_high", "moved"))


def prove_changes(ours, theirs, before):
    """A change from a final period is from the value that stands there, if it means the same."""
    columns = ["indicator", "grain", "region", "value", "definition", "change"]
    published = {(end(row["period"], row["grain"]), row["grain"], row["indicator"], row["region"]): row
                 for row in final(ours, before).iter_rows(named=True)}
    for row, fresh in zip(*(opened(each, before).filter(is_beside(before)).select("period", *columns).iter_rows(
            named=True) for each in (ours, theirs)), strict=True):
        then = published.get((row["period"], row["grain"], row["indicator"], row["region"]))
        if fresh["change"] is None or then is None or then["value"] is None or (
                then["definition"] != row["definition"]):
            assert row["change"] is None
        else:
            assert row["change"] == pytest.approx(row["value"] - then["value"], abs=1e-9)


def test_what_many_mornings_make_is_what_one_makes(tmp_path):
    shop = Shop(tmp_path / "shop")
    for number in range(DAYS):
        shop.morning(number)
        if number % 50 == 49 or number == DAYS - 1:
            shop.prove(tmp_path / "fresh")
        if number % 90 == 89:
            with Store.open(shop.root / "store", writable=True) as store:
                store.vacuum(30)
    if DAYS < 100:
        return
    with Store.open(shop.root / "store") as store:
        restated = store.restatements().group_by("why", "refused").len()
    for refused in (False, True):
        assert {why for why, was, _ in restated.iter_rows() if was == refused} >= {"late", "corrected", "definition"}
