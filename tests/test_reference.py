"""The reference of formulas: the page is what the grammar and the table of functions say, and its examples are read."""

import re
from pathlib import Path

import pytest
import yaml

from cxmetrics.functions import all_names
from cxmetrics.parse import parse
from cxmetrics.reference import examples, reference
from cxmetrics.source import Located, Source

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "grammar" / "formulas.md"
PAGES = [ROOT / "README.md", ROOT / "grammar" / "documents.md", *sorted((ROOT / "tests" / "cases").glob("*.md"))]
WRITTEN = re.compile(r"^ *formula: (.+)$", re.M)


def test_the_page_is_what_is_made_of_the_grammar_and_the_functions(accept):
    if accept:
        PAGE.write_text(reference(), "utf-8")
    assert PAGE.read_text("utf-8") == reference(), "to be made anew: `make reference`, or pytest with --accept"


def test_every_function_is_on_the_page():
    page = reference()
    unnamed = [name for name in all_names() if not re.fullmatch(r"p\d\d", name) and f"`{name}(" not in page]
    assert unnamed == []


@pytest.mark.parametrize("formula", examples())
def test_every_example_is_read_and_stands_unquoted_in_yaml(formula):
    assert yaml.safe_load(f"formula: {formula}\n") == {"formula": formula}
    assert parse(Located(formula, Source("page", formula), 0, len(formula)))[1] == ()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_formula_of_the_pages_stands_unquoted(path):
    quoted = [text for text in WRITTEN.findall(path.read_text("utf-8")) if text[0] in "'\""]
    assert quoted == []
