"""Tables of DuckDB and SQLite files: what they become, what is left alone, and what is refused."""

import datetime as dt
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cxmetrics.addresses import Address, has_password, masked, read_address
from cxmetrics.backends.databases import take_table
from cxmetrics.backends.databases.wishes import ROWS, Wish
from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store
from cxmetrics.tables import TableName


def sqlite(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def duck(path: Path, *statements: str) -> Path:
    with closing(duckdb.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def taken(path: Path, table: str, *must: str, may: tuple[str, ...] | None = (), time: str | None = None):
    scratch = path.parent / f"scratch-{os.urandom(4).hex()}"
    return pl.read_parquet(take_table(path, Wish(TableName(table), must, may, time), scratch))


def refused(path: Path, table: str, *must: str, **wish: object):
    with pytest.raises(Fault) as raised:
        taken(path, table, *must, **wish)
    [found] = raised.value.diagnostics
    return found.code.id, found.facts


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Nothing in the folder is made, written or taken away, but for scratch."""
    def look():
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir() if path.is_file()}

    before = look()
    yield
    assert look() == before


# --- types of SQLite ---------------------------------------------------------------------------------------------


def test_a_column_of_one_type_has_it_and_a_mixed_one_is_text(tmp_path):
    path = sqlite(tmp_path / "a.db", "CREATE TABLE t (i, r, n, w, m, b, e, t)",
                  "INSERT INTO t VALUES (1, 0.1, 1, 9007199254740993, 1, x'e5aea2', NULL, 'x')",
                  "INSERT INTO t VALUES (NULL, 1e300, 2.5, 0.5, 'x', 'y', NULL, NULL)",
                  "INSERT INTO t VALUES (-9223372036854775808, NULL, NULL, NULL, 0.1, NULL, NULL, '')")
    frame = taken(path, "t", may=None, time="t").sort("i", nulls_last=True)
    assert frame.schema == {"i": pl.Int64, "r": pl.Float64, "n": pl.Float64, "w": pl.String, "m": pl.String,
                            "b": pl.String, "e": pl.String, "t": pl.String}
    assert frame.rows() == [(-2**63, None, None, None, "0.1", None, None, ""),
                            (1, 0.1, 1.0, "9007199254740993", "1", "客", None, "x"),
                            (None, 1e300, 2.5, "0.5", "x", "y", None, None)]


@pytest.mark.parametrize("value", ["x'ff'", "CAST(x'ff' AS TEXT)"])
def test_bytes_that_are_no_text_name_their_column(tmp_path, value):
    path = sqlite(tmp_path / "a.db", "CREATE TABLE t (fine, strange)", f"INSERT INTO t VALUES (1, {value})")
    assert refused(path, "t", "strange") == (
        "CX746", {"column": "strange", "table": "t", "problem": "it holds bytes that are not UTF-8"})
    assert taken(path, "t", "fine").rows() == [(1,)]


def test_many_rows_and_long_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("cxmetrics.backends.databases.parts._PART", 1 << 16)  # several parts
    path = sqlite(tmp_path / "a.db", "CREATE TABLE t (a, b)",
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                  "INSERT INTO t SELECT 20001 - i, hex(zeroblob(i % 50)) FROM n")
    frame = taken(path, "t", "a", "b")
    assert frame["a"].to_list() == list(range(1, 20001))  # sorted
    sqlite(path, "INSERT INTO t VALUES (0, hex(zeroblob(9000000)))")  # 18 million characters
    code, facts = refused(path, "t", "b")
    assert (code, facts["problem"]) == ("CX745", "string or blob too big")


# --- types of DuckDB ---------------------------------------------------------------------------------------------


def test_types_of_duckdb(tmp_path):
    path = duck(tmp_path / "a.duckdb", "CREATE TYPE way AS ENUM ('app')", """CREATE TABLE t AS SELECT
        1::TINYINT AS a, 170141183460469231731687303715884105727::HUGEINT AS b, 1.50::DECIMAL(9, 2) AS c,
        'app'::way AS d,
        '00000000-0000-0000-0000-000000000001'::UUID AS e, TIMESTAMPTZ '2026-03-01 08:00:00+08' AS f,
        TIME '10:30:00' AS g,
        INTERVAL 1 DAY AS h, TIMESTAMP_S '2026-03-01 08:00:00' AS i, '{"a": 1}'::JSON AS j, 0.1::FLOAT AS k, NULL AS l,
        DATE '2026-03-01' AS m, true AS n, 18446744073709551615::UBIGINT AS o, [1] AS list, {'a': 1} AS struct,
        MAP {'a': 1} AS map, 'x'::BLOB AS bytes""")
    frame = taken(path, "t", may=None)
    assert frame.drop("l").rows(named=True) == [{
        "a": 1, "b": "170141183460469231731687303715884105727", "c": Decimal("1.50"), "d": "app",
        "e": "00000000-0000-0000-0000-000000000001", "f": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "g": "10:30:00",
        "h": "1 day", "i": dt.datetime.fromisoformat("2026-03-01T08:00"), "j": '{"a": 1}',
        "k": pytest.approx(0.1, rel=1e-7),
        "m": dt.date(2026, 3, 1), "n": True, "o": 18446744073709551615}]
    for column in ("list", "struct", "map", "bytes"):
        code, facts = refused(path, "t", column)
        assert (code, facts["column"]) == ("CX746", column)


def test_views_of_duckdb_reach_their_own_file_only(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    path = duck(tmp_path / "a.duckdb", "CREATE TABLE t AS SELECT 7 AS a", "CREATE VIEW own AS SELECT a FROM t",
                f"CREATE VIEW other AS SELECT a FROM read_csv('{tmp_path}/secret.csv')",
                "CREATE VIEW failing AS SELECT CAST('secret' || a AS INTEGER) AS a FROM t")
    assert taken(path, "own", "a").rows() == [(7,)]
    assert refused(path, "other", "a")[0] == "CX745"
    assert refused(path, "failing", "a")[1]["problem"] == "ConversionException"


# --- what both share ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [sqlite, duck])
def test_tables_without_rows_or_of_which_nothing_is_asked(tmp_path, make):
    path = make(tmp_path / "a.file", "CREATE TABLE t (a INTEGER, b TEXT)", "CREATE TABLE u (a INTEGER)",
                "INSERT INTO u VALUES (1), (1)")
    assert taken(path, "t", "a", "b").shape == (0, 2)
    assert taken(path, "u").to_dict(as_series=False) == {ROWS: [1, 1]}
    assert taken(path, "u", "a", "absent").shape == (0, 1)  # the absent column is for `require` to tell


@pytest.mark.parametrize("make", [sqlite, duck])
def test_odd_names(tmp_path, make):
    path = make(tmp_path / "a 'b' [c]*.file",
                '''CREATE TABLE "x'"";DROP TABLE y;--." ("列 ""1""" INTEGER, "a.b" INTEGER)''',
                """INSERT INTO "x'"";DROP TABLE y;--." VALUES (1, 2)""", "CREATE TABLE y (a INTEGER)")
    assert taken(path, "x'\";DROP TABLE y;--.", '列 "1"', "a.b").rows() == [(1, 2)]
    assert taken(path, "main.y", "a").height == 0
    for hostile in ("y; DROP TABLE y", "y\0", "\ud800", "(SELECT 1)", "sqlite_master", "duckdb_tables()", "",
                    "y" * 9999):
        assert refused(path, hostile)[0] == "CX742"
    assert taken(path, "y", "a").height == 0


@pytest.mark.parametrize("make", [sqlite, duck])
def test_rows_are_sorted_by_the_time_and_what_is_not_asked_for_is_not_read(tmp_path, make):
    path = make(tmp_path / "a.file", "CREATE TABLE t (a INTEGER, secret TEXT, day TEXT)",
                "INSERT INTO t VALUES (2, 'x', '2026-03-01'), (1, 'x', '2026-03-02'), (1, 'x', '2026-03-01')")
    frame = taken(path, "t", "a", may=("day", "absent"), time="day")
    assert frame.columns == ["a", "day"]
    assert frame["a"].to_list() == [1, 2, 1]


@pytest.mark.parametrize("make", [sqlite, duck])
def test_what_is_broken_is_told(tmp_path, make):
    path = make(tmp_path / "a.file", "CREATE TABLE t (a INTEGER)", "INSERT INTO t SELECT 1")
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    assert refused(path, "t", "a")[0] in ("CX742", "CX745")
    path.write_bytes(whole[:100])
    assert refused(path, "t", "a")[0] in ("CX742", "CX745")
    path.write_bytes(b"neither" * 100)
    assert refused(path, "t", "a")[0] == "CX744"


def test_a_name_in_two_schemas(tmp_path):
    path = duck(tmp_path / "a.duckdb", "CREATE SCHEMA one", "CREATE SCHEMA two", "CREATE TABLE one.t (a INTEGER)",
                "CREATE TABLE two.t (b INTEGER)", "CREATE TABLE one.m (a INTEGER)", "CREATE TABLE m (b INTEGER)",
                'CREATE TABLE "one.m" (c INTEGER)')
    assert refused(path, "t") == (
        "CX749", {"database": path.as_posix(), "table": "t", "tables": "`one.t`, `two.t`"})
    assert taken(path, "one.t", "a").columns == ["a"]
    assert taken(path, "m", "b").columns == ["b"]  # the usual schema
    assert refused(path, "one.m")[0] == "CX749"


# --- left as they are --------------------------------------------------------------------------------------------


def write_ahead(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO t VALUES (1)")
    return connection


def test_a_log_that_a_writer_keeps_is_read_too(tmp_path):
    with closing(write_ahead(tmp_path / "a.db")) as writer:
        assert (tmp_path / "a.db-wal").stat().st_size
        assert taken(tmp_path / "a.db", "t", "a").rows() == [(1,)]
        writer.execute("INSERT INTO t VALUES (2)")
        assert taken(tmp_path / "a.db", "t", "a").height == 2
    with unchanged(tmp_path):  # the log is gone, and no new one is laid beside the file
        assert taken(tmp_path / "a.db", "t", "a").height == 2


def test_a_log_that_was_left_behind_is_read_too(tmp_path):
    (tmp_path / "delivered").mkdir()
    with closing(write_ahead(tmp_path / "a.db")):
        for name in ("a.db", "a.db-wal"):
            (tmp_path / "delivered" / name).write_bytes((tmp_path / name).read_bytes())
    with unchanged(tmp_path / "delivered"):
        assert taken(tmp_path / "delivered" / "a.db", "t", "a").rows() == [(1,)]


def test_files_and_folders_that_cannot_be_written(tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir()
    paths = [sqlite(folder / "a.db", "CREATE TABLE t AS SELECT 1 AS a"),
             duck(folder / "b", "CREATE TABLE t AS SELECT 1 AS a")]
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with unchanged(folder):
            for path in paths:
                assert pl.read_parquet(take_table(path, Wish(TableName("t"), ("a",)), tmp_path / path.name)).height == 1
    finally:
        folder.chmod(stat.S_IRWXU)


def test_a_log_of_duckdb_is_read_too(tmp_path):
    program = ("import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
               "c.execute('PRAGMA disable_checkpoint_on_shutdown');"
               "c.execute('CREATE TABLE t (a INTEGER)'); c.execute('CHECKPOINT');"
               "c.execute('INSERT INTO t VALUES (1)'); os._exit(0)")
    path = tmp_path / "a.duckdb"
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", program, str(path)) == 0
    assert path.with_name("a.duckdb.wal").exists()
    with unchanged(tmp_path):
        assert taken(path, "t", "a").rows() == [(1,)]


# --- a project ---------------------------------------------------------------------------------------------------

PROJECT = """
project: shop
grains: [day]
cuts: [[region]]
dimensions:
  region: {title: Region}
  branch: {within: region, lookup: {read: data/shop.db, table: branches, key: branch}}
sources:
  visits: {read: data/shop.db, table: visits, time: day, columns: {spent: integer}}
indicators:
  spent: {formula: sum(visits.spent)}
tests:
  adds: {given: {visits: [{spent: 2, branch: x}, {spent: 3}], branch: [{branch: x, region: east}]},
         expect: {spent: [{value: 5}, {region: east, value: 2}]}}
"""
TABLES = ("CREATE TABLE visits (day TEXT, branch TEXT, spent INTEGER, note TEXT)",
          "INSERT INTO visits VALUES ('2026-03-01', 'a', 5, ''), ('2026-03-02', 'b', 7, '')",
          "CREATE TABLE branches (branch TEXT, region TEXT)",
          "INSERT INTO branches VALUES ('a', 'north'), ('b', 'south')")


@pytest.fixture(params=[sqlite, duck], ids=["sqlite", "duckdb"])
def shop(request, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT)
    request.param(tmp_path / "data" / "shop.db", *TABLES)
    return lambda *statements: request.param(tmp_path / "data" / "shop.db", *statements)


def stored(root: Path) -> pl.DataFrame:
    with Store.open(root / "store", writable=False) as store:
        return store.values().drop("run").sort("grain", "period", "region")


def proved(root: Path) -> list[tuple]:
    """The values, which are those of a full run."""
    before = stored(root)
    run(root, RunOptions(full=True))
    assert_frame_equal(before, stored(root), check_exact=True)
    return before.select("region", "value").rows()


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_table_that_did_not_change_in_a_file_that_did(shop, tmp_path, engine):
    options = RunOptions(engine=engine)
    assert run(tmp_path, options).committed
    assert not run(tmp_path, options).committed
    shop("CREATE TABLE other AS SELECT 1 AS a", "UPDATE visits SET note = 'other'")  # not read
    assert not run(tmp_path, options).committed
    assert not run(tmp_path, options).committed
    shop("UPDATE visits SET spent = 8 WHERE branch = 'b'")
    assert run(tmp_path, options).committed
    assert proved(tmp_path) == [(None, 5.0), ("north", 5.0), (None, 8.0), ("north", 0.0), ("south", 8.0)]
    shop("UPDATE branches SET region = 'west' WHERE branch = 'b'")
    assert run(tmp_path, options).committed
    assert ("west", 8.0) in proved(tmp_path)
    shop("DELETE FROM visits WHERE branch = 'a'", "INSERT INTO visits VALUES ('2026-03-04', 'c', 1, '')")
    run(tmp_path, options)
    assert (None, 1.0) in proved(tmp_path)


@pytest.mark.usefixtures("shop")
def test_rows_of_a_yaml_test_take_the_place_of_tables(tmp_path, capsys):
    assert status_of(["test", str(tmp_path)]) == 0, capsys.readouterr()


@pytest.mark.usefixtures("shop")
def test_a_database_does_not_lead_outside(tmp_path):
    outside = sqlite(tmp_path.parent / f"{tmp_path.name}.db", *TABLES)
    (tmp_path / "data" / "shop.db").unlink()
    (tmp_path / "data" / "shop.db").symlink_to(outside)
    with pytest.raises(Fault) as raised:
        run(tmp_path, RunOptions())
    assert [found.code.id for found in raised.value.diagnostics] == ["CX015"]


# --- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("read", "parts"), [
    ("postgresql://bank@db.example:5433/clearing", Address("db.example", "clearing", 5433, "bank")),
    ("postgres://db.example/%E5%BA%93", Address("db.example", "库")),
    ("postgresql://a%40b@[::1]/x?sslmode=require", Address("::1", "x", None, "a@b", (("sslmode", "require"),))),
    ("postgresql://db.example", "database"), ("postgresql:///x", "host"), ("postgresql://a,b/x", "host"),
    ("postgresql://%2Ftmp/x", "host"), ("postgresql://h/x?sslmode=maybe", "option"), ("postgresql://h/x#y", "option"),
    ("postgresql://h/x?service=y", "option"), ("mysql://u@h/x", Address("h", "x", None, "u", (), "mysql")),
    ("oracle://h/x", "scheme"), ("postgresql://h:port/x", "form"),
    ("mariadb://h:33/x?sslmode=require", Address("h", "x", 33, None, (("sslmode", "require"),), "mysql")),
    ("mysql://h/x?unix_socket=y", "option"), ("mysql://h/x?read_default_file=y", "option"),
    ("postgresql://h/x%0Ay", "database"), ("postgresql://h/a/b", "database")])
def test_addresses(read, parts):
    assert read_address(read) == parts
    assert not has_password(read)


@pytest.mark.parametrize(("text", "shown"), [
    ("mysql://u:geheim@h/x", "mysql://u:******@h/x"), ("postgresql://u:geheim@h/x", "postgresql://u:******@h/x"),
    ("postgresql://u:a@b:c/d@h:1/x", "postgresql://u:*******@h:1/x"),
    ("postgresql://h/x?password=p%20q&sslmode=require", "postgresql://h/x?password=*****&sslmode=require"),
    ("  read: 'ftp://u:pw@h/x', unit: s", "  read: 'ftp://u:**@h/x', unit: s"),
    ("read: postgresql://u@h:5432/x # ask u@h", "read: postgresql://u@h:5432/x # ask u@h")])
def test_passwords_are_starred(text, shown):
    assert masked(text) == shown
    assert has_password(text) == (text != shown)
