"""A store published to a real PostgreSQL: whole runs, each once."""

import sys
from pathlib import Path

import pytest
import server

from cxmetrics.addresses import read_address
from cxmetrics.backends.databases import sink
from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store
from cxmetrics.store.publish import publish

pytestmark = [
    pytest.mark.skipif(server.missing() is not None, reason=str(server.missing())),
    pytest.mark.usefixtures("password"),
]

PROJECT = """
project: shop
grains: [day]
cuts: [[region]]
dimensions: {region: {title: Region}}
sources:
  visits: {read: "data/*.csv", time: day, columns: {spent: number}, dimensions: {region: region}}
indicators:
  visited: {formula: count(visits)}
  typical: {formula: mean(visits.spent)}
"""


@pytest.fixture
def root(bank, tmp_path) -> Path:
    bank.do("DROP SCHEMA IF EXISTS cxmetrics CASCADE")
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT)
    put(tmp_path, 1, "east,0.1", "west,0.2")
    put(tmp_path, 2, "east,0.7")
    run(tmp_path, RunOptions())
    return tmp_path


def put(root, day, *rows):
    lines = "".join(f"2026-03-{day:02},{row}\n" for row in rows)
    (root / "data" / f"{day}.csv").write_text(f"day,region,spent\n{lines}")


def asked(bank, statement):
    import psycopg

    with psycopg.connect(bank.address(), password=server.PASSWORD) as connection:
        return connection.execute(statement).fetchall()


def go(bank, root, schema="cxmetrics", project="shop"):
    with Store.open(root / "store") as store:
        return publish(store, read_address(bank.address()), schema, project)


def everything(bank, root, dimension="region"):
    """The values of the store and of the database, as rows."""
    with Store.open(root / "store") as store:
        frame = store.values()
    names = ["indicator", "period", dimension, "value", "n", "status", "definition", "run"]
    columns = ", ".join(f'"{name}"' for name in names)
    there = asked(bank, f'SELECT {columns} FROM cxmetrics."values"')
    return sorted(map(repr, frame.select(names).iter_rows())), sorted(map(repr, there))


def test_what_is_published_is_what_is_stored(bank, root):
    counts = go(bank, root)
    mine, theirs = everything(bank, root)
    assert mine == theirs  # to the last bit
    assert counts["values"] == len(mine)
    assert counts["runs"] == 1
    assert asked(bank, "SELECT project, number FROM cxmetrics.published") == [("shop", 1)]


def test_once_is_enough_and_later_runs_send_what_they_wrote(bank, root):
    go(bank, root)
    assert go(bank, root) is None
    put(root, 3, "east,5", "north,6")
    run(root, RunOptions())
    counts = go(bank, root)
    mine, theirs = everything(bank, root)
    assert mine == theirs
    assert 0 < counts["values"] < len(mine)
    assert asked(bank, "SELECT number FROM cxmetrics.published") == [(2,)]


def test_who_reads_what_stands_there_is_not_waited_for(bank, root, monkeypatch):
    import psycopg

    monkeypatch.setattr(sink, "WAIT", "1s")
    go(bank, root)
    put(root, 3, "east,5")
    run(root, RunOptions())
    with psycopg.connect(bank.address(), password=server.PASSWORD) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute('SELECT * FROM cxmetrics.published, cxmetrics."values"').fetchall()
        assert go(bank, root) is not None
        assert reader.execute("SELECT number FROM cxmetrics.published").fetchall() == [(1,)]
    assert asked(bank, "SELECT number FROM cxmetrics.published") == [(2,)]


@pytest.mark.parametrize("harm", [
    'DROP TABLE cxmetrics."values"', 'TRUNCATE cxmetrics."values"', "DROP TABLE cxmetrics.freezes",
    "DELETE FROM cxmetrics.\"values\" WHERE indicator = 'typical' AND period = '2026-03-01' AND region = 'east'"])
@pytest.mark.parametrize("later", [False, True])
def test_what_the_database_has_lost_is_sent_again(bank, root, harm, later):
    go(bank, root)
    assert go(bank, root) is None
    bank.do(harm)
    if later:
        put(root, 3, "east,0.4")
        run(root, RunOptions())
    with Store.open(root / "store") as store:
        height = store.values().height
    assert go(bank, root)["values"] == height
    assert asked(bank, 'SELECT count(*) FROM cxmetrics."values"') == [(height,)]
    assert go(bank, root) is None


def test_what_is_gone_goes(bank, root):
    go(bank, root)
    (root / "data/2.csv").unlink()
    run(root, RunOptions())
    go(bank, root)
    mine, theirs = everything(bank, root)
    assert mine == theirs
    assert not [row for row in theirs if "2026, 3, 2" in row]


def test_another_store_takes_the_place_of_the_one_before(bank, root, tmp_path):
    go(bank, root)
    (root / "store").rename(tmp_path / "before")
    put(root, 1, "east,9")
    run(root, RunOptions())
    asked(bank, "SELECT 1")
    bank.do("UPDATE cxmetrics.published SET run = 'of somebody else'")
    go(bank, root)
    mine, theirs = everything(bank, root)
    assert mine == theirs


def test_projects_share_a_schema(bank, root):
    go(bank, root)
    counts = go(bank, root, project="another")
    assert asked(bank, 'SELECT project, count(*) FROM cxmetrics."values" GROUP BY 1 ORDER BY 1') == [
        ("another", counts["values"]), ("shop", counts["values"])]


def test_a_dimension_that_is_new_and_oddly_named(bank, root):
    go(bank, root)
    odd = 'x"; DROP SCHEMA cxmetrics; --'
    text = PROJECT.replace("region", "area").replace("area: area", f"area: {odd!r}")
    (root / "cxmetrics.yaml").write_text(text)
    for path in (root / "data").iterdir():
        path.write_text(path.read_text().replace("region", '"' + odd.replace('"', '""') + '"'))
    run(root, RunOptions())
    go(bank, root, schema="cxmetrics")
    mine, theirs = everything(bank, root, "area")
    assert mine == theirs


def test_readers_see_a_whole_run_or_none(bank, root, monkeypatch):
    go(bank, root)
    before = everything(bank, root)[1]
    put(root, 3, "east,5")
    run(root, RunOptions())

    def torn(*_):
        raise OSError(5, "Input/output error")
    monkeypatch.setattr(Store, "restatements", torn)
    with pytest.raises(OSError, match="Input/output"):
        go(bank, root)
    assert everything(bank, root)[1] == before
    assert asked(bank, "SELECT number FROM cxmetrics.published") == [(1,)]


def test_nobody_waits_for_ever_for_one_who_writes(bank, root, monkeypatch):
    import psycopg

    monkeypatch.setattr("cxmetrics.backends.databases.sink.WAIT", "100ms")
    with psycopg.connect(bank.address(), password=server.PASSWORD) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('cxmetrics cxmetrics'))")
        with pytest.raises(Fault) as caught:
            go(bank, root)
    (told,) = caught.value.diagnostics
    assert told.code.id == "CX725"
    assert "lock timeout" in told.facts["problem"]
    assert go(bank, root)


def test_who_may_not_write_is_told(bank, root):
    bank.do("DROP ROLE IF EXISTS guest", f"CREATE ROLE guest LOGIN PASSWORD '{server.PASSWORD}'")
    with Store.open(root / "store") as store, pytest.raises(Fault) as raised:
        publish(store, read_address(bank.address(user="guest")), "cxmetrics", "shop")
    assert [found.code.id for found in raised.value.diagnostics] == ["CX725"]
    assert server.PASSWORD not in repr(raised.value.diagnostics)


def test_the_command(bank, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert status_of(["store", "publish", bank.address(), "--schema", "kpi"]) == 0
    assert "published to postgresql://127.0.0.1" in capsys.readouterr().err
    assert status_of(["store", "publish", bank.address(), "--schema", "kpi"]) == 0
    assert "stands there already" in capsys.readouterr().err
    assert status_of(["store", "publish", f"postgresql://bank:{server.PASSWORD}@127.0.0.1/bank"]) == 1
    said = capsys.readouterr().err
    assert "CX740" in said
    assert server.PASSWORD not in said
    assert status_of(["store", "publish", "mysql://host/bank"]) == 1
    assert "CX741" in capsys.readouterr().err
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert status_of(["store", "publish", bank.address()]) == 1
    assert "CX747" in capsys.readouterr().err


def test_without_a_driver(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    monkeypatch.setitem(sys.modules, "cxmetrics.backends.databases.sink", None)
    assert status_of(["store", "publish", "postgresql://bank@127.0.0.1/bank"]) == 1
    assert "CX748" in capsys.readouterr().err


ODD = ['we"ird; DROP SCHEMA cxmetrics', "Größe", "x" * 63, "ü" * 40, "", "a\0b", "pg_mine", "\udcff", " "]


@pytest.mark.parametrize("schema", ODD)
def test_schemas_of_odd_names(bank, root, schema, capsys):
    words = ["store", "publish", bank.address(), "--project", str(root), "--schema", schema]
    status = status_of(words)
    said = "".join(capsys.readouterr())
    assert "CX900" not in said
    assert server.PASSWORD not in said
    there = {name for (name,) in asked(bank, "SELECT nspname FROM pg_namespace")}
    if status == 0:
        assert schema in there
        bank.do(f'DROP SCHEMA "{schema.replace(chr(34), chr(34) * 2)}" CASCADE')
    else:
        assert "error[CX725]" in said
    assert not {name for name in there if name.startswith("üü")}


def test_a_slice_that_a_database_cannot_hold(bank, root):
    put(root, 3, "ea\0st,0.1")
    run(root, RunOptions())
    with pytest.raises(Fault) as raised:
        go(bank, root)
    (found,) = raised.value.diagnostics
    assert found.code.id == "CX725"
    assert asked(bank, "SELECT nspname FROM pg_namespace WHERE nspname = 'cxmetrics'") == []


def test_a_connection_that_is_lost_in_the_middle(bank, root, monkeypatch):
    assert go(bank, root)
    put(root, 3, "north,0.4")
    run(root, RunOptions())
    real = Store.rejects

    def cut_off(self, only=None):
        bank.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database()")
        return real(self, only)

    monkeypatch.setattr(Store, "rejects", cut_off)
    with pytest.raises(Fault) as raised:
        go(bank, root)
    (found,) = raised.value.diagnostics
    assert found.code.id == "CX725"
    assert server.PASSWORD not in str(found.facts)
    monkeypatch.undo()
    monkeypatch.setenv("PGPASSWORD", server.PASSWORD)
    assert {day for (day,) in asked(bank, "SELECT DISTINCT period::text FROM cxmetrics.values")} == {
        "2026-03-01", "2026-03-02"}
    assert go(bank, root)
