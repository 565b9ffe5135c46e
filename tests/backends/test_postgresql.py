"""Tables of a real PostgreSQL: what they become, when they are stale, and what is said when they cannot be had."""

import datetime as dt
import sys
from pathlib import Path

import polars as pl
import pytest
import server
from polars.testing import assert_frame_equal

from cxmetrics.backends.databases import take_table
from cxmetrics.backends.databases.wishes import ROWS, Wish
from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store
from cxmetrics.tables import TableName

pytestmark = [
    pytest.mark.skipif(server.missing() is not None, reason=str(server.missing())),
    pytest.mark.usefixtures("password"),
]

PROJECT = """
project: bank
time_zone: Asia/Shanghai
grains: [day, month]
cuts: [[region]]
dimensions:
  region: {title: Region}
  branch: {within: region, lookup: {read: "%(address)s", table: people.branches, key: branch}}
sources:
  payments:
    read: %(address)s
    table: payments
    time: moment
    columns: {paid: {type: number, unit: CNY}, points: integer}
indicators:
  paid: {formula: sum(payments.paid)}
  points: {formula: sum(payments.points)}
"""
TABLES = """
DROP TABLE IF EXISTS payments; DROP SCHEMA IF EXISTS people CASCADE; CREATE SCHEMA people;
CREATE TABLE people.branches (branch text, region text);
INSERT INTO people.branches VALUES ('a', 'north'), ('b', 'south');
CREATE TABLE payments (moment timestamptz, branch text, paid numeric(12, 2), points int, note jsonb);
INSERT INTO payments VALUES ('2026-03-01 12:00+00', 'a', 0.10, 3, '{"a": 1}'),
  ('2026-03-01 16:30+00', 'b', 0.20, 4, NULL), ('2026-03-02 01:00+00', NULL, 1.70, NULL, '[]')
"""


@pytest.fixture
def root(bank, tmp_path) -> Path:
    bank.do(*TABLES.split(";"))
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT % {"address": bank.address()})
    return tmp_path


def go(root: Path, **options: object):
    return run(root, RunOptions(**options))


def stored(root: Path) -> pl.DataFrame:
    with Store.open(root / "store", writable=False) as store:
        return store.values().drop("run").sort("indicator", "grain", "period", "region")


def values(root: Path, grain: str = "month") -> list[tuple]:
    frame = stored(root).filter(pl.col("grain") == grain)
    return frame.select("indicator", "region", "value").rows()


def taken(bank, tmp_path, table: str, *must: str, may: tuple[str, ...] | None = (), time: str | None = None):
    wish = Wish(TableName(table), must, may, time)
    return pl.read_parquet(take_table(bank.address(), wish, tmp_path / "scratch"))


def refused(bank, tmp_path, table: str, *must: str, **wish: object):
    with pytest.raises(Fault) as raised:
        taken(bank, tmp_path, table, *must, **wish)
    [found] = raised.value.diagnostics
    return found.code.id, found.facts


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_project_over_a_server(root, engine):
    report = go(root, engine=engine)
    assert report.committed
    # 0.10 + 0.20 + 1.70; north is branch a, south is b, and one row has no branch.
    assert values(root) == [
        ("paid", None, pytest.approx(2.0)), ("paid", "(missing)", pytest.approx(1.7)),
        ("paid", "north", pytest.approx(0.1)), ("paid", "south", pytest.approx(0.2)),
        ("points", None, 7.0), ("points", "(missing)", 0.0), ("points", "north", 3.0), ("points", "south", 4.0)]
    days = stored(root).filter(pl.col("region").is_null(), grain="day", indicator="points")["period"].to_list()
    assert days == [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]  # 16:30 in UTC is the next day in Shanghai
    asked = query(root, ["points"], by=["branch"], grain="month", engine=engine)
    assert dict(asked.select("branch", "value").rows()) == {"a": 3.0, "b": 4.0, "(missing)": 0.0}


def test_what_did_not_change_is_not_computed_again(bank, root):
    go(root)
    bank.do("UPDATE payments SET points = points", "VACUUM FULL payments")  # other places, the same rows
    assert not go(root).committed
    bank.do("UPDATE payments SET points = 5 WHERE branch = 'b'")
    assert go(root).committed
    incremental = stored(root)
    assert values(root)[4] == ("points", None, 8.0)
    bank.do("UPDATE people.branches SET region = 'west' WHERE branch = 'b'")
    assert go(root).committed
    assert ("points", "west", 5.0) in values(root)
    assert not incremental.equals(stored(root))
    after = stored(root)
    go(root, full=True)
    assert_frame_equal(after, stored(root), check_exact=True)


def test_rows_that_come_and_go(bank, root):
    go(root)
    bank.do("INSERT INTO payments VALUES ('2026-03-05 00:00+00', 'a', 9, 9)",
            "DELETE FROM payments WHERE branch IS NULL")
    go(root)
    incremental = stored(root)
    go(root, full=True)
    assert_frame_equal(incremental, stored(root), check_exact=True)
    assert values(root)[:2] == [("paid", None, pytest.approx(9.3)), ("paid", "north", pytest.approx(9.1))]


def test_a_dry_run_asks_and_stores_nothing(bank, root):
    go(root)
    bank.do("UPDATE payments SET points = 50 WHERE branch = 'b'")
    before = stored(root)
    assert go(root, dry_run=True).scans == 1
    assert_frame_equal(before, stored(root))


# --- types -------------------------------------------------------------------------------------------------------


def test_types_that_have_a_reading(bank, tmp_path):
    bank.do("DROP VIEW IF EXISTS every", "DROP TYPE IF EXISTS way CASCADE", "CREATE TYPE way AS ENUM ('app', 'desk')",
            "DROP DOMAIN IF EXISTS euro CASCADE", "CREATE DOMAIN euro AS numeric(8, 2)", """CREATE VIEW every AS SELECT
            1::int2 AS a, 9007199254740993::int8 AS b, 0.1::float4 AS c, 'NaN'::float8 AS d, 1.50::euro AS e,
            12345678901234567890123456789012345678901.5::numeric AS f, true AS g, '2026-03-01'::date AS h,
            'infinity'::date AS i, '0044-03-15 BC'::timestamp AS j, '2026-03-01 08:00:00.123456+08'::timestamptz AS k,
            'app'::way AS l, '{"a": [1, 2]}'::jsonb AS m, 'ab '::char(3) AS n, '10:30'::time AS o,
            '1 day'::interval AS p,
            '00000000-0000-0000-0000-000000000001'::uuid AS q, 1.25::float8::numeric::money AS r, NULL::int4 AS s,
            'a,"b"' || chr(10) || '\\N' AS t, '\\N'::text AS u, ''::text AS v, '客户'::varchar(9) AS "列.""x",
            null::date AS w""")
    [row] = taken(bank, tmp_path, "every", may=None).rows(named=True)
    assert row == {
        "a": 1, "b": 9007199254740993, "c": pytest.approx(0.1, rel=1e-7), "d": pytest.approx(float("nan"), nan_ok=True),
        "e": "1.50", "f": "12345678901234567890123456789012345678901.5", "g": True, "h": dt.date(2026, 3, 1),
        "i": dt.date(9999, 12, 31), "j": dt.datetime.fromisoformat("0001-01-01"), "l": "app",
        "m": '{"a": [1, 2]}', "n": "ab",
        "q": "00000000-0000-0000-0000-000000000001", "o": "10:30:00", "p": "1 day", "r": "1.25", "s": None,
        "k": dt.datetime(2026, 3, 1, 0, 0, 0, 123456, dt.UTC), "t": 'a,"b"\n\\N', "u": "\\N", "v": "", '列."x': "客户",
        "w": None}


@pytest.mark.parametrize(("value", "told"), [
    ("ARRAY[1, 2]", "its type is int4[]"), ("'\\x00'::bytea", "its type is bytea"),
    ("'[1,2)'::int4range", "its type is int4range"), ("point(1, 2)", "its type is point")])
def test_types_without_a_reading_name_their_column(bank, tmp_path, value, told):
    bank.do("DROP VIEW IF EXISTS odd", "DROP TABLE IF EXISTS odd_", "DROP TYPE IF EXISTS pair CASCADE")
    bank.do(f"CREATE VIEW odd AS SELECT 1 AS fine, {value} AS strange")
    assert refused(bank, tmp_path, "odd", "strange") == (
        "CX746", {"column": "strange", "table": "odd", "problem": told})
    assert taken(bank, tmp_path, "odd", "fine").rows() == [(1,)]
    assert taken(bank, tmp_path, "odd", may=None).columns == ["fine"]


def test_tables_without_rows_and_without_columns(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS bare", "CREATE TABLE bare ()", "DROP TABLE IF EXISTS none",
            "CREATE TABLE none (a int, b text)")
    assert taken(bank, tmp_path, "none", "a", "b").schema == {"a": pl.Int64, "b": pl.String}
    assert taken(bank, tmp_path, "bare").height == 0
    bank.do("INSERT INTO bare DEFAULT VALUES", "INSERT INTO bare DEFAULT VALUES")
    assert pl.read_parquet(take_table(bank.address(), Wish(TableName("bare")), tmp_path / "anew"))[ROWS].len() == 2


def test_rows_are_sorted_by_time_and_columns_not_asked_for_stay_there(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS three", "CREATE TABLE three (a int, secret text, day date)",
            "INSERT INTO three VALUES (2, 'x', '2026-03-01'), (1, 'x', '2026-03-02'), (1, 'x', '2026-03-01')")
    frame = taken(bank, tmp_path, "three", "a", "day", time="day")
    assert frame.columns == ["a", "day"]
    assert frame["a"].to_list() == [1, 2, 1]


# --- names -------------------------------------------------------------------------------------------------------


def test_a_table_is_compared_never_executed(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS victim", "CREATE TABLE victim (a int)",
            'DROP TABLE IF EXISTS "x"";DROP TABLE victim;--"',
            'CREATE TABLE "x"";DROP TABLE victim;--" ("%s, ""y" int)',
            'INSERT INTO "x"";DROP TABLE victim;--" VALUES (7)')
    assert taken(bank, tmp_path, 'x";DROP TABLE victim;--', '%s, "y').rows() == [(7,)]
    assert refused(bank, tmp_path, "victim; DROP TABLE victim")[0] == "CX742"
    assert taken(bank, tmp_path, "victim", "a").height == 0


def test_a_name_in_two_schemas_has_to_say_which(bank, tmp_path):
    bank.do("DROP SCHEMA IF EXISTS one CASCADE", "DROP SCHEMA IF EXISTS two CASCADE", "CREATE SCHEMA one",
            "CREATE SCHEMA two", "CREATE TABLE one.twin (a int)", "CREATE TABLE two.twin (b int)")
    code, facts = refused(bank, tmp_path, "twin")
    assert (code, facts["tables"]) == ("CX749", "`one.twin`, `two.twin`")
    assert taken(bank, tmp_path, "two.twin", "b").columns == ["b"]


def test_names_that_differ_only_in_capitals_are_refused_where_both_are_asked_for(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS caps", 'CREATE TABLE caps (a int, "A" int)', "INSERT INTO caps VALUES (1, 2)")
    assert refused(bank, tmp_path, "caps", "a", "A")[0] == "CX746"
    assert taken(bank, tmp_path, "caps", "A").rows() == [(2,)]


# --- trouble -----------------------------------------------------------------------------------------------------


def test_views_that_fail_tell_the_kind_and_no_value(bank, tmp_path):
    bank.do("DROP VIEW IF EXISTS failing", "CREATE VIEW failing AS SELECT CAST('hunter' || relname AS int) AS a "
            "FROM pg_class")
    code, facts = refused(bank, tmp_path, "failing", "a")
    assert (code, facts["problem"]) == ("CX745", "InvalidTextRepresentation")


def test_without_the_right_to_read(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS closed", "CREATE TABLE closed (a int)", "DROP ROLE IF EXISTS guest",
            f"CREATE ROLE guest LOGIN PASSWORD '{server.PASSWORD}'")
    with pytest.raises(Fault) as raised:
        take_table(bank.address("guest"), Wish(TableName("closed"), ("a",)), tmp_path)
    assert raised.value.diagnostics[0].facts["problem"] == "permission denied for table closed"


def test_nothing_can_be_written(bank, tmp_path):
    bank.do("DROP VIEW IF EXISTS writing", "DROP SEQUENCE IF EXISTS counting CASCADE", "CREATE SEQUENCE counting",
            "CREATE VIEW writing AS SELECT nextval('counting') AS a")
    code, facts = refused(bank, tmp_path, "writing", "a")
    assert code == "CX745"
    assert "read-only transaction" in facts["problem"]


def test_no_connection(root, monkeypatch, capsys, bank):
    wrong = bank.address().replace(f":{bank.port}", ":1")
    (root / "cxmetrics.yaml").write_text(PROJECT % {"address": wrong})
    assert status_of(["run", str(root)]) == 1
    said = capsys.readouterr()
    assert "CX747" in said.out + said.err
    monkeypatch.setenv("PGPASSWORD", "an-open-secret")
    (root / "cxmetrics.yaml").write_text(PROJECT % {"address": bank.address()})
    assert status_of(["run", str(root)]) == 1
    said = capsys.readouterr()
    assert "password authentication failed" in said.out + said.err
    assert "an-open-secret" not in said.out + said.err


def test_without_the_driver(monkeypatch, bank, tmp_path):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "cxmetrics.backends.databases.postgresql", raising=False)
    code, facts = refused(bank, tmp_path, "payments")
    assert (code, facts["extra"]) == ("CX748", "'cxmetrics[postgresql]'")


def test_rows_of_a_yaml_test_take_the_place_of_the_table(root, capsys, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    text = (root / "cxmetrics.yaml").read_text()
    (root / "cxmetrics.yaml").write_text(text + """
tests:
  sums: {given: {payments: [{points: 2}, {points: 3}]}, expect: {points: 5}}
""")
    assert not compile_project(root).failed
    assert status_of(["test", str(root)]) == 0, capsys.readouterr()
