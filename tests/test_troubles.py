"""Sources that are broken, late or thin: everything else is published, and it is said what is not."""

import datetime as dt
import json

import pytest
from shop import PROJECT, day, go, opened, put

from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.replay import replay
from cxmetrics.store import Store

TREE = """  both:
    children: {visited: 50%, called: 50%}
    missing: renormalise(min_coverage = 50%)
"""


@pytest.fixture
def root(tmp_path):
    (opened(tmp_path) / "cxmetrics.yaml").write_text(PROJECT.replace("grains: [day, week]", "grains: [day]") + TREE)
    return tmp_path


def told(root, period):
    """The value and status of each indicator on a day, in total."""
    with Store.open(root / "store") as store:
        frame = store.values(grain="day", cut=(), first=period, last=period + dt.timedelta(1))
    return {row["indicator"]: (row["value"], row["status"]) for row in frame.iter_rows(named=True)}


def nothing_in(root):
    with pytest.raises(Fault, match="CX804"):
        Store.open(root / "store")
    return True


def codes(found):
    return [one.code.id for one in found]


# --- failed ------------------------------------------------------------------------------------------------------


def test_a_broken_source_leaves_the_others(root):
    go(root)
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    (root / "data/calls-2.csv").write_text("")
    report = go(root)
    assert report.committed
    assert codes(report.troubles) == ["CX710"]
    assert {source.id: source.status for source in report.sources} == {"visits": "ok", "calls": "failed"}
    assert told(root, day(9)) == {"visited": (1, "ok"), "spent": (1, "ok"), "called": (1, "ok"), "both": (1, "ok")}
    assert told(root, day(10)) == {"visited": (1, "ok"), "spent": (9, "ok"), "called": (None, "failed"),
                                   "both": (1, "partial")}
    assert replay(root, root / "store", report.run).same
    again = go(root)
    assert not again.committed  # nothing is new
    assert codes(again.troubles) == ["CX710"]
    put(root, "calls-2", "day,minutes", "2026-03-10,4", "2026-03-10,4")
    assert go(root).troubles == ()
    assert told(root, day(10)) == {"visited": (1, "ok"), "spent": (9, "ok"), "called": (2, "ok"), "both": (1.5, "ok")}


def test_it_heals_without_new_days(root):
    go(root)
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    (root / "data/calls-2.csv").write_text("")
    go(root)
    (root / "data/calls-2.csv").unlink()
    report = go(root)
    assert report.troubles == ()
    assert told(root, day(10))["called"] == (None, "no_data")


def test_a_source_that_never_could_be_read(root):
    (root / "data/calls-1.csv").unlink()
    report = go(root)
    assert codes(report.troubles) == ["CX701"]
    assert told(root, day(9)) == {"visited": (1, "ok"), "spent": (1, "ok"), "called": (None, "failed"),
                                  "both": (1, "partial")}


def test_files_that_are_gone_are_no_rest(root):
    go(root)
    (root / "data/calls-1.csv").unlink()
    for _ in range(2):
        assert codes(go(root).troubles) == ["CX701"]
    assert told(root, day(9))["called"] == (1, "ok")


def test_what_was_published_of_a_broken_file_stays(root):
    go(root)
    before = told(root, day(2))
    put(root, "calls-1", "day,minutes", "2026-03-02,3,extra", "2026-03-09,2")
    report = go(root)
    assert report.troubles
    assert told(root, day(2)) == before


def test_all_sources_broken_is_no_run(root):
    for path in (root / "data").iterdir():
        path.write_text("")
    with pytest.raises(Fault) as raised:
        go(root)
    assert set(codes(raised.value.diagnostics)) == {"CX710"}
    assert not (root / "store" / "ledger.sqlite").exists() or nothing_in(root)


def test_strict_is_all_or_nothing(root):
    (root / "data/calls-2.csv").write_text("")
    with pytest.raises(Fault):
        go(root, strict=True)
    assert nothing_in(root)


def test_other_definitions_cannot_rest_on_what_is_stored_of_a_broken_source(root):
    go(root)
    (root / "data/calls-2.csv").write_text("")
    text = (root / "cxmetrics.yaml").read_text()
    (root / "cxmetrics.yaml").write_text(text.replace("count(calls)", "count(calls where calls.minutes > 2)"))
    with pytest.raises(Fault) as raised:
        go(root)
    assert codes(raised.value.diagnostics) == ["CX710"]


# --- stale -------------------------------------------------------------------------------------------------------


def at(number, hour=6):
    return dt.datetime(2026, 3, number, hour, tzinfo=dt.UTC)


def test_a_source_is_stale_when_its_last_day_ended_too_long_ago(root):
    text = (root / "cxmetrics.yaml").read_text()
    fresh = text.replace('"data/calls*.csv", time: day', '"data/calls*.csv", time: day, fresh: 1 d')
    (root / "cxmetrics.yaml").write_text(fresh)
    assert go(root, now=at(10, 23)).troubles == ()  # 9 March ended 23 hours before
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    report = go(root, now=at(11))  # and here 30 hours before
    assert codes(report.troubles) == ["CX722"]
    assert report.troubles[0].facts == {"source": "calls", "last": "2026-03-09", "limit": "1 d"}
    assert told(root, day(9))["called"] == (1, "ok")
    assert told(root, day(10)) == {"visited": (1, "ok"), "spent": (9, "ok"), "called": (None, "stale"),
                                   "both": (1, "partial")}
    assert replay(root, root / "store", report.run).same
    idle = go(root, now=at(12))
    assert not idle.committed
    assert codes(idle.troubles) == ["CX722"]
    put(root, "calls-2", "day,minutes", "2026-03-10,4")
    assert go(root, now=at(11)).troubles == ()
    assert told(root, day(10))["called"] == (1, "ok")


def test_time_alone_makes_a_source_stale(root):
    text = (root / "cxmetrics.yaml").read_text()
    text = text.replace("time: day, columns: {min", "time: day, fresh: 1 d, columns: {min")
    (root / "cxmetrics.yaml").write_text(text)
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    assert go(root, now=at(10)).committed
    assert told(root, day(10))["called"] == (None, "no_data")
    report = go(root, now=at(12))
    assert report.committed
    assert told(root, day(10))["called"] == (None, "stale")
    assert report.restated == {}  # the day had not been told of by all


def test_a_rule_of_freshness_is_no_part_of_any_meaning(root):
    go(root)
    text = (root / "cxmetrics.yaml").read_text()
    (root / "cxmetrics.yaml").write_text(text.replace("time: day,", "time: day, fresh: 9000 d, volume: 10%,"))
    assert not go(root).committed


@pytest.mark.parametrize("wrong", ["fresh: soon", "fresh: 2", "volume: half"])
def test_a_rule_that_cannot_be_read(root, wrong):
    text = (root / "cxmetrics.yaml").read_text()
    (root / "cxmetrics.yaml").write_text(text.replace("time: day,", f"time: day, {wrong},", 1))
    with pytest.raises(Fault) as raised:
        go(root)
    assert set(codes(raised.value.diagnostics)) == {"CX009"}


# --- thin --------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(root):
    """Five weeks from 2 March: 100 visits on each day."""
    for number in range(35):
        at = (day(2) + dt.timedelta(number)).isoformat()
        put(root, f"visits-{number:02}", "day,region,spent", *[f"{at},east,1"] * 100)
    (root / "data/visits-1.csv").unlink()
    (root / "data/visits-2.csv").unlink()
    go(root)
    return root


@pytest.mark.parametrize(("rows", "said"), [(100, []), (51, []), (49, ["CX723"])])
def test_a_day_of_few_rows_is_flagged(busy, rows, said):
    put(busy, "visits-99", "day,region,spent", *["2026-04-06,east,1"] * rows)  # a Monday after five others
    report = go(busy)
    assert codes(report.diagnostics) == said
    assert report.whole
    (visits,) = [source for source in report.sources if source.id == "visits"]
    assert visits.thin == ({"2026-04-06": (rows, 100.0)} if said else {})


def test_thin_days_of_a_source_are_one_warning(busy):
    put(busy, "visits-99", "day,region,spent", *["2026-04-06,east,1"] * 20, *["2026-04-07,east,1"] * 30)
    (said,) = go(busy).diagnostics
    assert said.facts == {"source": "visits", "days": "2026-04-06: 20 (100), 2026-04-07: 30 (100)"}


def test_any_number_will_do(busy):
    text = (busy / "cxmetrics.yaml").read_text()
    (busy / "cxmetrics.yaml").write_text(text.replace("time: day,", "time: day, volume: 0%,", 1))
    put(busy, "visits-99", "day,region,spent", "2026-04-06,east,1")
    assert go(busy).diagnostics == ()


def test_small_numbers_go_up_and_down(root):
    for number in range(35):
        at = (day(2) + dt.timedelta(number)).isoformat()
        put(root, f"visits-{number:02}", "day,region,spent", *[f"{at},east,1"] * 9)
    go(root)
    put(root, "visits-99", "day,region,spent", "2026-04-06,east,1")
    assert go(root).diagnostics == ()  # 9 give or take 15 is chance


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_says_so(root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    (root / "data/calls-2.csv").write_text("")
    assert status_of(["run", "--json", "report.json"]) == 1
    said = capsys.readouterr().err
    assert "CX710" in said
    assert "failed: calls; all else was published" in said
    found = json.loads((root / "report.json").read_text())
    assert found["committed"] is True
    assert found["troubles"] == ["CX710"]
    assert [one["code"] for one in found["errors"]] == ["CX710"]
    assert {one["id"]: one["status"] for one in found["sources"]} == {"calls": "failed", "visits": "ok"}
    assert status_of(["run", "--strict"]) == 1
