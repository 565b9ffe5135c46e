"""`cxmetrics preview`: one indicator on a sample, with the rows that made it.

Three deliveries of a shop, of four rows each.  Of the last: a row that `keep` drops, one off the scale, and two that
count, with 7 and 9: promoters are 9 and 10, detractors 0 to 6, so nps = (1 - 0) / 2 = +50.  Its adjusted Wald interval
(Rocks 2016) adds 3/4 of an answer to promoters and detractors each, 3 in all: 1.75 / 5 - 0.75 / 5 = 0.2, give or take
1.96 * sqrt((0.5 - 0.04) / 5) = 0.594.
"""

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from casefile import MEASURES, PLACE, read_case, unlike
from shop import put
from surroundings import called

from cxmetrics.preview import preview
from cxmetrics.preview import sample as sampling
from cxmetrics.preview.evidence import MASK
from cxmetrics.run import compiled

PROJECT = """
project: shop
grains: [day, month]
dimensions: {region: {title: Region}}
sources:
  answers:
    read: "data/answers*.csv"
    time: day
    keep: test = false
    max_bad: 30%
    columns:
      score: {type: integer, scale: 0..10}
      test: boolean
      phone: {type: text, class: C2}
      secret: {type: text, class: C3}
    dimensions: {region: region}
  visits: {read: "data/visits.csv", time: day}
indicators:
  nps: {title: {en: Promoters, zh: 推荐}, formula: nps(answers.score), target: 40}
  called: {formula: distinct(answers.phone)}
  visited: {formula: count(visits)}
  answered: {formula: count(answers) / visited}
"""
HEAD = "day,region,score,test,phone,secret"


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    put(tmp_path, "answers-1", HEAD, *(f"2026-01-0{i},east,10,false,555-1{i},x" for i in range(1, 5)))
    put(tmp_path, "answers-2", HEAD, *(f"2026-02-0{i},east,0,false,555-2{i},x" for i in range(1, 5)))
    put(tmp_path, "answers-3", HEAD, "2026-03-01,east,1,true,555-31,x", "2026-03-02,west,11,false,555-32,x",
        "2026-03-02,east,7,false,555-33,x", "2026-03-03,west,9,false,,x")
    put(tmp_path, "visits", "day", *["2026-03-02"] * 8)
    return tmp_path


def made(root, indicator, **asked):
    return preview(root, compiled(root)[1], indicator, **asked)


def row(found, **place):
    [one] = [row for row in found.frame.iter_rows(named=True)
             if row["indicator"] == found.indicator and all(row[name] == value for name, value in place.items())]
    return one


ENGINES = pytest.mark.parametrize("engine", ["duckdb", "polars"])


@ENGINES
def test_the_last_rows_are_the_sample(shop, engine):
    found = made(shop, "nps", rows=4, engine=engine)
    source = found.sources["answers"]
    assert (source.sample.files, source.sample.of, source.sample.rows, source.sample.whole) == (1, 3, 4, False)
    assert found.period.isoformat() == "2026-03-01"
    assert row(found)["value"] == 50
    assert row(found)["n"] == 2
    census = source.census
    assert (census.read, census.dropped, dict(census.rejected)) == (4, 1, {("score", "scale"): 1})


@ENGINES
def test_the_rows_that_count_and_those_that_do_not(shop, engine):
    rows = made(shop, "nps", rows=4, engine=engine).sources["answers"].rows
    assert rows.counted == 2
    assert rows.columns == ("day", "score", "test")
    assert [(one.column, one.reason, one.cells) for one in rows.examples] == [
        (None, None, ("2026-03-02", "7", "false")), (None, None, ("2026-03-03", "9", "false")),
        ("score", "scale", ("2026-03-02", "11", "false"))]


@ENGINES
def test_personal_values_are_not_shown(shop, engine):
    rows = made(shop, "called", rows=4, engine=engine).sources["answers"].rows
    assert rows.counted == 1  # of the two that are fine one has a phone
    place = rows.columns.index("phone")
    assert {one.cells[place] for one in rows.examples} == {MASK}
    assert "secret" not in rows.columns


@ENGINES
def test_a_period_before_the_last(shop, engine):
    found = made(shop, "nps", day=dt.date(2026, 2, 15),
                 engine=engine)
    assert row(found)["value"] == -100
    assert row(found)["n"] == 4


@ENGINES
def test_slices(shop, engine):
    found = made(shop, "nps", by=["region"], rows=4, engine=engine)
    assert [row(found, region=region)["value"] for region in ("east", "west", None)] == [0, 100, 50]


@ENGINES
def test_a_sample_that_is_all_there_is(shop, engine):
    found = made(shop, "answered", engine=engine)
    assert all(source.sample.whole for source in found.sources.values())
    assert row(found)["value"] == 2 / 8
    assert {name: source.rows.counted for name, source in found.sources.items()} == {"answers": 2, "visits": 8}


def test_nothing_is_written(shop):
    before = sorted(path.name for path in shop.rglob("*"))
    made(shop, "nps")
    assert sorted(path.name for path in shop.rglob("*")) == before


def test_the_beginning_of_a_large_text_file_ends_with_a_line(shop, tmp_path, monkeypatch):
    quoted = put(shop, "visits", "day,note", '2026-03-02,"a\nb"', "2026-03-02,c")
    monkeypatch.setattr(sampling, "MOST_BYTES", len('day,note\n2026-03-02,"a\nb'))  # within the quotes
    cut = sampling._beginning(quoted, tmp_path / "scratch")
    assert cut.read_text() == "day,note\n"


def test_what_the_command_says(shop):
    done = called("preview", "nps", "--rows", "4", cwd=shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == """\
Promoters  nps
month 2026-03: +50.0, n 2, between -39.4 and +79.4, ok, target +40.0 (+10.0)
a sample: counts and sums are smaller than a run makes them

source   sample                           days                     read  left out  repeated  rejected  count
-------  -------------------------------  -----------------------  ----  --------  --------  --------  -----
answers  the last 4 rows of 1 of 3 files  2026-03-01 … 2026-03-03     4         1         0         1      2
1 row of answers rejected, score: off the scale
33.3% of the rows of answers on 2026-03-01..2026-03-03 are bad; a run takes in at most 30%

rows of answers that count, 2 of 2
day         score  test
----------  -----  -----
2026-03-02  7      false
2026-03-03  9      false

rows of answers that were rejected
why                   day         score  test
--------------------  ----------  -----  -----
score: off the scale  2026-03-02  11     false
"""


def test_what_a_run_would_not_take_in_is_told(shop):
    put(shop, "answers-3", HEAD, "2026-03-02,west,11,false,555-32,x", "2026-03-02,east,7,false,555-33,x")
    done = called("preview", "nps", "--rows", "2", "--lang", "zh", cwd=shop)
    assert done.returncode == 0
    assert "answers 在 2026-03-02 有 50% 的行不合约定；正式运行最多接受 30%" in done.stdout


def test_for_programs(shop):
    done = called("preview", "nps", "--rows", "4", "--format", "json", cwd=shop)
    told = json.loads(done.stdout)
    assert (told["indicator"], told["grain"], told["period"]) == ("nps", "month", "2026-03-01")
    [source] = told["sources"]
    assert source["rejected"] == [{"column": "score", "reason": "scale", "count": 1}]
    assert source["counted"] == 2
    assert len(source["examples"]) == 3


@pytest.mark.parametrize(("args", "status", "said"), [
    (("nosuch",), 1, "CX201"), (("nps", "--by", "nosuch"), 1, "CX205"), (("nps", "--period", "soon"), 1, "CX717"),
    (("nps", "--rows", "0"), 2, "--rows"), ((), 2, "INDICATOR")])
def test_misuse(shop, args, status, said):
    done = called("preview", *args, cwd=shop)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


FOLDER = Path(__file__).parent / "cases"
CASES = [read_case(path) for path in sorted(FOLDER.glob("*.md"))]
SAME = [case for number, case in enumerate(CASES) if case.diagnostics is None and (
    number % 20 == 0 or case.path.stem in ("lookup_as_of_now", "published_peers"))]


@ENGINES
@pytest.mark.parametrize("case", SAME, ids=lambda case: case.path.stem)
def test_a_sample_that_is_all_there_is_gives_the_numbers_of_a_run(case, engine, tmp_path):
    case.write(tmp_path, later=True)
    problems = []
    for row in case.expected:
        if not row.get("period") or row.get("status") in ("withheld", "no_data"):  # by what else is shown
            continue
        by = [name for name, text in row.items() if text and name not in (*PLACE, *MEASURES)]
        day = dt.date.fromisoformat(row["period"])
        found = made(tmp_path, row["indicator"], grain=row.get("grain"), day=day, by=by, rows=1_000, engine=engine)
        assert all(source.sample.rows < 1_000 for source in found.sources.values())
        compared = (*PLACE, *by, "value", "n", "low", "high", "score")
        told = {name: text for name, text in row.items() if name in compared}
        problems += unlike(replace(case, expected=(told,)), found.frame)
    assert not problems, "\n".join(problems)


@ENGINES
def test_a_source_without_a_table_has_no_data(shop, engine):
    """`answered` is answers for each visit: of visits that nobody counts there is nothing to say."""
    (shop / "cxmetrics.yaml").write_text(PROJECT.replace('read: "data/visits.csv"', "read: none"), "utf-8")
    found = made(shop, "answered", engine=engine)
    assert set(found.sources) == {"answers"}
    assert row(found)["value"] is None
    assert called("preview", "visited", "--engine", engine, cwd=shop).returncode == 0


@ENGINES
def test_what_is_completed_after_the_period_counts(tmp_path, engine):
    """Of two who began on the last day of January one went on, on the first of February: 1 of 2."""
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT.partition("sources:")[0] + """sources:
  taps: {read: "data/*.parquet", time: at, columns: {at: time, who: text, step: text}}
indicators:
  done: {formula: "conversion(taps.step = 'a', taps.step = 'b', by = taps.who, within = 30 h)"}
""", "utf-8")
    for month, rows in (("2026-01", [("31", "x", "a"), ("31", "y", "a")]), ("2026-02", [("01", "x", "b")])):
        pl.DataFrame([{"at": dt.datetime.fromisoformat(f"{month}-{day}T12:00"), "who": who, "step": step}
                      for day, who, step in rows]).write_parquet(tmp_path / "data" / f"{month}.parquet")
    found = made(tmp_path, "done", day=dt.date(2026, 1, 15), engine=engine)
    assert row(found)["value"] == 1 / 2


def test_a_preview_does_not_wait_for_what_is_withheld(shop):
    """The graphs of SciPy take as long to import as all of NumPy."""
    code = f"""if True:
        import sys
        from cxmetrics.cli.command import status_of
        status_of(["preview", "nps", "--project", {str(shop)!r}])
        print("imported:", "scipy.sparse" in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported: False"
