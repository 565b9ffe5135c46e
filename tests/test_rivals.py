"""Rows with equal keys, of which one counts: a day costs a day, and all is as after one run over everything."""

import datetime as dt
import os
from random import Random

import polars as pl
import pytest
from shop import go, proved

from cxmetrics.diagnostics import Fault
from cxmetrics.run import rivals
from cxmetrics.store import Store

PROJECT = """
project: answers
grains: [day, week, month]
cuts: [[region]]
dimensions: {region: {title: Region}}
sources:
  answers:
    read: "data/answers-*"
    time: day
    received: received
    keep: kind != 'test'
    columns:
      id: text
      team: {type: text, values: [a, b]}
      score: {type: integer, scale: 0..10}
      who: text
      number: {type: integer, column: id}
      key: {formula: number * 0.1}
    dimensions: {region: region}
    lookups:
      places: {read: data/places.csv, key: region, on: region, columns: {place: text}}
    unique: {by: BY, keep: KEEP}
indicators:
  answered: {formula: count(answers)}
  score: {formula: mean(answers.score)}
  typical: {formula: "median(answers.score)"}
  done: {formula: "conversion(answers.team = 'a', answers.team = 'b', by = answers.who, within = 30 h)"}
"""
FIRST = dt.date(2026, 2, 20)
BY = {"id": "[id]", "two": "[id, team]", "derived": "[key]", "looked up": "[id, place]"}
ENGINES = ("duckdb", "polars")
MANY = int(os.environ.get("CXMETRICS_HISTORIES", "1"))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    project(tmp_path)
    places(tmp_path, "north")
    return tmp_path


def project(root, by="id", keep="latest", old="", new=""):
    text = PROJECT.replace("BY", BY[by]).replace("KEEP", keep)
    assert old in text
    (root / "cxmetrics.yaml").write_text(text.replace(old, new))


def places(root, west):
    (root / "data/places.csv").write_text(f"region,place\neast,north\nwest,{west}\n")


def row(number, key, **more):
    """An answer of a day; received at noon, if nothing else is said."""
    day = FIRST + dt.timedelta(number)
    return {"day": str(day), "received": f"{day}T12:00:00", "id": str(key), "team": "ab"[key % 2], "score": key % 11,
            "who": str(key // 2), "region": ("east", "west")[key % 3 % 2], "kind": "real"} | more


def put(root, name, *rows, ending="csv"):
    frame, path = pl.DataFrame(rows), root / "data" / f"answers-{name}.{ending}"
    if ending == "csv":
        frame.write_csv(path)
    else:
        frame.with_columns(pl.col("day").str.to_date(), pl.col("received").str.to_datetime()).write_parquet(path)


def daily(root, number, ending="csv", *rows):
    """The file of a day, with three answers that no other file has."""
    put(root, f"{number:02}", *(row(number, number * 3 + i) for i in range(3)), *rows, ending=ending)


def answers_in(names):
    return {int(name[8:10]) for name in names if name.startswith("answers")}


def days(report):
    return report.sources[0].days


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_day_opens_its_own_file_and_those_that_share_a_key(root, opened, ending, engine):
    project(root, old="  done:", new="  # done:")
    for number in range(20):
        daily(root, number, ending)
    go(root, engine=engine)
    opened.clear()
    daily(root, 20, ending)
    report = go(root, engine=engine)
    assert (days(report), report.sources[0].duplicates) == (1, 0)
    assert answers_in(opened) == {18, 19, 20}  # no clock is more than two days off
    opened.clear()
    daily(root, 21, ending, row(21, 3 * 5 + 1), row(21, 3 * 21))  # one key of day 5, and one of its own twice
    report = go(root, engine=engine)
    assert (days(report), report.sources[0].read, report.sources[0].duplicates) == (2, 5 + 3, 2)
    assert answers_in(opened) == {3, 4, 5, 6, 7, 19, 20, 21}
    assert proved(root, engine).sources[0].duplicates == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_of_a_file_of_many_days_only_those_with_the_key(root, engine):
    project(root, old="  done:", new="  # done:")
    put(root, "old", *(row(number, number * 3 + i) for number in range(40) for i in range(3)))
    daily(root, 40)
    go(root, engine=engine)
    daily(root, 41, "csv", row(41, 3 * 7))
    report = go(root, engine=engine)
    assert (days(report), report.sources[0].duplicates) == (2, 1)
    proved(root, engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keep", ["latest", "first"])
def test_a_key_that_comes_again_and_goes(root, engine, keep):
    """Whichever file has the row that counts, the others say so too; a third file is looked into for that."""
    project(root, keep=keep)
    for number in range(9):
        daily(root, number, "csv", row(number, 999, score=number) if number in {1, 4} else row(number, 500 + number))
    go(root, engine=engine)
    proved(root, engine)
    daily(root, 9, "csv", row(9, 999, score=9))
    go(root, engine=engine)
    proved(root, engine)
    for name in ("04", "01", "09"):
        (root / f"data/answers-{name}.csv").unlink()
        go(root, engine=engine)
        proved(root, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_scan_of_some_days_knows_the_rivals_of_their_rows(root, opened, engine):
    """Asked for some days only: that the row received last lies on a day that nobody asked for, is known."""
    project(root, old="  done:", new="  # done:")
    for number in range(12):
        daily(root, number, "csv", *([row(number, 999)] if number in {2, 10} else []))
    go(root, engine=engine, first=FIRST, last=FIRST + dt.timedelta(1))
    opened.clear()
    report = go(root, engine=engine, first=FIRST + dt.timedelta(2), last=FIRST + dt.timedelta(3))
    assert (days(report), report.sources[0].duplicates) == (1, 1)
    assert answers_in(opened) == {0, 1, 2, 3, 4, 10}
    go(root, engine=engine)
    proved(root, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_file_and_more(root, engine):
    """Of a single file no keys are kept; they are found out when another comes."""
    daily(root, 0, "csv", row(0, 999))
    go(root, engine=engine)
    with Store.open(root / "store") as store:
        assert store.keys("answers") is None
    daily(root, 5, "csv", row(5, 999))
    go(root, engine=engine)
    proved(root, engine)
    daily(root, 7)
    assert days(go(root, engine=engine)) <= 3
    proved(root, engine)
    for name in ("05", "07"):
        (root / f"data/answers-{name}.csv").unlink()
    go(root, engine=engine)
    proved(root, engine)


def test_the_tables_that_keys_are_looked_up_in(root):
    project(root, by="looked up")
    for number in range(6):
        daily(root, number, "csv", row(number, 999, region="east" if number < 3 else "west"))
    go(root)
    places(root, "south")  # now those of east and west are no rivals
    go(root)
    proved(root)
    daily(root, 6, "csv", row(6, 999, region="west"))
    go(root)
    proved(root)


def test_another_key_is_another_index(root):
    for number in range(6):
        daily(root, number, "csv", row(number, 999, team="ab"[number % 2]))
    go(root)
    project(root, by="two")
    go(root)
    proved(root)
    project(root, old="    unique: {by: [id], keep: latest}\n")
    go(root)
    with Store.open(root / "store") as store:
        assert store.keys("answers") is None
    proved(root)


def test_keys_hashed_otherwise_are_hashed_anew(root, monkeypatch):
    for number in range(6):
        daily(root, number, "csv", row(number, 999))
    go(root)
    monkeypatch.setattr(rivals, "hashing", lambda _: "another release")
    daily(root, 6, "csv", row(6, 999))
    assert days(go(root)) == 7
    (root / "data/answers-02.csv").unlink()
    go(root)
    proved(root)


def test_many_files_are_read_a_few_at_a_time(root, monkeypatch):
    monkeypatch.setattr(rivals, "BATCH", 10)
    for number in range(12):
        daily(root, number, "csv" if number % 2 else "parquet", row(number, 999))
    go(root)
    with Store.open(root / "store") as store:
        found = store.keys("answers").collect()
    assert found.group_by("file").len()["len"].to_list() == [4] * 12
    assert found["key"].n_unique() == 3 * 12 + 1
    proved(root)


def test_no_key_can_be_read_in_the_store(root):
    for number in range(3):
        daily(root, number, "csv", row(number, 1, who="a-name-to-hide", id="987654"))
    go(root)
    for path in (root / "store").rglob("*"):
        assert path.is_dir() or (b"987654" not in path.read_bytes() and b"a-name-to-hide" not in path.read_bytes())


def test_a_damaged_index_is_told_of_and_mended(root):
    for number in range(5):
        daily(root, number)
    go(root)
    [path] = (root / "store/data").glob("keys.*")
    path.write_bytes(bytes(path.stat().st_size))
    with Store.open(root / "store") as store:
        assert [one.code.id for one in store.verify().damaged] == ["CX803"]
    daily(root, 5)
    with pytest.raises(Fault, match="CX803"):
        go(root)
    go(root, full=True)
    with Store.open(root / "store", writable=True) as store:
        assert store.vacuum(keep=1) > 0
    daily(root, 6)
    go(root)
    proved(root)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("seed", range(MANY))
def test_whatever_comes_and_goes(root, engine, by, seed):
    """Daily files that share few keys or many; corrected, withdrawn, late; runs of all days and of some."""
    draw = Random(f"{seed}{by}{engine}")
    project(root, by, draw.choice(["latest", "first"]))
    keys, endings = draw.choice([20, 200, 2_000]), {}

    def deliver(number):
        rows = [row(max(0, number - draw.choice([0, 0, 0, 1, 9])), draw.randrange(keys),
                    received=f"{FIRST + dt.timedelta(number)}T{draw.randrange(24):02}:00:00", score=draw.randrange(13),
                    team=draw.choice("aabbc"), kind=draw.choice(["real"] * 9 + ["test"]),
                    region=draw.choice(["east", "west"]), id=draw.choice(["", str(draw.randrange(keys))] +
                                                                         [str(draw.randrange(keys))] * 9))
                for _ in range(draw.randrange(1, 15))]
        endings.setdefault(number, draw.choice(["csv", "csv", "parquet"]))
        put(root, f"{number:02}", *rows, ending=endings[number])

    for number in range(draw.choice([1, 2, 8])):
        deliver(number)
    for number in range(8, 18):
        deliver(number)
        if draw.random() < 0.3:
            deliver(draw.choice(sorted(endings)))
        if draw.random() < 0.2 and len(endings) > 2:
            gone = draw.choice(sorted(endings))
            (root / f"data/answers-{gone:02}.{endings.pop(gone)}").unlink()
        if draw.random() < 0.15:
            places(root, draw.choice(["north", "south"]))
        some = draw.randrange(0, number)
        limits = {"first": FIRST + dt.timedelta(some), "last": FIRST + dt.timedelta(some + 3)}
        go(root, engine=engine, **(limits if draw.random() < 0.3 else {}))
    go(root, engine=draw.choice(ENGINES))
    proved(root, engine)
