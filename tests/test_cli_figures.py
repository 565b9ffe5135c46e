"""Numbers and rows as the command prints them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmetrics.cli.figures import figure, period_name, share, whole
from cxmetrics.cli.tables import Column, as_csv, as_json, as_table, clipped, shaped
from cxmetrics.composite_rules import Rounding
from cxmetrics.units import read_unit


@pytest.mark.parametrize(("value", "unit", "text", "difference"), [
    (0.9995, "share", "99.95%", "+99.95 pp"),
    (0.00125, "share", "0.13%", "+0.13 pp"),  # half up, in decimals: 0.125 is 0.13
    (-0.025, "share", "-2.50%", "-2.50 pp"),
    (812.4, "ms", "812 ms", "+812 ms"),
    (9_999.0, "ms", "9,999 ms", "+9,999 ms"),
    (278_825.0, "ms", "279 s", "+279 s"),
    (1_464.0, "s", "24.4 min", "+24.4 min"),
    (2.5, "s", "2.50 s", "+2.50 s"),
    (35.05, "nps", "+35.1", "+35.1"),  # half up, though the float lies below
    (-35.05, "nps", "-35.1", "-35.1"),
    (-0.04, "nps", "0.0", "0.0"),
    (78.25, "score", "78.3", "+78.3"),
    (7.0, "1..7", "7.00", "+7.00"),
    (1_234_567.0, "count", "1,234,567", "+1,234,567"),
    (1_234.5, "CNY", "1,235 CNY", "+1,235 CNY"),
    (0.0, "ms", "0 ms", "0 ms"),
    (0.9345, "number", "0.935", "+0.935"),
    (1e18, "number", "1e+18", "+1e+18"),
    (float("nan"), "share", "-", "-"),
])
def test_a_figure(value, unit, text, difference):
    assert figure(value, read_unit(unit)) == text
    assert figure(value, read_unit(unit), difference=True) == difference


@pytest.mark.parametrize(("rule", "text"), [
    (Rounding("half_up", 1), "78.3"), (Rounding("half_even", 1), "78.2"), (Rounding("truncate", 0), "78"),
    (Rounding("to", 0.5), "78.5"), (Rounding("half_up", 3), "78.250")])
def test_a_figure_displayed_by_rule(rule, text):
    assert figure(78.25, read_unit("score"), rule) == text


def test_shares_of_weight_and_numbers_of_rows():
    assert [share(part) for part in (1.0, 0.4, 0.0049, 5 / 14, None)] == ["100%", "40%", "0.49%", "35.7%", "-"]
    assert [whole(n) for n in (12_345, 2.5, 0, None)] == ["12,345", "2.5", "0", "-"]


@pytest.mark.parametrize(("grain", "text"), [
    ("day", "2026-10-05"), ("week", "2026-10-05"), ("month", "2026-10"), ("quarter", "2026-Q4"), ("year", "2026")])
def test_a_period(grain, text):
    assert period_name(dt.date(2026, 10, 5), grain) == text


def test_wide_characters_take_two_cells():
    lines = list(as_table([Column("分行"), Column("n", right=True)], [["北京", "1"], ["east", "12"]]))
    assert lines == ["分行   n", "----  --", "北京   1", "east  12"]
    assert clipped("客户体验", 5) == "客户…"


def test_text_from_data_cannot_steer_a_terminal():
    hostile = "\x1b]0;me\x07\u202e\x9b"
    assert "\x1b" not in "".join(as_table([Column("region")], [[hostile]]))
    written = "".join(as_json(["region"], [[hostile]]))
    assert not {"\x1b", "\u202e", "\x9b"} & set(written)
    assert json.loads(written) == [{"region": hostile}]
    assert "\x1b" not in "".join(shaped("csv", ["region"], [[hostile]], watched=True))
    assert hostile in "".join(shaped("csv", ["region"], [[hostile]], watched=False))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)


@given(st.lists(st.tuples(CELLS, CELLS)))
def test_json_reads_back(rows):
    written = "".join(as_json(["a", "b"], rows))
    expected = [{"a": _known(a), "b": _known(b)} for a, b in rows]
    assert json.loads(written) == expected


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.text('a,"\n客 ='))))
def test_csv_reads_back(rows):
    written = "".join(as_csv(["number", "text"], rows))
    _, *read = csv.reader(io.StringIO(written, newline=""))
    assert [(float(number), text) for number, text in read] == rows


def test_cells_of_other_types():
    row = [dt.date(2026, 10, 5), Decimal(12), Decimal("1.5"), True]
    assert json.loads("".join(as_json(["a", "b", "c", "d"], [row]))) == [
        {"a": "2026-10-05", "b": 12, "c": 1.5, "d": True}]
    assert "".join(as_csv(["a", "b", "c", "d"], [row])) == "a,b,c,d\n2026-10-05,12,1.5,true\n"


def _known(cell):
    return None if isinstance(cell, float) and not isfinite(cell) else cell
