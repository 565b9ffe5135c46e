"""Formulas that differ in texts only come to what each of them comes to alone, places and findings included."""

from dataclasses import fields, is_dataclass

import pytest

from cxmetrics.compile import compile_sources
from cxmetrics.resolve import alike
from cxmetrics.source import Located, Source, Span

HEAD = """project: shop
sources:
  txn:
    read: data/*.parquet
    time: at
    entity: who
    columns:
      result: {type: text, values: [success, failed, timeout]}
      page: text
      kind: text
      who: text
      wait: {type: number, unit: ms}
      score: {type: integer, scale: 0..10}
      grade: integer
      at: time
      word: {formula: page}
"""
FORMULAS = (
    "share(txn.result = '{0}' where txn.page = '{1}')", "share(txn.page = '{1}' where txn.page != '{0}')",
    "p95(txn.wait where txn.page in ['{0}', '{1}', '{0}'] and not (txn.kind in ['{1}']))",
    "mean(txn.score where txn.page not in ['{0}', '{1}'] and txn.result in ['success', '{0}'])",
    "count(txn where txn.page contains '{0}' and txn.kind = '{1}')", "count(txn where txn.page matches '{0}')",
    "count(txn where '{0}' = txn.page or txn.kind = '{1}' over 28 d) / count(txn where txn.kind = '{0}')",
    "sum(txn.wait where txn.page = '{0}' and txn.wait > 3 s) / 2 s", "nps(txn.score where txn.score = '{0}')",
    "count(txn where txn.word = '{0}' and txn.page = '{1}' at end)", "count(txn where txn.pages = '{0}')",
    "rolling(mean(txn.score where txn.page = '{0}'), 3 month) - prior(mean(txn.score where txn.page = '{0}'), 1 month)",
    "conversion(txn.page = '{0}', txn.page = '{1}', by = txn.who, within = 30 min)",
    "alpha(if(txn.page = '{0}', 1, 0), if(txn.page = '{1}', 1, 0))",
    "top_box(txn.score, 9..10 where txn.page in '{0}')",
    "1 - share(txn.page = '{0}' and txn.kind = '{1}') ", "first_of - mean(txn.score where txn.page = '{0}')",
    "quantile(txn.wait, 0.5, rule = hf6 where txn.page = '{0}')", "count(txn where txn.page = '{0}", "count('{0}')",
    "nps(txn.grade where txn.page = '{0}')",
)
TEXTS = (("success", "a"), ("success", "b"), ("succes", "x"), ("failed", "it''s: é"), ("a(", "longer than that"),
         ("timeout", "timeout"), ("", "  "), ("success", "c"), ("succes", "x"))
STYLES = ("{}", '"{}"', ">-\n      {}", "|\n      {}\n")


def project(formulas, style):
    lines = "".join(f"  i{number}:\n    formula: {style.format(formula)}\n" for number, formula in enumerate(formulas))
    first = "indicators:\n  first_of: {formula: mean(txn.score)}\n"
    return Source("cxmetrics.yaml", HEAD), Source("a.yaml", first + lines)


def told(thing):
    """All that is in a thing, with what takes no part in equality, the places."""
    if isinstance(thing, Span):
        return thing.start, thing.end, told(thing.text)
    if isinstance(thing, Located):
        return thing.value, thing.start, thing.source.path
    if isinstance(thing, tuple):
        return tuple(map(told, thing))
    return (type(thing), *(told(getattr(thing, one.name)) for one in fields(thing))) if is_dataclass(thing) else thing


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_found_out_once_is_what_is_found_out_of_each(formula, style, monkeypatch):
    files = project([formula.format(*texts) for texts in TEXTS], style)
    together = compile_sources(files)
    monkeypatch.setattr(alike, "_LONGEST", -1)
    alone = compile_sources(files)
    assert told(together.diagnostics) == told(alone.diagnostics)
    for name, indicator in alone.pyramid.indicators.items():
        assert told(together.pyramid.indicators[name].formula) == told(indicator.formula), name
        assert together.pyramid.indicators[name] == indicator


def test_a_formula_is_read_once_for_all_that_are_like_it(monkeypatch):
    read = []
    monkeypatch.setattr(alike, "parse", lambda written, parse=alike.parse: read.append(written.value) or parse(written))
    formulas = [f"mean(txn.score where txn.page = '{page}' and txn.result = '{result}')"
                for page in range(10) for result in ("success", "failed")]
    compiled = compile_sources(project(formulas, "{}"))
    assert not compiled.diagnostics
    assert read[1:] == formulas[:2]  # the results are a closed set, so each of them is looked at
    chosen = [one.formula.where for one in compiled.pyramid.indicators.values() if one.formula.where]
    texts = [each.args[0].args[1].value for each in chosen]
    assert texts == [str(page) for page in range(10) for _ in range(2)]
