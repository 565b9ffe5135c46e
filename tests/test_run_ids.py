"""The ids of runs: the same work upon the same runs has the same id, wherever and whenever it is done."""

import json
import os
import shutil
import time

import pytest
from shop import PROJECT, day, freeze, go, opened, put
from surroundings import called

from cxmetrics.query import query
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path):
    (tmp_path / "here").mkdir()
    return opened(tmp_path / "here")


def twin(root, name="there"):
    """The same project elsewhere, with files that were written at another time."""
    other = root.parent / name
    shutil.copytree(root, other)
    for path in (other / "data").iterdir():
        os.utime(path, (time.time() + 7, time.time() + 7))
    return other


def ids(root):
    with Store.open(root / "store") as store:
        return store.runs()["id"].to_list()


def later(root):
    put(root, "visits-3", "day,region,spent", "2026-03-10,east,9")
    put(root, "calls-2", "day,minutes", "2026-03-10,4")


def test_two_stores_that_went_through_the_same_have_the_same_ids(root):
    other = twin(root)
    for place, engine in ((root, "duckdb"), (other, "polars")):
        go(place, engine=engine)
        later(place)
        go(place, engine=engine)
    assert ids(root) == ids(other)
    assert [name.partition("-")[0] for name in ids(root)] == ["00001", "00002"]


def test_an_id_is_the_same_in_every_process(root):
    found = {json.loads(called("run", "--json", "-", cwd=twin(root, f"{seed}"),
                               env={"PYTHONHASHSEED": str(seed)}).stdout)["run"] for seed in range(3)}
    assert found == {go(root).run}


def test_a_repeated_run_says_which_one_did_its_work(root):
    first = go(root)
    again = go(root)
    assert (first.committed, again.committed) == (True, False)
    assert again.run == first.run
    assert ids(root) == [first.run]
    (root / "cxmetrics.yaml").write_text(f"# a remark\n{PROJECT}")
    os.utime(root / "data/calls-1.csv")
    assert (go(root).run, ids(root)) == (first.run, [first.run])


def test_a_dry_run_tells_the_id_that_the_run_will_have(root):
    told = go(root, dry_run=True).run
    assert go(root).run == told
    later(root)
    told = go(root, dry_run=True).run
    assert go(root).run == told
    assert go(root, dry_run=True).run == told  # it has been done


def test_whatever_a_run_rests_on_is_in_its_id(root):
    def other(name, change):
        place = twin(root, name)
        change(place)
        return place
    places = {
        "as it is": (root, {}), "some days": (twin(root, "days"), {"last": day(9)}),
        "all days asked for": (twin(root, "full"), {"full": True}),
        "another file": (other("file", later), {}),
        "another text of a file": (other("text", lambda at: put(at, "calls-1", "day,minutes", "2026-03-02,3",
                                                                "2026-03-09,3")), {}),
        "another formula": (other("formula", lambda at: (at / "cxmetrics.yaml").write_text(
            PROJECT.replace("count(calls)", "count(calls) * 2"))), {}),
        "another rule": (other("rule", lambda at: (at / "cxmetrics.yaml").write_text(
            PROJECT + "privacy: {min_n: 2}\n")), {}),
    }
    found = {name: go(place, **options).run for name, (place, options) in places.items()}
    assert len(set(found.values())) == len(places), found


def test_what_was_frozen_before_is_in_it_too(root):
    go(root)
    other = twin(root)
    freeze(other, day(9))
    for place in (root, other):
        put(place, "visits-late", "day,region,spent", "2026-03-02,east,11")
    assert go(root).run != go(other).run


def test_the_number_of_a_run_will_do(root):
    go(root)
    later(root)
    go(root)
    assert query(root, ["visited"], grain="day", as_of="00001").height < query(
        root, ["visited"], grain="day", as_of="00002").height


def test_what_only_frozen_periods_would_show_is_committed_once(root):
    go(root)
    freeze(root, day(31))
    (root / "cxmetrics.yaml").write_text(PROJECT + "privacy: {min_n: 2}\n")
    report = go(root)
    assert (report.committed, report.values, report.refused > 0) == (True, 0, True)
    with Store.open(root / "store") as store:
        assert set(store.restatements()["run"]) == {report.run}
    assert not go(root).committed
