"""One store, one project: another's values are neither written over nor taken for one's own."""

import pytest
from shop import NOW, PROJECT, day, freeze, go, opened, put, stored

from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.store import Store

OTHER = PROJECT.replace("project: shop", "project: stall")


@pytest.fixture
def both(tmp_path, monkeypatch):
    """A shop that has run, and a stall with other data whose store is a link to the shop's."""
    shop, stall = tmp_path / "shop", tmp_path / "stall"
    for root in (shop, stall):
        root.mkdir()
        opened(root)
    (stall / "cxmetrics.yaml").write_text(OTHER)
    put(stall, "visits-1", "day,region,spent", "2026-03-02,east,500")
    go(shop)
    (stall / "store").symlink_to(shop / "store")
    monkeypatch.setenv("CXMETRICS_ROOTS", str(shop))
    return shop, stall


def refused(call):
    with pytest.raises(Fault) as raised:
        call()
    [found] = raised.value.diagnostics
    return found


def test_a_second_project_neither_writes_nor_reads(both):
    shop, stall = both
    before = stored(shop)
    for options in ({}, {"full": True}, {"dry_run": True}, {"renamed_from": "market"}):
        found = refused(lambda options=options: go(stall, **options))
        assert (found.code.id, found.span.source.text[found.span.start:found.span.end]) == ("CX810", "stall")
        assert (found.facts["found"], found.facts["project"]) == ("shop", "stall")
    for words in ({}, {"as_of": "1"}, {"by": ["region"]}, {"grain": "month"}):
        assert refused(lambda words=words: query(stall, ["spent"], **words)).code.id == "CX810"
    assert stored(shop).equals(before)


def test_every_verb_says_whose_it_is(both, capsys):
    _, stall = both
    where = ["--project", str(stall)]
    for words in (["run", str(stall)], ["tree", str(stall)], ["store", "log", str(stall)],
                  ["store", "vacuum", str(stall)], ["store", "freeze", "2026-03-09", "--why", "done", *where],
                  ["store", "export", str(stall / "out"), *where]):
        assert status_of(words) == 1
        assert "error[CX810]" in capsys.readouterr().err


def test_a_copy_of_a_project_is_the_same_one(both):
    shop, stall = both
    (stall / "cxmetrics.yaml").write_text(PROJECT)
    go(stall)
    with Store.open(shop / "store") as store:
        assert store.runs()["project"].to_list() == ["shop", "shop"]


@pytest.mark.parametrize("frozen", [False, True])
def test_a_project_that_was_renamed_goes_on(tmp_path, frozen):
    root = opened(tmp_path)
    go(root)
    if frozen:
        freeze(root, day(9))
    before = stored(root)
    (root / "cxmetrics.yaml").write_text(OTHER)
    assert refused(lambda: go(root)).code.id == "CX810"
    assert go(root, renamed_from="shop").committed
    assert stored(root).equals(before)
    assert not go(root, renamed_from="shop").committed
    assert not go(root).committed
    with Store.open(root / "store") as store:
        assert store.runs()["project"].to_list() == ["shop", "stall"]
        assert store.freezes()["at"].to_list() == ([NOW] if frozen else [])
    assert query(root, ["spent"], grain="day", as_of="1")["value"].sum() == 13
    (root / "cxmetrics.yaml").write_text(PROJECT)
    assert refused(lambda: go(root)).code.id == "CX810"
