"""One connection for many requests: what it may read, what it leaves behind, and that an error does not stay."""

import duckdb
import pytest
from made import Slot, Unique, code_of, col, column, cube, only, request, source, table

from cxmetrics.backends.cells import Table
from cxmetrics.backends.duckdb import DuckDB
from cxmetrics.backends.duckdb.session import Limits, Sessions

ORIGIN = source(column("x", "integer"))
TOTAL = cube(Slot("sum", col("x", "integer")))


def test_one_connection_serves_what_was_expected(tmp_path):
    tables = [table(tmp_path, {"x": [n]}, name=f"t{n}") for n in range(3)]
    files = [path for one in tables for path in one.files]
    sessions = Sessions(Limits(scratch=tmp_path))
    sessions.expect(files[1:])
    served = []
    for path in files:
        with sessions.serving([path], "UTC") as connection:
            served.append(connection)
            connection.execute(f"CREATE TEMP TABLE rows AS FROM read_parquet('{path}')")
    assert served[0] is served[1] is served[2]
    with sessions.serving(files, "Asia/Shanghai") as connection:
        assert connection is not served[0]
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_files_that_nobody_told_of_stay_closed(tmp_path):
    own, other = (table(tmp_path, {"x": [1]}, name=name).files[0] for name in ("own", "other"))
    sessions = Sessions(Limits())
    with pytest.raises(duckdb.PermissionException), sessions.serving([own], "UTC") as connection:
        connection.execute(f"FROM read_parquet('{other}')")
    with sessions.serving([other], "UTC") as connection:
        assert connection.execute(f"FROM read_parquet('{other}')").fetchall() == [(1,)]


def test_an_engine_answers_again_after_an_error(tmp_path):
    engine, good = DuckDB(tmp_path), table(tmp_path, {"x": [1, 2]}, name="good")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more PAR1")
    bad = Table((tmp_path / "bad.parquet",), good.columns)
    engine.expect([*good.files, *bad.files])
    twice = (TOTAL, TOTAL)
    for _ in range(2):
        assert only_first(engine.cells(request(ORIGIN, good, *twice))) == (3,)
        assert code_of(engine.cells, request(ORIGIN, bad, *twice))[0] == "CX702"
    unique = source(column("x", "integer"), unique=Unique(("x",), "first"))
    assert only(engine.cells(request(unique, good, TOTAL))) == (3,)


def only_first(answer):
    [(*_, total)] = answer.frames[0].iter_rows()
    return (total,)


def test_nothing_is_left_in_the_scratch_folder(tmp_path):
    data, scratch = table(tmp_path, {"x": [1]}), tmp_path / "scratch"
    scratch.mkdir()
    engine = DuckDB(scratch)
    engine.cells(request(ORIGIN, data, TOTAL))
    assert [*scratch.iterdir()]
    del engine
    assert not [*scratch.iterdir()]
