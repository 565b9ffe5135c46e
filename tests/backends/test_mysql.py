"""Tables of a real MariaDB: what they become, when they are stale, and what is said when they cannot be had."""

import datetime as dt
import socket
import struct
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import mariadb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cxmetrics.backends.databases import take_table
from cxmetrics.backends.databases.wishes import ROWS, Wish
from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.query import query
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store
from cxmetrics.tables import TableName

pytestmark = pytest.mark.skipif(mariadb.missing() is not None, reason=str(mariadb.missing()))

PROJECT = """
project: bank
time_zone: Asia/Shanghai
grains: [day, month]
cuts: [[region]]
dimensions:
  region: {title: Region}
  branch: {within: region, lookup: {read: "%(address)s", table: branches, key: branch}}
sources:
  payments:
    read: %(address)s
    table: payments
    time: moment
    columns: {paid: {type: number, unit: CNY}, points: integer, closed: {type: date}}
    on_bad: %(on_bad)s
indicators:
  paid: {formula: sum(payments.paid)}
  points: {formula: sum(payments.points)}
  closed: {formula: count(payments where payments.closed is not missing)}
"""
TABLES = (
    "SET SESSION sql_mode = ''", "SET SESSION time_zone = '+00:00'", "DROP TABLE IF EXISTS branches, payments",
    "CREATE TABLE branches (branch varchar(20) CHARACTER SET gbk, region varchar(20) CHARACTER SET gb2312)",
    "INSERT INTO branches VALUES ('a', '北'), ('b', 'south')",
    ("CREATE TABLE payments (moment timestamp NULL, branch varchar(9), paid decimal(12, 2), points int unsigned, "
    "closed date NOT NULL, note longblob)"),
    ("INSERT INTO payments VALUES ('2026-03-01 12:00', 'a', 0.10, 3, '2026-03-09', x'00'), "
    "('2026-03-01 16:30', 'b', 0.20, 4, '2026-03-09', NULL), ('2026-03-02 01:00', NULL, 1.70, NULL, '2026-03-09', '')"))


@pytest.fixture(scope="module")
def bank():
    with mariadb.running() as running:
        yield running


@pytest.fixture(autouse=True)
def password(monkeypatch, bank):
    monkeypatch.setenv("MYSQL_PWD", bank.password)


@pytest.fixture
def root(bank, tmp_path) -> Path:
    bank.do(*TABLES)
    write(tmp_path, bank.address)
    return tmp_path


def write(root: Path, address: str, on_bad: str = "reject") -> None:
    (root / "cxmetrics.yaml").write_text(PROJECT % {"address": address, "on_bad": on_bad})


def stored(root: Path) -> pl.DataFrame:
    with Store.open(root / "store", writable=False) as store:
        return store.values().drop("run").sort("indicator", "grain", "period", "region")


def values(root: Path, indicator: str) -> dict:
    frame = stored(root).filter(grain="month", indicator=indicator)
    return dict(frame.select("region", "value").rows())


def taken(bank, tmp_path, table: str, *must: str, may: tuple[str, ...] | None = (), time: str | None = None):
    wish = Wish(TableName(table), must, may, time)
    return pl.read_parquet(take_table(bank.address, wish, tmp_path / "scratch"))


def refused(address: str, tmp_path, table: str, *must: str):
    with pytest.raises(Fault) as raised:
        take_table(address, Wish(TableName(table), must, ()), tmp_path / "scratch")
    [found] = raised.value.diagnostics
    return found.code.id, found.facts


# --- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_project_over_a_server(root, engine):
    assert run(root, RunOptions(engine=engine)).committed
    # 0.10 + 0.20 + 1.70; 北 is branch a, south is b, and one row has no branch.
    assert values(root, "paid") == {None: pytest.approx(2.0), "(missing)": pytest.approx(1.7),
                                    "北": pytest.approx(0.1), "south": pytest.approx(0.2)}
    assert values(root, "points") == {None: 7.0, "(missing)": 0.0, "北": 3.0, "south": 4.0}
    days = stored(root).filter(pl.col("region").is_null(), grain="day", indicator="points")["period"].to_list()
    assert days == [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]  # 16:30 in UTC is the next day in Shanghai
    asked = query(root, ["points"], by=["branch"], grain="month", engine=engine)
    assert dict(asked.select("branch", "value").rows()) == {"a": 3.0, "b": 4.0, "(missing)": 0.0}


def test_what_did_not_change_is_not_computed_again(bank, root):
    run(root, RunOptions())
    bank.do("UPDATE payments SET points = points", "ALTER TABLE payments FORCE")  # laid anew, the same rows
    assert not run(root, RunOptions()).committed
    bank.do("UPDATE payments SET points = 5 WHERE branch = 'b'",
            "INSERT INTO payments VALUES ('2026-03-05', 'a', 9, 9, '2026-03-09', NULL)",
            "DELETE FROM payments WHERE branch IS NULL")
    assert run(root, RunOptions()).committed
    incremental = stored(root)
    run(root, RunOptions(full=True))
    assert_frame_equal(incremental, stored(root), check_exact=True)
    assert values(root, "points")[None] == 17.0  # 3 + 5 + 9


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_days_that_are_none_are_found(bank, root, engine):
    # A zero date is neither a day nor nothing: the row is rejected, or its cell is made missing if that is asked for.
    bank.do("SET SESSION sql_mode = ''", "UPDATE payments SET closed = '0000-00-00' WHERE branch = 'a'",
            "UPDATE payments SET moment = 0 WHERE branch IS NULL")
    run(root, RunOptions(engine=engine))
    assert values(root, "closed")[None] == 1.0  # b alone
    assert values(root, "paid")[None] == pytest.approx(0.2)
    write(root, bank.address, on_bad="null")
    run(root, RunOptions(engine=engine))
    assert values(root, "closed")[None] == 1.0
    assert values(root, "paid")[None] == pytest.approx(0.3)  # the time of a row cannot be missing
    text = (root / "cxmetrics.yaml").read_text()
    (root / "cxmetrics.yaml").write_text(text.replace("{type: date}", "{type: date, missing: 0000-00-00}")
                                         .replace("on_bad: null", "on_bad: reject"))
    run(root, RunOptions(engine=engine))
    assert values(root, "closed")[None] == 1.0
    assert values(root, "paid")[None] == pytest.approx(0.3)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_the_largest_integers(bank, root, engine):
    bank.do("ALTER TABLE payments MODIFY points bigint unsigned",
            "UPDATE payments SET points = 18446744073709551615 WHERE branch = 'a'",
            "UPDATE payments SET points = 9007199254740991 WHERE branch = 'b'")
    run(root, RunOptions(engine=engine))
    with Store.open(root / "store", writable=False) as store:
        rejected = dict(store.rejects().select("column", "count").rows())
    assert values(root, "points")[None] == 9007199254740991.0
    assert rejected == {"points": 1}  # no number stands for it exactly


# --- types -------------------------------------------------------------------------------------------------------


def test_types_that_have_a_reading(bank, tmp_path):
    bank.do("SET SESSION sql_mode = ''", "SET SESSION time_zone = '+08:00'", "DROP TABLE IF EXISTS every",
            """CREATE TABLE every (a tinyint(1), b bigint unsigned, c float, d double, e decimal(30, 2), f bit(3),
            g date, h datetime(6), i timestamp(3) NULL, j time, k year, l enum('app', 'desk'), m set('x', 'y'), n json,
            o char(4), p varchar(20) character set gbk, q text character set latin1, r varchar(9), s int zerofill,
            t varbinary(3), u float(7, 3), v text, `列.``x` varchar(9)) CHARACTER SET utf8mb4""",
            """INSERT INTO every VALUES (1, 18446744073709551615, 0.1, 0.1, 1.50, 5, '2026-03-01',
            '2026-03-01 08:00:00.123456', '2026-03-01 08:00:00.123', '-838:59:59', 2026, 'app', 'x,y', '{"a": 1}', 'ab',
            '客户', 'é', '😀''"\\\\', 7, x'00ff', 1.5, 'NULL', ''),
            (NULL, 0, NULL, 1.7976931348623157e308, -0.01, 0, '0000-00-00', '2026-02-30', NULL, NULL, 0, 'other', '',
            '[]', '', '', '', NULL, 0, NULL, NULL, '\\\\N', NULL),
            (NULL, 0, NULL, 5e-324, 0, 0, '0044-03-15', '9999-12-31 23:59:59.999999', NULL, NULL, 0, NULL, '',
            '[]', '', '', '', NULL, 0, NULL, NULL, '\n', NULL)""")
    frame = taken(bank, tmp_path, "every", may=None, time="e")
    assert "t" not in frame.columns
    first, second, third = frame.sort("d", descending=True).rows(named=True)[1], *(
        frame.sort("d").rows(named=True)[place] for place in (2, 0))
    assert first == {
        "a": 1, "b": 18446744073709551615, "c": pytest.approx(0.1, rel=1e-7), "d": 0.1, "e": "1.50", "f": 5,
        "g": "2026-03-01", "h": "2026-03-01 08:00:00.123456", "i": "2026-03-01 00:00:00.123Z", "j": "-838:59:59",
        "k": 2026, "l": "app", "m": "x,y",
        "n": '{"a": 1}', "o": "ab", "p": "客户", "q": "é", "r": "😀'\"\\", "s": 7, "u": 1.5, "v": "NULL", "列.`x": ""}
    assert second["d"] == 1.7976931348623157e308
    assert (second["a"], second["e"], second["l"], second["v"], second["列.`x"]) == (None, "-0.01", "", "\\N", None)
    assert (second["g"], second["h"], second["i"]) == ("0000-00-00", "0000-00-00 00:00:00.000000", None)
    assert (third["d"], third["v"], third["g"]) == (5e-324, "\n", "0044-03-15")


@pytest.mark.parametrize("kind", ["blob", "varbinary(9)", "geometry"])
def test_types_without_a_reading_name_their_column(bank, tmp_path, kind):
    bank.do("DROP TABLE IF EXISTS odd", f"CREATE TABLE odd (fine int, strange {kind})",
            "INSERT INTO odd VALUES (1, NULL)")
    assert refused(bank.address, tmp_path, "odd", "strange") == (
        "CX746", {"column": "strange", "table": "odd", "problem": f"its type is {kind.partition('(')[0]}"})
    assert taken(bank, tmp_path, "odd", "fine").rows() == [(1,)]
    assert taken(bank, tmp_path, "odd", may=None).columns == ["fine"]


def test_tables_without_rows_and_of_which_nothing_is_asked(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS none, two", "CREATE TABLE none (a int, b text)", "CREATE TABLE two (a int)",
            "INSERT INTO two VALUES (1), (1)")
    assert taken(bank, tmp_path, "none", "a", "b").schema == {"a": pl.Int64, "b": pl.String}
    assert taken(bank, tmp_path, "two")[ROWS].len() == 2
    assert taken(bank, tmp_path, "two", "a", "absent").shape == (0, 1)  # the absent column is for `require` to tell


def test_many_rows_are_sorted_by_time_and_columns_not_asked_for_stay_there(bank, tmp_path, monkeypatch):
    monkeypatch.setattr("cxmetrics.backends.databases.parts._PART", 1 << 16)  # several parts
    bank.do("DROP TABLE IF EXISTS many", "CREATE TABLE many (a int, secret text, day date)",
            "INSERT INTO many SELECT seq, 'x', IF(seq % 2, '2026-03-01', '2026-03-02') FROM seq_1_to_20000")
    frame = taken(bank, tmp_path, "many", "a", "day", time="day")
    assert frame.columns == ["a", "day"]
    assert frame["a"].to_list() == [*range(1, 20001, 2), *range(2, 20001, 2)]


# --- names -------------------------------------------------------------------------------------------------------


def test_a_table_is_compared_never_executed(bank, tmp_path):
    hostile = "x`; DROP TABLE victim; -- '\""
    bank.do("DROP TABLE IF EXISTS victim", "CREATE TABLE victim (a int)",
            f"DROP TABLE IF EXISTS `{hostile.replace('`', '``')}`",
            f"CREATE TABLE `{hostile.replace('`', '``')}` (`%s, ``y` int)",
            f"INSERT INTO `{hostile.replace('`', '``')}` VALUES (7)")
    assert taken(bank, tmp_path, hostile, "%s, `y").rows() == [(7,)]
    assert refused(bank.address, tmp_path, "victim; DROP TABLE victim")[0] == "CX742"
    assert taken(bank, tmp_path, "victim", "a").height == 0


def test_only_tables_of_the_database_of_the_address(bank, tmp_path):
    bank.do("DROP DATABASE IF EXISTS other", "CREATE DATABASE other", "CREATE TABLE other.t (a int)")
    for name in ("other.t", "mysql.user", "user", "information_schema.tables", "VICTIM", ""):
        assert refused(bank.address, tmp_path, name, "a")[0] == "CX742"


# --- trouble -----------------------------------------------------------------------------------------------------


def test_views_that_fail_tell_the_kind_and_no_value(bank, tmp_path):
    bank.do("DROP VIEW IF EXISTS failing, broken", "DROP TABLE IF EXISTS gone", "CREATE TABLE gone (a int)",
            "CREATE VIEW failing AS SELECT (SELECT 'hunter' UNION SELECT 'gatherer') AS a",
            "CREATE VIEW broken AS SELECT a FROM gone", "DROP TABLE gone")
    code, facts = refused(bank.address, tmp_path, "failing", "a")
    assert code == "CX745"
    assert "hunter" not in facts["problem"]
    assert refused(bank.address, tmp_path, "broken", "a")[0] == "CX745"


def test_without_the_right_to_read_and_nothing_can_be_written(bank, tmp_path):
    bank.do("DROP TABLE IF EXISTS closed, log", "CREATE TABLE closed (a int)", "CREATE TABLE log (a int)",
            "CREATE OR REPLACE FUNCTION counting() RETURNS int MODIFIES SQL DATA "
            "BEGIN INSERT INTO log VALUES (1); RETURN 1; END",
            "CREATE OR REPLACE VIEW writing AS SELECT counting() AS a",
            f"CREATE OR REPLACE USER guest@'%' IDENTIFIED BY '{mariadb.PASSWORD}'", "GRANT SELECT ON bank.log TO guest")
    code, facts = refused(bank.address, tmp_path, "writing", "a")
    assert (code, "READ ONLY transaction" in facts["problem"]) == ("CX745", True)
    assert taken(bank, tmp_path, "log", "a").height == 0
    assert refused(bank.address.replace("bank@", "guest@"), tmp_path, "closed", "a")[0] in ("CX742", "CX747")


def test_no_connection(root, monkeypatch, capsys, bank):
    write(root, "mysql://bank@127.0.0.1:1/bank")
    assert status_of(["run", str(root)]) == 1
    said = capsys.readouterr()
    assert "CX747" in said.out + said.err
    assert "MYSQL_PWD" in said.out + said.err
    monkeypatch.setenv("MYSQL_PWD", "an-open-secret")
    write(root, bank.address)
    assert status_of(["run", str(root)]) == 1
    said = capsys.readouterr()
    assert "Access denied" in said.out + said.err
    assert "an-open-secret" not in said.out + said.err
    write(root, bank.address + "?sslmode=verify-full")
    assert status_of(["run", str(root)]) == 1
    said = capsys.readouterr()
    assert "CX747" in said.out + said.err


def test_without_the_driver(monkeypatch, bank, tmp_path):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    monkeypatch.delitem(sys.modules, "cxmetrics.backends.databases.mysql", raising=False)
    code, facts = refused(bank.address, tmp_path, "payments")
    assert (code, facts["extra"]) == ("CX748", "'cxmetrics[mysql]'")


# --- servers that are up to something ----------------------------------------------------------------------------


def packet(number: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


GREETING = packet(0, b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"12345678\0" + struct.pack("<HBHH", 0xA20F, 45, 2, 0x0008)
                  + bytes([21]) + bytes(10) + b"123456789012\0" + b"mysql_native_password\0")
OK = b"\0\0\0\2\0\0\0"


@contextmanager
def answering(*answers: bytes):
    """A port on which each message is answered with the next of these; what is heard is told."""
    heard = []

    def talk():
        line, _ = listening.accept()
        with line:
            line.settimeout(5)
            for answer in answers:
                line.sendall(answer)
                try:
                    heard.append(line.recv(65536))
                except OSError:
                    return

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield f"mysql://bank@127.0.0.1:{listening.getsockname()[1]}/bank", heard
        finally:
            thread.join(10)


def test_the_password_is_not_told_to_whoever_asks(tmp_path, monkeypatch):
    monkeypatch.setenv("MYSQL_PWD", "an-open-secret")
    for plugin in (b"mysql_clear_password", b"dialog", b"mysql_old_password"):
        with answering(GREETING, packet(2, b"\xfe" + plugin + b"\0\4Password: ")) as (address, heard):
            code, facts = refused(address, tmp_path, "t", "a")
        assert code == "CX747"
        assert "verify-full" in facts["problem"]
        assert b"an-open-secret" not in b"".join(heard)


def test_no_file_of_this_machine_is_given_away(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    asked = packet(1, b"\xfb" + str(secret).encode())
    for answers in ([], [packet(1, OK)] * 3, [packet(1, OK)] * 4):
        with answering(GREETING, packet(2, OK), *answers, asked) as (address, heard):
            assert refused(address, tmp_path, "t", "a")[0] in ("CX745", "CX747")
        assert b"canary" not in b"".join(heard)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", packet(0, b""), packet(0, b"\x0a"),
                                  b"\xff" * 400,
                                  packet(0, b"\xff\x69\x04Host '127.0.0.1' is blocked")])
def test_what_is_no_such_server(tmp_path, monkeypatch, said):
    monkeypatch.setattr("cxmetrics.backends.databases.mysql._CONNECT", 0.2)
    monkeypatch.setattr("cxmetrics.backends.databases.mysql._SILENT", 0.2)
    with answering(said) as (address, _):
        assert refused(address, tmp_path, "t", "a")[0] == "CX747"
