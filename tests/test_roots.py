"""Data outside the project folder, and on servers: read where whoever runs the project lets it, and nowhere else."""

import os
import socket

import pytest
from shop import day, go, opened

from cxmetrics.backends.databases import take_table
from cxmetrics.backends.databases.wishes import Wish
from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.replay import replay
from cxmetrics.store import Store
from cxmetrics.tables import TableName


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


# --- the store ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "shop").mkdir()
    return opened(tmp_path / "shop")


def refused(call):
    with pytest.raises(Fault) as raised:
        call()
    return [found.code.id for found in raised.value.diagnostics]


def test_a_store_behind_a_link_is_written_where_its_folder_has_been_opened(shop, monkeypatch, capfd):
    elsewhere = shop.parent / "elsewhere"
    elsewhere.mkdir()
    (shop / "store").symlink_to(elsewhere)
    assert refused(lambda: go(shop)) == ["CX015"]
    assert not list(elsewhere.iterdir())
    monkeypatch.setenv("CXMETRICS_ROOTS", str(elsewhere))
    assert go(shop).committed
    monkeypatch.delenv("CXMETRICS_ROOTS")
    for words in (["query", str(shop), "visited"], ["tree", str(shop)], ["store", "log", str(shop)],
                  ["store", "export", str(shop.parent / "out"), "--project", str(shop)],
                  ["run", str(shop), "--dry-run"], ["replay", "1", "--project", str(shop)],
                  ["store", "vacuum", str(shop)]):
        assert status_of(words) == 1
        assert "error[CX015]" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite-wal", "lock.json", "key", "data"])
def test_no_file_of_a_store_is_a_link_to_elsewhere(shop, name):
    precious = shop.parent / "precious"
    precious.write_text("mine")
    (shop / "store").mkdir()
    (shop / "store" / name).symlink_to(precious)
    assert refused(lambda: go(shop)) == ["CX015"]
    assert precious.read_text() == "mine"


def test_links_in_a_circle_are_no_store(shop):
    (shop / "store").symlink_to(shop / "store")
    assert refused(lambda: go(shop)) == ["CX015"]


def test_a_link_within_the_project_is_followed(shop):
    (shop / "kept").mkdir()
    (shop / "store").symlink_to("kept")
    assert go(shop).committed
    assert (shop / "kept/ledger.sqlite").exists()


def test_what_is_written_follows_no_link(shop):
    go(shop)
    precious = shop.parent / "precious"
    precious.write_text("mine")
    for name in ("values.day", "values.week"):
        (shop / f"store/data/{name}.2026-03.2-1.parquet.part").symlink_to(precious)
        (shop / f"store/data/{name}.2026-03.2-2.parquet.part").symlink_to(precious)
    (shop / "data/visits-3.csv").write_text("day,region,spent\n2026-03-10,east,4\n")
    assert go(shop).committed
    assert precious.read_text() == "mine"


# --- servers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize(("listed", "code"), [
    ("db.bank.example", "CX730"), ("", "CX730"), ("127.0.0.1", "CX747"), ("db.bank.example, 127.0.0.1", "CX747"),
    (None, "CX747")])
def test_a_source_reads_the_servers_that_are_named(tmp_path, monkeypatch, scheme, listed, code):
    """Nothing listens there: who asks the server at all is told that there is none (CX747)."""
    pytest.importorskip({"postgresql": "psycopg", "mysql": "pymysql"}[scheme])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.delenv("CXMETRICS_HOSTS", raising=False)
    if listed is not None:
        monkeypatch.setenv("CXMETRICS_HOSTS", listed)
    with pytest.raises(Fault) as raised:
        take_table(f"{scheme}://u@127.0.0.1:{port}/bank", Wish(TableName("t")), tmp_path)
    assert raised.value.diagnostics[0].code.id == code
