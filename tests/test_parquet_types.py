"""Columns of Parquet files in types that few engines know: both read what can be read, and pass over the rest."""

import json

import duckdb
import polars as pl
import pytest
from surroundings import called

PROJECT = """
project: shop
grains: [day]
sources:
  visits: {read: "data/*.parquet", time: at, columns: {id: text, spent: integer}}
indicators:
  visited: {formula: count(visits)}
  spent: {formula: sum(visits.spent)}
  visitors: {formula: distinct(visits.id)}
  one: {formula: "count(visits where visits.id = '00000000-0000-4000-8000-00000000000a')"}
"""
AT = "TIMESTAMP '2026-03-02 08:00' AS at"


def written(root, name, rows):
    """A file of data: what a query of DuckDB gives."""
    (root / "data").mkdir(exist_ok=True)
    (root / "cxmetrics.yaml").write_text(PROJECT)
    duckdb.sql(rows).write_parquet(str(root / "data" / f"{name}.parquet"))


def values(root, engine):
    """What a run makes of the project, by indicator."""
    done = called("run", "--full", "--engine", engine, cwd=root)
    assert (done.returncode, "panicked" in done.stderr) == (0, False), done.stderr
    lines = called("query", "visited", "spent", "visitors", "one", "--format", "csv", cwd=root).stdout.splitlines()
    place = lines[0].split(",").index("value")
    return {line.split(",")[0]: float(line.split(",")[place]) for line in lines[1:]}


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_uuid_is_text(tmp_path, engine):
    """Rows of two persons and of nobody; one of them again, whom a second file tells as text."""
    ids = "['00000000-0000-4000-8000-00000000000A', '00000000-0000-4000-8000-00000000000b', NULL]"
    written(tmp_path, "a", f"SELECT {AT}, unnest({ids}::UUID[]) AS id, 2 AS spent")
    assert values(tmp_path, engine) == {"visited": 3, "spent": 6, "visitors": 2, "one": 1}
    written(tmp_path, "b", f"SELECT {AT}, '00000000-0000-4000-8000-00000000000b' AS id, 1 AS spent")
    assert values(tmp_path, engine) == {"visited": 4, "spent": 7, "visitors": 2, "one": 1}
    told = called("preview", "one", "--engine", engine, cwd=tmp_path)
    assert told.returncode == 0
    assert "00000000-0000-4000-8000-00000000000a" in told.stdout


def test_a_text_that_is_no_uuid_is_told_at_its_file(tmp_path):
    written(tmp_path, "a", f"SELECT {AT}, '00000000-0000-4000-8000-00000000000a'::UUID AS id, 2 AS spent")
    written(tmp_path, "b", f"SELECT {AT}, 'secret' AS id, 2 AS spent")
    said = called("run", cwd=tmp_path).stderr
    assert "error[CX702]: the data file `data/b.parquet` cannot be read: its column `id` is VARCHAR, and holds" in said
    assert "secret" not in said


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_interval_that_nobody_asks_for_is_passed_over(tmp_path, engine):
    written(tmp_path, "a", f"SELECT {AT}, 'x' AS id, 2 AS spent, INTERVAL 3 DAY AS took, [INTERVAL 1 DAY] AS each")
    assert values(tmp_path, engine) == {"visited": 1, "spent": 2, "visitors": 1, "one": 0}
    assert called("preview", "spent", "--engine", engine, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_interval_is_no_number(tmp_path, engine):
    written(tmp_path, "a", f"SELECT {AT}, 'x' AS id, INTERVAL 3 DAY AS spent")
    done = called("run", "--engine", engine, cwd=tmp_path)
    assert done.returncode == 1
    assert "error[CX704]: the column `spent` holds other, declared as integer" in done.stderr
    assert "panicked" not in done.stderr
    told = called("preview", "spent", "--engine", engine, cwd=tmp_path)
    assert (told.returncode, "panicked" in told.stderr) == (1, False)
    assert "error[CX704]: the column `spent` holds other, declared as integer" in told.stderr


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("kind", ["UBIGINT", "DECIMAL(38,0)"])
def test_a_row_is_bad_whoever_asks_for_it(tmp_path, engine, kind):
    """Of three visits one spent more than 64 bits hold: it is no visit for anybody, in whatever order they are made."""
    written(tmp_path, "a", f"SELECT s::{kind} AS spent, 'x' AS id, {AT} FROM unnest([1, 9223372036854775808, 2]) t(s)")
    assert values(tmp_path, engine)["visited"] == 2
    project = tmp_path / "cxmetrics.yaml"
    project.write_text(project.read_text().replace("count(visits)}", "count(visits where visits.id = 'x')}"))
    assert called("run", "--engine", engine, cwd=tmp_path).returncode == 0
    told = called("query", "visited", "--format", "csv", cwd=tmp_path).stdout
    header, row = (line.split(",") for line in told.splitlines())
    assert float(row[header.index("value")]) == 2
    assert values(tmp_path, engine)["visited"] == 2


UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def written_at(root, unit, zone):
    """A visit of a day of 2026, and three of times that are in no calendar, or 200 years ago."""
    told = pl.Series("at", [1_790_000_000 * UNITS[unit], -2**62, 2**63 - 1, -2**63], pl.Int64)
    at = told.cast(pl.Datetime(unit, zone))
    (root / "data").mkdir()
    (root / "cxmetrics.yaml").write_text(PROJECT)
    pl.DataFrame({"at": at, "spent": [1, 2, 4, 8], "id": "x"}).write_parquet(root / "data" / "a.parquet")


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize(("engine", "unit"), [
    ("duckdb", "us"), ("duckdb", "ns"), ("polars", "ms"), ("polars", "us"), ("polars", "ns")])
def test_a_time_that_no_calendar_has_rejects_its_row(tmp_path, engine, unit, zone):
    written_at(tmp_path, unit, zone)
    assert values(tmp_path, engine)["spent"] == 1
    called("run", "--full", "--engine", engine, "--json", "report.json", cwd=tmp_path)
    [source] = json.loads((tmp_path / "report.json").read_text())["sources"]
    assert (source["kept"], sum(source["rejected"].values())) == (1, 3)


def test_a_file_whose_milliseconds_duckdb_cannot_read_is_named(tmp_path):
    written_at(tmp_path, "ms", None)
    written(tmp_path, "b", f"SELECT {AT}, 'x' AS id, 1 AS spent")
    done = called("run", cwd=tmp_path)
    assert done.returncode == 1
    assert ("error[CX702]: the data file `data/a.parquet` cannot be read: it holds a time, in milliseconds, that is "
            "too far for any calendar") in done.stderr
