"""The rules of composites and scores: each is part of what a number means, and so of its fingerprint."""

import pytest

from cxmetrics.compile import compile_project

PROJECT = """
project: rules
cuts: [[branch]]
dimensions: {branch: {title: Branch}}
sources:
  t:
    read: t.csv
    time: day
    columns: {a: number, b: number}
indicators:
  a: {formula: mean(t.a), score: SCORE}
  b: {formula: mean(t.b), score: {1: 0, 100: 100}}
  top: {children: [a, b], RULE}
"""
RULES = ("combine: geometric", "combine: harmonic", "combine: minimum", "combine: power(2)", "combine: power(3)",
         "missing: 'null'", "missing: neutral(50)", "missing: neutral(40)", "missing: carry(28 d)",
         "missing: carry(27 d)", "when_not_split: use_total", "require: a", "require: b", "require: [a, b]",
         "combine: 2 * a + b", "combine: 3 * a + b", "combine: 'min(a, b)'")
SCORES = ("{0: 0, 100: 100}", "minmax(across = branch)", "percentile(across = branch)",
          "'percentile(across = branch, to = 1..100)'", "'lognormal(median = 4, p10 = 2)'",
          "'lognormal(median = 4, p10 = 3)'", "'goalposts(1, 4)'", "'goalposts(1, 4, log = true)'",
          "'goalposts(1, 4, clip = false)'", "'bands(1, 4, to = [0, 50, 100])'", "'bands(1, 4, to = [0, 60, 100])'",
          "'bands(1, 5, to = [0, 50, 100])'")


@pytest.fixture
def fingerprint(tmp_path):
    def of(rule="combine: weighted_mean", score=SCORES[0]):
        (tmp_path / "cxmetrics.yaml").write_text(PROJECT.replace("RULE", rule).replace("SCORE", score), "utf-8")
        compiled = compile_project(tmp_path)
        assert compiled.plan is not None, [finding.facts for finding in compiled.diagnostics]
        return compiled.plan.nodes["top"].fingerprint
    return of


def test_every_rule_has_a_fingerprint_of_its_own(fingerprint):
    found = [fingerprint(), *map(fingerprint, RULES)]
    assert len(set(found)) == len(found)


def test_every_score_has_a_fingerprint_of_its_own(fingerprint):
    assert len({fingerprint(score=score) for score in SCORES}) == len(SCORES)


def test_the_order_of_required_children_means_nothing(fingerprint):
    assert fingerprint("require: [b, a]") == fingerprint("require: [a, b]")


def test_an_indicator_under_several_parents_is_computed_once(tmp_path):
    text = PROJECT.replace("RULE", "combine: geometric").replace("SCORE", SCORES[0])
    text += "  other: {children: [a, b]}\n  over: {children: [top, other, a]}\n  again: {formula: mean(t.a)}\n"
    (tmp_path / "cxmetrics.yaml").write_text(text, "utf-8")
    plan = compile_project(tmp_path).plan
    assert list(plan.nodes).count("a") == 1
    assert [leaf.function for leaf in plan.leaves] == ["mean", "mean"]  # `again` is `a`, and so is its leaf
