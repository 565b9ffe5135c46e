"""Patterns of `matches`: what is taken means the same to both engines; what is refused is refused at its place."""

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmetrics.backends.polars.expressions import in_ascii
from cxmetrics.codes.terms import TERMS
from cxmetrics.compile import compile_project
from cxmetrics.patterns import flaw_of

TEXTS = ["", "a", "ab", "a b", "转账", "x转账y", "123", "a1_b", "ſK", "é", "_", "\n", "a\nb", "٣", "--", "a-b", "]",
         "}{", "tab\t", "(a)", "a.b", "\\", "^$", "a" * 200, "Ünï"]
TAKEN = ["", "|", "()*", "^a$", "[^a-z]", r"\bK\b", r"a\Bb", r"\w+", r"\W", r"\S\s", r"\d{2,}", r"[\d_-]", r"[\w.-]+",
         "(a|b)+?", r"[\W]", r"[^\d]", r"\-\/\:\'\"\%", "}", "]", "a{0}", r"\[x\]", "x{1000}", ".{1000}",
         "[^一-龥]{1000}", "(?:[^一-龥]|.){333}", "[&~]", "[+-]", "[-a]", r"[\t-\r]", "é+", "[é-ü]"]
REFUSED = {"(?=a)": "look-around", "(?!a)": "look-around", "(?<=a)b": "look-around", "(?i)a": "look-around",
           "(?P<n>a)": "look-around", r"(a)\1": "back-references", r"\p{L}": "escape", r"\x41": "escape",
           r"[\b]": "escape", r"\<a": "escape", "a\\": "backslash", "(a": "not closed", "[a": "not closed",
           "a)": "closing bracket", "*a": "repetition of nothing", "a**": "repetition of nothing",
           "^*": "repetition of nothing", "a{2}{3}": "repetition of nothing", "a{x}": "repetition other",
           "a{,2}": "repetition other", "a{3,2}": "repetition other", "a{1001}": "large", "(a{40}){40}": "large",
           "(" * 30 + ")" * 30: "large", "a" * 1001: "large", "[]a]": "empty class", "[^]": "empty class",
           "[b-a]": "range", r"[a-\d]": "range", "[a-c-e]": "range", "[[a]]": "operations", "[a&&b]": "operations",
           "a\0": "NUL"}
ALPHABET = [*"ab1-^$.|()[]{}*+?\\,é转dwsbBDW_&~: ", "{2}", "{1,2}", "(?:", "[a-", "[^"]


@pytest.fixture(scope="module")
def by_duckdb():
    with duckdb.connect(":memory:") as connection:
        yield lambda pattern: [found for (found,) in connection.execute(
            f"SELECT regexp_matches(unnest(?), '{pattern.replace(chr(39), chr(39) * 2)}')", [TEXTS]).fetchall()]


def by_polars(pattern):
    frame = pl.LazyFrame({"x": TEXTS}).select(pl.col("x").str.contains(in_ascii(pattern)))
    return frame.collect()["x"].to_list()


@pytest.mark.parametrize("pattern", TAKEN)
def test_both_engines_find_the_same(pattern, by_duckdb):
    assert flaw_of(pattern) is None
    assert by_duckdb(pattern) == by_polars(pattern)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(ALPHABET), max_size=9).map("".join))
def test_no_pattern_that_is_taken_divides_the_engines(by_duckdb, pattern):
    if flaw_of(pattern) is None:
        assert by_duckdb(pattern) == by_polars(pattern)


@pytest.mark.parametrize(("pattern", "why"), REFUSED.items(), ids=lambda text: text[:12])
def test_what_divides_the_engines_is_refused(pattern, why):
    flaw = flaw_of(pattern)
    assert why in flaw
    assert flaw in TERMS


@pytest.mark.parametrize("formula", ["share(t.x matches '(?!a)b')", "share(t.x matches t.y)",
                                     "count(t where not (t.x matches '[' or t.x = 'a'))"])
def test_a_refusal_stands_at_the_pattern(formula, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(
        "project: p\nsources:\n  t: {read: t.csv, time: at, columns: {x: text, y: text}}\n"
        f'indicators:\n  i: {{formula: "{formula}"}}\n')
    [found] = compile_project(tmp_path).diagnostics
    assert found.code.id == "CX317"
