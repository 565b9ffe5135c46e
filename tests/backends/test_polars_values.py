"""The contract of the backends on the Polars engine: from what stands in a file to typed values."""

import datetime as dt

import polars as pl
import pytest
from made import (
    code_of,
    column,
    values_of,
)

from cxmetrics.backends.cells import MISSING

NEW_YORK = "America/New_York"
UTC = dt.UTC

def test_integers_are_read_from_text(tmp_path):
    read, census = values_of(tmp_path, column("x", "integer"), ["7", " +7 ", "７．０", "7.", "-1", "", None, "7.5", "x"])
    assert read == {"7": 4, "-1": 1, MISSING: 2}
    assert census.rejected == {("x", "type"): 2}


def test_an_integer_has_to_fit_in_64_bits(tmp_path):
    read, census = values_of(tmp_path, column("x", "integer"), ["9223372036854775807", "9223372036854775808"])
    assert (read, census.rejected) == ({"9223372036854775807": 1}, {("x", "type"): 1})
    read, census = values_of(tmp_path, column("x", "integer"), [5, 2**63], pl.UInt64)
    assert (read, census.rejected) == ({"5": 1}, {("x", "type"): 1})


def test_integers_from_floats_have_to_be_whole(tmp_path):
    read, census = values_of(tmp_path, column("x", "integer"), [3.0, 2.5, float("nan"), None, 1e300])
    assert read == {"3": 1, MISSING: 2}
    assert census.rejected == {("x", "type"): 2}
    assert census.nulled == {("x", "not finite"): 1}


@pytest.mark.parametrize("text", ["1.5", " 1.5", "+1.5", "15e-1", "１．５", "1.50"])
def test_numbers_are_read_from_text(tmp_path, text):
    assert values_of(tmp_path, column("x", "number"), [text])[0] == {"1.5": 1}


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "inf", "+Infinity", "-INF", "1e400"])
def test_numbers_that_are_not_finite_are_null_and_counted(tmp_path, text):
    read, census = values_of(tmp_path, column("x", "number"), [text, "1"])
    assert (read, census.nulled, census.rejected) == ({MISSING: 1, "1": 1}, {("x", "not finite"): 1}, {})


@pytest.mark.parametrize("text", ["1_0", "0x1", "1,5", "1e", "--1", ".", "٣", "1 2"])
def test_other_spellings_are_no_numbers(tmp_path, text):
    assert values_of(tmp_path, column("x", "number"), [text])[1].rejected == {("x", "type"): 1}


def test_booleans_are_read_from_words_and_from_0_and_1(tmp_path):
    words = ["TRUE", "t", "Yes", "y", "1", "false", "F", "no", "N", "0", "maybe"]
    read, census = values_of(tmp_path, column("x", "boolean"), words)
    assert (read, census.rejected) == ({"true": 5, "false": 5}, {("x", "type"): 1})
    read, census = values_of(tmp_path, column("x", "boolean"), [0, 1, 2])
    assert (read, census.rejected) == ({"true": 1, "false": 1}, {("x", "type"): 1})


def test_dates_are_read_from_three_spellings(tmp_path):
    texts = ["2026-03-01", "2026/03/01", "20260301", "2026-02-30", "2026-3-1", "1.3.2026", "2026-03-01 10:00:00"]
    read, census = values_of(tmp_path, column("x", "date"), texts)
    assert (read, census.rejected) == ({"2026-03-01": 3}, {("x", "type"): 4})


def test_dates_follow_a_pattern(tmp_path):
    read, _ = values_of(tmp_path, column("x", "date", format="%d.%m.%Y"), ["01.03.2026"])
    assert read == {"2026-03-01": 1}


@pytest.mark.parametrize(("text", "local"), [
    ("2026-03-01T23:30:00Z", "2026-03-02 07:30:00"),
    ("2026-03-01 23:30:00", "2026-03-01 23:30:00"),
    ("2026-03-01 23:30", "2026-03-01 23:30:00"),
    ("2026/03/01 23:30:00.123456789", "2026-03-01 23:30:00"),
    ("2026-03-01T12:00:00+05:30", "2026-03-01 14:30:00"),
    ("2026-03-01T12:00:00 -0500", "2026-03-02 01:00:00"),
    ("2026-03-01", "2026-03-01 00:00:00")])
def test_times_become_local_times_of_the_project(tmp_path, text, local):
    assert values_of(tmp_path, column("x", "time"), [text])[0] == {local: 1}


@pytest.mark.parametrize("text", ["2026-03-01 24:00:00", "2026-02-30 10:00:00", "soon", "2026-03-01 10:00:60"])
def test_other_texts_are_no_times(tmp_path, text):
    assert values_of(tmp_path, column("x", "time"), [text])[1].rejected == {("x", "type"): 1}


@pytest.mark.parametrize(("form", "value"), [
    ("epoch_s", 1772366400), ("epoch_ms", 1772366400000), ("epoch_s", "1772366400"),
    ("%d/%m/%Y %H.%M", "01/03/2026 20.00"),
    ("%d/%m/%Y %H:%M %z", "01/03/2026 12:00 +0000")])
def test_times_by_their_format(tmp_path, form, value):  # 1,772,366,400 s = 20,513 days and 12 h: noon of 1 March 2026
    assert values_of(tmp_path, column("x", "time", format=form), [value])[0] == {"2026-03-01 20:00:00": 1}


def test_counts_from_the_epoch_outside_of_years_1_to_9999_are_no_times(tmp_path):
    spec = column("x", "time", format="epoch_ms")
    assert values_of(tmp_path, spec, [2**62, -2**62])[1].rejected == {("x", "type"): 2}


def test_a_zone_without_clock_changes_and_one_with(tmp_path):
    times = [dt.datetime(1988, 7, 1, 12, tzinfo=UTC), dt.datetime(2026, 7, 1, 12, tzinfo=UTC)]
    read, _ = values_of(tmp_path, column("x", "time"), times)
    assert read == {"1988-07-01 21:00:00": 1, "2026-07-01 20:00:00": 1}  # China had summer time in 1988
    read, _ = values_of(tmp_path, column("x", "time"), times, zone=NEW_YORK)
    assert read == {"1988-07-01 08:00:00": 1, "2026-07-01 08:00:00": 1}


def test_text_of_other_types(tmp_path):
    assert values_of(tmp_path, column("x", "text"), [7, -1])[0] == {"7": 1, "-1": 1}
    assert values_of(tmp_path, column("x", "text"), [True, None])[0] == {"true": 1, MISSING: 1}
    assert values_of(tmp_path, column("x", "text"), ["\u3000a b\xa0\n", "\ufeff"])[0] == {"a b": 1, MISSING: 1}


def test_missing_codes_are_null_and_not_counted(tmp_path):
    spec = column("x", "integer", low=0, high=10, missing=("98", "n/a"))
    read, census = values_of(tmp_path, spec, ["98", "98.0", "n/a", "5"])
    assert (read, census.rejected, census.nulled) == ({MISSING: 3, "5": 1}, {}, {})
    assert values_of(tmp_path, spec, [98.0, 5.0])[0] == {MISSING: 1, "5": 1}


def test_scale_and_closed_set(tmp_path):
    _, census = values_of(tmp_path, column("x", "number", low=0, high=1), [0.0, 1.0, -0.1, 1.1])
    assert census.rejected == {("x", "scale"): 2}
    _, census = values_of(tmp_path, column("x", "text", values=("a", "b")), ["a", "c", None, " b "])
    assert (census.rejected, census.kept) == ({("x", "values"): 1}, 3)
    _, census = values_of(tmp_path, column("x", "integer", values=("1", "2")), [1, 3])
    assert census.rejected == {("x", "values"): 1}


@pytest.mark.parametrize(("kind", "values"), [("integer", [dt.date(2026, 3, 1)]), ("date", [1.5]), ("boolean", [0.5]),
                                              ("number", [True])])
def test_a_physical_type_that_cannot_be_read_is_a_fault(tmp_path, kind, values):
    assert code_of(values_of, tmp_path, column("x", kind), values)[0] == "CX704"
