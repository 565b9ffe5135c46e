"""A store that grows for months by runs of a few days says what one run of everything says.

Most of its months are not read any more: slices that were there long ago still count 0, values are carried on and
looked at through windows, weeks reach over the ends of months, and what is hidden is hidden in the same way.
"""

import datetime as dt
import random

import pytest

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
