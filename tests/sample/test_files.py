"""The Parquet files of the sample bank: columns of few texts are text to all who read them."""

import datetime as dt

import duckdb
import numpy as np
import polars as pl
import pytest

from cxmetrics.sample import files
from cxmetrics.sample.drawing import label, moment

NAMES = ("west", None, "east", "north", "never")  # in no order, and not all of them drawn
ROWS = 250_000  # more than two groups of rows


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    return pl.DataFrame({
        "number": np.arange(ROWS),
        "region": label(NAMES, rng.integers(0, 4, ROWS)),
        "at": moment(rng.integers(0, 10**15, ROWS)),
        "day": pl.repeat(dt.date(2026, 7, 1), ROWS, eager=True),
        "part": rng.random(ROWS),
        "free": pl.Series([f"text {number}" for number in range(ROWS)]),
        "fine": rng.random(ROWS) < 0.5,
    })


@pytest.mark.parametrize("note", [files._NOTE, b"the footer of another version"])
def test_columns_of_few_texts_are_read_as_text(tmp_path, monkeypatch, frame, note):
    monkeypatch.setattr(files, "_NOTE", note)
    path = tmp_path / "in" / "a.parquet"
    files.write_parquet(path, frame)
    assert isinstance(frame.schema["region"], pl.Enum)
    text = frame.with_columns(pl.col("region").cast(pl.String))
    assert pl.read_parquet(path).equals(text)
    assert pl.read_parquet_schema(path) == text.schema
    assert pl.scan_parquet(path).filter(pl.col("region") == "elsewhere").collect().is_empty()
    read = duckdb.sql(f"select * from '{path}'")
    assert [str(kind) for kind in read.types] == ["BIGINT", "VARCHAR", "TIMESTAMP WITH TIME ZONE", "DATE", "DOUBLE",
                                                  "VARCHAR", "BOOLEAN"]
    counted = dict(duckdb.sql(f"select region, count(*) from '{path}' group by region").fetchall())
    assert counted == dict(text["region"].value_counts().iter_rows())


def test_the_least_and_the_greatest_of_texts_are_by_their_letters(tmp_path, frame):
    path = tmp_path / "a.parquet"
    files.write_parquet(path, frame)
    ends = duckdb.sql("select distinct stats_min_value, stats_max_value, row_group_num_rows "
                      f"from parquet_metadata('{path}') where path_in_schema = 'region'").fetchall()
    assert {one[:2] for one in ends} == {("east", "west")}
    assert max(one[2] for one in ends) <= files.ROW_GROUP


@pytest.mark.parametrize(("number", "written"), [(5, b"\x05"), (300, b"\xac\x02"), (2_097_152, b"\x80\x80\x80\x01")])
def test_numbers_of_a_footer_have_seven_bits_a_byte(number, written):
    assert files._number(written + b"\x99") == (number, len(written))
