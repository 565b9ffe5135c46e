"""What only the DuckDB engine does: SQL that nothing written by a user can become, closed connections, less reading."""

# ruff: noqa: DTZ001 - local times have no zone

import datetime as dt

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import Binding, Classifier, Lookup, Slot, Unique, call, code_of, col, column, cube, only, plain, request
from made import source as origin_of
from made import table as table_of

from cxmetrics.backends import sql
from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.backends.duckdb.session import Limits, frame_of, session
from cxmetrics.backends.duckdb.times import local_of
from cxmetrics.backends.zones import USUAL, offsets

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NASTY = ["'", '"', "''", "\\", "\\'", "--", "/*", ";", "'; DROP TABLE t; --", '"; --', "\n", "$$", "E'\\x'", "{}", "?",
         "$1", "中'文", "x" * 10_000]


@pytest.fixture(scope="module")
def run():
    """Runs a node and gives its value."""
    with duckdb.connect() as connection:
        yield lambda node: connection.execute("SELECT " + sql.show(node)).fetchall()[0][0]


@pytest.mark.parametrize("text", NASTY)
def test_text_is_a_literal_whatever_it_says(run, text):
    assert run(sql.Literal(text)) == text
    assert run(sql.Record((("k", sql.Literal(text)),))) == {"k": text}


@pytest.mark.parametrize("name", [name for name in NASTY if len(name) < 100])
def test_a_name_is_an_identifier_whatever_it_says(name):
    with duckdb.connect() as connection:
        query = sql.Query((), sql.Select(((sql.Literal(1), name),), sql.call("range", sql.Literal(1))))
        assert connection.execute(sql.query_text(query)).description[0][0] == name


@given(TEXT)
def test_any_text_comes_back(run, text):
    assert run(sql.Literal(text)) == text


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-2**126, 2**126), st.booleans(),
                 st.dates(), st.none()))
def test_any_constant_comes_back(run, value):
    assert run(sql.Literal(value)) == value
    assert type(run(sql.Literal(value))) is type(value)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_text_that_is_none_is_refused(text):
    for refused in (lambda: sql.show(sql.Literal(text)), lambda: sql.show(sql.Name(text))):
        with pytest.raises(ValueError, match=r"NUL|surrogates"):
            refused()


@pytest.mark.parametrize("word", ["", "a b", "a(", "a;", "A", "1a", 'a"', "a\n"])
def test_functions_are_plain_words(word):
    with pytest.raises(ValueError, match="not the name of a function"):
        sql.show(sql.call(word))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_are_finite(number):
    with pytest.raises(ValueError, match="not finite"):
        sql.show(sql.Literal(number))


# --- connections -----------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "odd [1]* 'name'?.parquet"
    pl.DataFrame({"x": [1]}).write_parquet(path)
    pl.DataFrame({"x": [2]}).write_parquet(tmp_path / "odd 1 'name'z.parquet")
    return path


@pytest.mark.parametrize("statement", [
    "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "ATTACH 'x.db'",
    "COPY (SELECT 1) TO 'x.csv'", "INSTALL httpfs", "LOAD httpfs", "SET enable_external_access = true",
    "SET threads = 1", "RESET lock_configuration", "SELECT * FROM read_parquet('https://localhost/x.parquet')",
    "SELECT * FROM glob('*')"])
def test_a_connection_reaches_its_files_and_nothing_else(file, statement):
    with session((file,), "UTC", Limits()) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement).fetchall()


def test_a_connection_does_not_see_variables_of_the_program(file):
    secret = pl.DataFrame({"x": [1]})
    with session((file,), "UTC", Limits()) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM secret").fetchall()
    assert secret.height == 1


def test_limits_are_kept_and_the_scratch_folder_is_left_empty(tmp_path, file):
    with session((file,), "Asia/Tokyo", Limits(1, "100MB", tmp_path)) as connection:
        frame = frame_of(connection, "SELECT current_setting('threads') t, current_setting('memory_limit') m, "
                                     "current_setting('TimeZone') z, current_setting('temp_directory') d")
        [(threads, memory, zone, scratch)] = frame.rows()
    assert (threads, memory, zone) == (1, "95.3 MiB", "Asia/Tokyo")
    assert scratch.startswith(str(tmp_path))
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_file_name_is_no_pattern(file):
    asked = request(origin_of(), table_of(file.parent), cube(Slot("sum", col("x", "integer"))))
    data = type(asked.table)((file,), {"x": "integer"})
    answer = DuckDB().cells(request(origin_of(), data, cube(Slot("sum", col("x", "integer")))))
    assert only(answer) == (1,)


# --- queries ---------------------------------------------------------------------------------------------------


def test_names_and_texts_of_definitions_are_never_sql(tmp_path):
    name, value = "a\"b'; DROP TABLE x; --", "it's \"\\ ''\n --"
    data = table_of(tmp_path, {name: [value, "other", None]})
    origin = origin_of(column(name, "text", values=(value, "other"), missing=("'",)), bindings=(Binding("d", name),),
                       keep=call("!=", col(name, "text"), "';--"))
    told = Classifier(col(name, "text"), literals=((value,),), classes=3)
    asked = request(origin, data, cube(dimensions=("d",), keys=(told,)))
    assert plain(DuckDB().cells(asked).frames[0]) == {(dt.date(2026, 3, 1), value, 1): (1,),
                                                      (dt.date(2026, 3, 1), "other", 2): (1,)}


def test_text_with_nul_can_be_compared(tmp_path):
    asked = request(origin_of(keep=call("=", col("x", "text"), "a\0b")), table_of(tmp_path, {"x": ["a\0b", "ab"]}))
    assert only(DuckDB().cells(asked)) == (1,)


def test_nested_formulas_do_not_grow(tmp_path):
    formula = col("x")
    for _ in range(40):
        formula = call("/", call("clamp", call("max", formula, 1.0), 0.5, 2.0), 1.0)
    asked = request(origin_of(column("x", "number")), table_of(tmp_path, {"x": [1.0]}), cube(Slot("max", formula)))
    assert len(DuckDB().source_text(asked)) < 60_000
    assert only(DuckDB().cells(asked)) == (1.0,)


def test_row_groups_of_other_days_are_not_read(tmp_path):
    day = dt.timedelta(days=1)
    times = [dt.datetime(2026, 3, 1) + n * day for n in range(100)]
    frame = pl.DataFrame({"t": times, "x": range(100)})
    path = tmp_path / "t0.parquet"
    data = table_of(tmp_path, frame)
    frame.write_parquet(path, row_group_size=10)
    asked = request(origin_of(time="t"), data, cube(Slot("sum", col("x", "integer"))),
                    days=((dt.date(2026, 3, 31), dt.date(2026, 4, 1)),))
    text = DuckDB().source_text(asked).replace("stripped(", "(")
    with duckdb.connect() as connection:
        plan = connection.execute("EXPLAIN ANALYZE " + text).fetchall()[0][1]
    assert "Row Groups Scanned: 2 / 10" in plan
    assert only(DuckDB().cells(asked)) == (30,)
    assert DuckDB().cells(asked).census.read == 1


def test_the_text_shows_all_statements(tmp_path):
    region, lookup = column("region", "text", lookup="b"), Lookup("b", "l", "k", "b")
    data = table_of(tmp_path, {"b": ["x"], "id": [1]})
    named = table_of(tmp_path, {"k": ["x"], "region": ["N"]}, name="l")
    origin = origin_of(region, bindings=(Binding("region", "region"),), lookups=(lookup,),
                       unique=Unique(("id",), "latest"))
    asked = request(origin, data, cube(dimensions=("region",)), cube(), lookups={"l": named})
    text = DuckDB().source_text(asked)
    for part in ('"lookup0"', 'CREATE TEMP TABLE "rows"', '"twice"', '"losers"', "GROUP BY 1, 2"):
        assert part in text
    assert {slots for frame in DuckDB().cells(asked).frames for slots in plain(frame).values()} == {(1,)}


def test_a_broken_page_is_a_fault_and_no_traceback(tmp_path):
    data = table_of(tmp_path, {"x": [str(n) * 5 for n in range(5_000)]})
    content = bytearray(data.files[0].read_bytes())
    content[100:len(content) // 2] = b"\xff" * (len(content) // 2 - 100)
    data.files[0].write_bytes(content)
    asked = request(origin_of(column("x", "text"), bindings=(Binding("x", "x"),)), data, cube(dimensions=("x",)))
    code, facts = code_of(DuckDB().cells, asked)
    assert (code, facts["path"]) == ("CX702", str(data.files[0]))
    assert "\n" not in facts["problem"]


# --- times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Asia/Kolkata", "America/Caracas", "Europe/Berlin"])
def test_written_out_offsets_are_those_of_the_library(tmp_path, zone):
    # Caracas changed by half an hour in 2007 and back in 2016; Berlin has too many changes to write out.
    instant = sql.Name("t")
    moments = [(dt.datetime(1995, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=37) * n) for n in range(10_000)]
    edges = [start + dt.timedelta(seconds=s) for start, _, _ in offsets(zone, *USUAL) for s in (-1, 0, 1)]
    frame = pl.DataFrame({"t": pl.Series(moments + edges, dtype=pl.Datetime("us", "UTC"))})
    written, library = local_of(instant, zone), sql.call("timezone", sql.Literal(zone), instant)
    frame.write_parquet(tmp_path / "t.parquet")
    with duckdb.connect() as connection:
        query = f"FROM '{tmp_path}/t.parquet' WHERE {sql.show(written)} IS DISTINCT FROM {sql.show(library)}"
        assert connection.execute("SELECT count(*) " + query).fetchall() == [(0,)]
    assert (written == library) == (zone == "Europe/Berlin")
