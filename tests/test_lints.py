"""What `check` asks besides errors: when it speaks, and above all when it stays silent."""

import datetime as dt

import pytest

from cxmetrics.compile import compile_sources
from cxmetrics.source import Source

TODAY = dt.date(2026, 11, 23)
HEAD = """\
project: bank
{project}
sources:
  log:
    read: log.csv
    time: began
    columns:
      began: time
      code: text
      page: text
      result: {{type: text, values: [success, failed, timeout]}}
      wait: {{type: number, unit: s}}
      day: {{formula: weekday(began)}}
"""
EVERYTHING = """\
  all: {formula: count(log where log.code = 'a' and log.page = 'b' and log.result = 'failed' and log.wait > 1 s
          and log.day < 6)}
"""


def found(text: str, project: str = "", today: dt.date = TODAY) -> list[tuple[str, dict[str, str]]]:
    compiled = compile_sources([Source("cxmetrics.yaml", HEAD.format(project=project) + text)])
    return [(one.code.id, dict(one.facts)) for one in compiled.reviewed(today)]


def ids(text: str, project: str = "", today: dt.date = TODAY) -> list[str]:
    return [code for code, _ in found(text, project, today)]


def touchpoints(first: str, second: str) -> str:
    return f"""\
indicators:
{EVERYTHING}  login: {{level: touchpoint, children: {{one: 1}}}}
  transfer: {{level: touchpoint, children: {{two: 1}}}}
  one: {{formula: "count(log where {first})", score: {{0: 100, 100: 0}}}}
  two: {{formula: "p95(log.wait where {second})", score: {{0: 9 s, 100: 0 s}}}}
"""


def test_a_project_in_which_all_is_used_hears_nothing():
    assert found(f"indicators:\n{EVERYTHING}") == []


def test_columns_that_only_an_unused_column_is_made_from_are_unused_too():
    unused = found("indicators: {n: {formula: count(log)}}")
    assert [facts["name"] for _, facts in unused] == ["code", "page", "result", "wait", "day"]


def test_keys_dimensions_and_filters_use_columns():
    text = """\
    keep: result = 'success' and day < 6
    unique: {by: [code], keep: first}
    entity: wait
dimensions: {page: {}}
indicators: {n: {formula: count(log)}}
"""
    assert ids(text) == []


def test_nothing_is_asked_while_there_are_errors():
    assert ids("indicators: {n: {formula: count(log where log.cod = 'a')}}") == ["CX203"]


def test_the_order_of_what_may_stand_in_any_makes_no_other_meaning():
    text = f"""indicators:
{EVERYTHING}  one: {{formula: "share(log.code = 'a' and log.page in ['b', 'c'])"}}
  same: {{formula: "share(log.page in ['c', 'b'] and log.code = 'a')", score: {{0: 0%, 100: 50%}}}}
  other: {{formula: "share(log.page in ['c', 'b'] and log.code = 'b')"}}
  named: {{formula: one}}
"""
    assert found(text) == [("CX439", {"id": "same", "other": "one"})]


@pytest.mark.parametrize(("one", "other"), [
    ("count(log) - count(log where log.code = 'a')", "count(log where log.code = 'a') - count(log)"),
    ("p95(log.wait)", "p90(log.wait)"), ("count(log where log.day = 1)", "count(log where log.code = '1')"),
    ("p95(log.wait) + p95(log.wait)", "p95(log.wait)"), ("sum(log.wait)", "sum(log.wait over 28 d)"),
])
def test_what_means_something_else_is_no_duplicate(one, other):
    assert ids(f'indicators:\n{EVERYTHING}  one: {{formula: "{one}"}}\n  two: {{formula: "{other}"}}\n') == []


def test_composites_of_the_same_children_and_weights_are_one():
    text = f"""indicators:
{EVERYTHING}  one: {{formula: share(log.code = 'a'), score: {{0: 0%, 100: 50%}}}}
  two: {{formula: share(log.code = 'b'), score: {{0: 0%, 100: 50%}}}}
  first: {{children: {{one: 1, two: 3}}}}
  again: {{children: {{two: 75%, one: 25%}}}}
  other: {{children: {{two: 50%, one: 50%}}}}
"""
    assert found(text) == [("CX439", {"id": "again", "other": "first"})]


@pytest.mark.parametrize(("first", "second", "values"), [
    ("log.code in ['E1', 'E2']", "log.code in ['E2', 'E3']", ["E2"]),
    ("log.code in ['E1', 'E2']", "log.code = 'E2'", ["E2"]),
    ("log.code in ['E1', 'E2'] and log.page = 'x'", "log.page = 'x' and log.code in ['E2', 'E3']", ["E2"]),
    ("log.code in ['E1', 'E2'] and log.page = 'x'", "log.code in ['E2', 'E3'] and log.page = 'y'", []),
    ("log.code in ['E1', 'E2']", "log.code in ['E2', 'E1']", []),  # one list for both is a filter
    ("log.code = 'E1'", "log.code = 'E2'", []),
    ("log.result in ['success', 'failed']", "log.result = 'success'", []),  # a part and its whole
    ("log.result in ['success', 'failed']", "log.result in ['timeout', 'failed']", ["failed"]),
])
def test_an_event_counts_for_one_touchpoint(first, second, values):
    told = [facts["value"] for code, facts in found(touchpoints(first, second)) if code == "CX447"]
    assert told == values


def test_a_factor_of_two_touchpoints_is_shared_on_purpose():
    text = touchpoints("log.code in ['E1', 'E2']", "log.code in ['E2', 'E3']").replace("{two: 1}", "{two: 1, one: 1}")
    assert "CX447" not in ids(text)


JUDGED = f"""indicators:
{EVERYTHING}  app:
    owner: mobile
    target: 90
    children: {{one: 1}}
  one: {{formula: share(log.code = 'a'), score: {{0: 0%, 100: 50%}}}}
tests:
  a b and a: {{given: {{log: [{{code: a}}]}}, expect: {{app: 100}}}}
"""


@pytest.mark.parametrize(("asked", "lack"), [
    ("", []), ("must_have: []", []), ("must_have: owner", [("all", "owner")]),  # that of `app` answers for `one`
    ("must_have: [target]", [("one", "target")]),  # what is neither scored nor combined needs none
    ("must_have: [test, owner]", [("all", "owner"), ("all", "test")]),
])
def test_what_the_project_asks_for_is_missed_and_nothing_else(asked, lack):
    told = [(facts["id"], facts["what"]) for code, facts in found(JUDGED, asked) if code == "CX446"]
    assert sorted(told) == sorted(lack)


def test_what_cannot_be_asked_for_is_an_error():
    assert ids(f"indicators:\n{EVERYTHING}", "must_have: [owners]") == ["CX009"]


BENCHMARK = """
benchmarks:
  - {{indicator: all, peer: industry, value: 5, period: {period}, method: {{population: all lines}}, n: census,
      source: {{publisher: us, date: 2024-03}}, comparable: {comparable}, licence: public}}
"""


@pytest.mark.parametrize(("period", "comparable", "told"), [
    ("2023", "same_method", False), ("2022", "same_method", True), ("2023-10", "same_method", True),
    ("2023-11", "same_method", False), ("2023-10", "reference_only", False),
])
def test_a_benchmark_is_stale_three_years_after_its_period(period, comparable, told):
    text = f"indicators:\n{EVERYTHING}" + BENCHMARK.format(period=period, comparable=comparable)
    assert ids(text) == ["CX264"] * told


def test_a_benchmark_beside_a_newer_one_is_history():
    older, newer = (BENCHMARK.format(period=period, comparable="same_method") for period in ("2015", "2024"))
    assert ids(f"indicators:\n{EVERYTHING}" + older + newer.replace("\nbenchmarks:\n", "")) == []


def weighed(*weights: str, count: int = 0) -> str:
    names = "abcdefgh"
    leaves = "".join(f"  {name}: {{formula: share(log.code = '{name}'), score: {{0: 0%, 100: 50%}}}}\n"
                     for name in names[:len(weights)])
    leaves += "".join(f"  k{i}: {{formula: share(log.code = 'k{i}'), score: {{0: 0%, 100: 50%}}}}\n"
                      for i in range(count))
    children = [f"{name}: {weight}" for name, weight in zip(names, weights, strict=False)]
    children += [f"k{i}: 1" for i in range(count)]
    return f"indicators:\n{EVERYTHING}{leaves}  whole: {{children: {{{', '.join(children)}}}}}\n"


@pytest.mark.parametrize(("text", "told"), [
    (weighed("99.96%", "0.04%"), ["0.04"]), (weighed("99.94%", "0.06%"), []), (weighed("1", "1", "0.0001"), ["0.005"]),
    (weighed(count=3000), []),  # each 0.03 of a point, and all alike
    (weighed("99.94%", "0.06%").replace("whole: {", "whole: {display: half_up(0), "), ["0.06"]),
])
def test_a_weight_that_nobody_sees(text, told):
    assert [facts["points"] for code, facts in found(text) if code == "CX444"] == told


@pytest.mark.parametrize(("score", "code"), [
    ("{0: -50%, 100: 100%}", "CX445"), ("{0: 150%, 100: 0%}", "CX445"), ("{0: 0%, 100: 100%}", None),
    ("{0: 50%, 100: 100%}", None), ("{0: 110%, 100: 120%}", "CX427"), ("goalposts(-10%, 100%)", "CX445"),
    ("goalposts(-10%, 100%, clip = false)", None),
])
def test_the_ends_of_a_score_can_come_out(score, code):
    text = f"indicators:\n{EVERYTHING}  one: {{formula: share(log.code = 'a'), score: '{score}'}}\n"
    assert ids(text.replace("'{", "{").replace("}'", "}")) == [code] * bool(code)


def test_a_warning_is_allowed_in_the_whole_project_with_a_reason():
    plain = "indicators: {n: {formula: count(log)}}"
    assert ids(plain, "allow: {CX267: declared as the export has them}") == []
    assert ids(plain, "allow: {CX267: ''}") == ["CX032"]
    assert set(ids(plain, "allow: {CX268: no template}")) == {"CX267", "CX033"}


def test_what_was_not_looked_for_is_not_called_idle():
    text = HEAD.format(project="allow: {CX267: as the export has them}") + "indicators: {n: {formula: count(log)}}"
    assert compile_sources([Source("cxmetrics.yaml", text)]).diagnostics == ()


def test_unused_templates_and_sources():
    text = f"""  other: {{read: other.csv, time: began}}
templates:
  used(of): {{formula: $of + 1}}
  through(of): {{use: used(of = $of)}}
  unused(of): {{formula: $of + 2}}
indicators:
{EVERYTHING}  more: {{use: through(all)}}
"""
    assert found(text) == [("CX266", {"name": "other"}), ("CX268", {"name": "unused"})]
