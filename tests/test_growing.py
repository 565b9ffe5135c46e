"""A store that grows for months by runs of a few days says what one run of everything says.

Most of its months are not read any more: slices that were there long ago still count 0, values are carried on and
looked at through windows, weeks reach over the ends of months, and what is hidden is hidden in the same way.
"""

import datetime as dt
import random

import polars as pl
import pytest
from shop import freeze

from cxmetrics.disclosure import conceal, memo
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

PROJECT = """
project: growing
grains: [{grains}]
cuts: [[branch], [segment]]
privacy: {{min_n: {least}}}
dimensions: {{branch: {{}}, segment: {{}}}}
sources:
  answers:
    read: answers/*.csv
    time: day
    columns: {{score: {{type: integer, scale: 0..10}}, customer: text}}
    entity: customer
  calls:
    read: calls/*.csv
    time: day
    columns: {{minutes: number}}
indicators:
  average: {{formula: mean(answers.score), score: {{0: 0, 10: 100}}}}
  counted: {{formula: count(answers)}}
  length: {{formula: mean(calls.minutes), score: {{30: 0, 0: 100}}}}
  index: {{children: {{average: 1, length: 1}}, missing: carry({carry} d)}}
  {windowed}
"""
WINDOWED = ("", "lately: {formula: 'rolling(average, 40 d)'}", "ever: {formula: inception_to_date(counted)}")
FIRST = dt.date(2025, 10, 20)


def delivered(draw):
    """Files by source and day: a branch that is there in the first month only, another from the second on."""
    days = sorted(draw.sample(range(130), 18))
    files = {}
    for place in days:
        day, there = FIRST + dt.timedelta(place), ("old", "b", "c") if place < 30 else ("b", "c", "new")
        answers = [f"{day},{draw.choice(there)},{draw.choice('xy')},{draw.randrange(11)},c{draw.randrange(40)}"
                   for _ in range(draw.choice([1, 3, 12]))]
        files["answers", day] = ["day,branch,segment,score,customer", *answers]
        if draw.random() < 0.6:
            calls = [f"{day},{draw.choice(there)},{draw.randrange(30)}" for _ in range(draw.choice([1, 5]))]
            files["calls", day] = ["day,branch,minutes", *calls]
    return files


def deliver(folder, some):
    for (source, day), lines in some:
        (folder / source).mkdir(exist_ok=True)
        (folder / source / f"{day}.csv").write_text("\n".join(lines))


@pytest.mark.parametrize("seed", range(3))
def test_months_that_are_not_read_again_count_as_in_a_run_of_all(seed, tmp_path):
    draw = random.Random(seed)
    text = PROJECT.format(grains=["day, month", "day, week", "day, week, month", "month, quarter"][seed % 4],
                          least=draw.choice([1, 3]), carry=draw.choice([3, 50]), windowed=WINDOWED[seed % 3])
    files = sorted(delivered(draw).items(), key=lambda item: (item[0][1], item[0][0]))
    folders = tmp_path / "all", tmp_path / "grown"
    for folder in folders:
        folder.mkdir()
        (folder / "cxmetrics.yaml").write_text(text)
    deliver(folders[0], files)
    run(folders[0], RunOptions(engine="polars"))
    late = draw.choice(files[len(files) // 2:-2])
    steps = [files[:6], *([one] for one in files[6:] if one != late), [late]]
    for some in steps:
        deliver(folders[1], some)
        run(folders[1], RunOptions(engine="polars"))
    found = []
    for folder in folders:
        with Store.open(folder / "store") as store:
            found.append(store.values().drop("run"))
    assert found[1].equals(found[0])


BALANCES = """
project: growing
grains: [day, week, month]
cuts: [[branch]]
privacy: {min_n: 3}
dimensions: {branch: {}}
sources:
  accounts: {read: accounts/*.csv, time: day, entity: account, columns: {account: text, balance: number}}
indicators:
  balance: {formula: sum(accounts.balance at end)}
"""


def test_what_a_month_of_before_hides_is_not_sought_again(tmp_path, monkeypatch):
    """Months close what is hidden: of a day of February, January is as it was, and is taken from the store."""
    text = PROJECT.format(grains="day, month", least=3, carry=3, windowed="")
    (tmp_path / "cxmetrics.yaml").write_text(text)
    draw, begin = random.Random(1), dt.date(2026, 1, 20)
    found = []
    monkeypatch.setattr(memo, "conceal", lambda *asked: found.append(asked) or conceal(*asked))
    kept = []
    for days in (range(20), range(20, 21), range(21, 22)):
        for place in days:
            rows = [f"{begin + dt.timedelta(place)},{draw.choice('abcd')},{draw.choice('xy')},{draw.randrange(11)},c"
                    for _ in range(9)]
            deliver(tmp_path, [(("answers", begin + dt.timedelta(place)), ["day,branch,segment,score,customer", *rows]),
                               (("calls", begin + dt.timedelta(place)), ["day,branch,minutes",
                                                                        f"{begin + dt.timedelta(place)},a,3"])])
        found.clear()
        run(tmp_path, RunOptions())
        with Store.open(tmp_path / "store") as store:
            kept.append(store.concealed())
            assert not store.verify().damaged
        new = kept[-1].keys() - (kept[-2].keys() if len(kept) > 1 else set())
        assert len(found) == len(new) > 0
    assert kept[0].keys() & kept[1].keys() & kept[2].keys()
    run(tmp_path, RunOptions(full=True))  # which mends what is damaged, and takes nothing from before
    assert len(found) > len(new)
    with Store.open(tmp_path / "store") as store:
        assert store.concealed() == kept[-1]


def side_by_side(tmp_path, text, steps):
    """The values of one store after each of some steps, and of another that is computed anew each time."""
    folders = tmp_path / "anew", tmp_path / "grown"
    for folder in folders:
        folder.mkdir()
        (folder / "cxmetrics.yaml").write_text(text)
    for step in steps:
        found = []
        for folder in folders:
            step(folder)
            run(folder, RunOptions(engine="polars", full=folder.name == "anew"))
            with Store.open(folder / "store") as store:
                found.append(store.values().drop("run"))
        yield found


def balances(day, **branches):
    """A file of one day: so many accounts in each branch."""
    rows = [f"{day},{branch},{branch}{each},{each}" for branch, count in branches.items() for each in range(count)]
    return lambda folder: deliver(folder, {("accounts", day): ["day,branch,account,balance", *rows]}.items())


@pytest.mark.parametrize("before", ["2024-04-15", "2024-05-01", "2024-05-03", "2024-05-10"])
def test_what_a_frozen_month_hides_of_the_week_after_it_stays_hidden(before, tmp_path):
    """April has a branch of two accounts, and so hides the week of 29 April, whichever day of May comes."""
    april = (balances("2024-04-10", b=5), balances("2024-04-29", b=5, c=5), balances("2024-05-02", b=5, c=5))
    steps = [lambda folder: [each(folder) for each in april],
             lambda folder: (freeze(folder, dt.date.fromisoformat(before)), balances("2024-04-10", b=5, c=2)(folder)),
             balances("2024-05-15", b=5, c=5), balances("2024-05-16", b=5, c=5)]
    hidden = []
    for anew, grown in side_by_side(tmp_path, BALANCES, steps):
        assert grown.equals(anew)
        week = grown.filter(pl.col("grain") == "week", pl.col("period") == dt.date(2024, 4, 29), branch="c")
        hidden.append(week["value"].is_null().item())
    assert hidden[1:] == [before < "2024-05-06"] * 3  # else it is frozen, as it was published


def test_periods_without_a_slice_stand_before_those_with_some(tmp_path):
    """In April only calls come, which have no segment; of May, two segments are withheld."""
    text = PROJECT.format(grains="month, quarter", least=3, carry=3, windowed="").replace("[branch], ", "")
    head = "day,branch,segment,score,customer"
    files = [{("calls", "2024-04-03"): ["day,branch,minutes", "2024-04-03,b,3"]},
             {("answers", "2024-05-02"): [head, *(f"2024-05-02,b,{x},7,c{n}" for n, x in enumerate("xxy"))]},
             {("answers", "2024-06-20"): [head, *(f"2024-06-20,b,{x},7,c{n}" for n, x in enumerate("xxxyyy"))]},
             {("answers", "2024-06-21"): [head, *(f"2024-06-21,b,{x},7,c{n}" for n, x in enumerate("xxxyyy"))]}]
    steps = [lambda folder: [deliver(folder, each.items()) for each in files[:2]],
             *(lambda folder, each=each: deliver(folder, each.items()) for each in files[2:])]
    for anew, grown in side_by_side(tmp_path, text, steps):
        assert grown.equals(anew)
