"""Data outside the project folder: read where whoever runs the project has opened their folder, and nowhere else."""

import os

import pytest
from shop import day, go, opened

from cxmetrics.diagnostics import Fault
from cxmetrics.replay import replay
from cxmetrics.store import Store


@pytest.fixture
def root(tmp_path):
    (tmp_path / "shop").mkdir()
    root = opened(tmp_path / "shop")
    lake = tmp_path / "lake"
    lake.mkdir()
    for file in (root / "data").glob("visits*"):
        file.rename(lake / file.name)
    definitions = root / "cxmetrics.yaml"
    definitions.write_text(definitions.read_text().replace("data/visits*.csv", f"{lake.as_posix()}/visits*.csv"))
    return root


def visited(root):
    with Store.open(root / "store", writable=False) as store:
        rows = store.values().rows(named=True)
    return {(row["grain"], row["period"]): row["value"] for row in rows
            if row["indicator"] == "visited" and row["region"] is None}


def test_an_opened_folder_is_read(root, monkeypatch):
    monkeypatch.setenv("CXMETRICS_ROOTS", os.pathsep.join(["/nowhere", str(root.parent / "lake")]))
    assert go(root).committed
    assert visited(root)["day", day(2)] == 2
    assert not go(root).committed
    (root.parent / "lake/visits-3.csv").write_text("day,region,spent\n2026-03-09,east,4\n")
    assert go(root).committed
    assert visited(root)["day", day(9)] == 2
    again = replay(root, root / "store", "2")
    assert again.compared
    assert not again.drift
    assert not again.differences.height


@pytest.mark.parametrize("opened", ["", "/nowhere", "lake-not"])
def test_no_other_folder_is(root, monkeypatch, opened):
    (root.parent / "lake-not").mkdir()
    monkeypatch.setenv("CXMETRICS_ROOTS", str(root.parent / opened) if opened else "")
    with pytest.raises(Fault) as raised:
        go(root, strict=True)
    (found,) = raised.value.diagnostics
    assert found.code.id == "CX015"
    assert found.facts["variable"] == "CXMETRICS_ROOTS"
