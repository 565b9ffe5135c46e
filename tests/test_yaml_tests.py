"""Tests written in YAML (`tests:` and `cxmetrics test`), on both engines."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cxmetrics.check.declared_tests import first_day
from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project
from cxmetrics.testing import MASK, run_tests

ROOT = Path(__file__).resolve().parents[1]
BOTH = pytest.mark.parametrize("engine", ["duckdb", "polars"])
PROJECT = """\
project: bank
time_zone: Asia/Shanghai
grains: [day, month]
cuts: [[region]]
privacy: {min_n: 30}
dimensions:
  region: {}
  branch: {within: region, lookup: {read: branches.csv, key: branch}}
sources:
  answers:
    read: answers.csv
    time: submitted_at
    received: got_at
    keep: is_complete and not is_test
    unique: {by: [id, question], keep: latest}
    columns:
      score: {type: integer, scale: 0..10, missing: [98, 99]}
      who: {type: text, class: C2}
      touchpoint: text
  calls:
    read: calls.csv
    time: began
    columns:
      began: {type: time, format: epoch_ms}
      latency: {type: number, unit: ms}
      taken: time
      ended: time
      talk: {formula: ended - taken}
      line: text
    lookups:
      lines: {read: lines.csv, key: number, on: line, valid_from: since, columns: {queue: {column: name}}}
  books:
    read: books.csv
    time: 2008-01-01
    on_bad: fail
    columns: {amount: {type: number, unit: CNY}}
indicators:
  app_nps:
    formula: nps(answers.score where answers.touchpoint is missing or answers.touchpoint != 'web')
    score: {0: -100, 100: 100}
  answered: {formula: count(answers)}
  speed:
    formula: p95(calls.latency)
    score: {0: 8 s, 100: 1 s}
  talk: {formula: mean(calls.talk)}
  per_answer: {formula: count(calls) / count(answers)}
  of_cards: {formula: count(calls where calls.queue = 'cards')}
  booked: {formula: sum(books.amount)}
  cx:
    children: {app_nps: 50%, speed: 50%}
  growth: {formula: "answered / prior(answered, 1 month) - 1"}
  lately: {formula: count(answers over 3 d)}
tests:
"""


def compiled(tmp_path, tests):
    lines = "".join(f"  {line}\n" for line in tests.strip("\n").splitlines())
    (tmp_path / "cxmetrics.yaml").write_text(PROJECT + lines, "utf-8")
    return compile_project(tmp_path)


def verdicts(tmp_path, tests, engine="polars"):
    result = compiled(tmp_path, tests)
    assert result.plan is not None, [(found.code.id, dict(found.facts)) for found in result.diagnostics]
    return run_tests(result.plan, result.tests, engine, tmp_path / "scratch")


def wrong(verdict):
    """What a verdict says is wrong: measure, what came out."""
    return [(one.check.expected.indicator, one.check.expected.measure, one.check.got) for one in verdict.failures]


PASSING = {
    "what language.md shows": """
        given: {answers: [{score: 10}, {score: 9}, {score: 8}, {score: 3}]}
        expect: {app_nps: 25}""",
    "units, arithmetic and measures": """
        given: {calls: [{latency: 1000}, {latency: 8000}]}
        expect: {speed: {value: 7.65 s, score: 100 * 0.35 / 7, n: 2, status: ok}, talk: missing}""",
    "a source not given has delivered nothing": """
        given: {calls: [{latency: 1}]}
        expect: {answered: missing, per_answer: missing, cx: {coverage: 50%, status: partial, value: 100}}""",
    "an empty source has delivered": """
        given: {answers: []}
        expect: {answered: 0, app_nps: {value: missing, status: no_data}}""",
    "slices": """
        given: {answers: [{region: North, score: 10}, {region: South, score: 0}, {region: South, score: 8}]}
        expect: {app_nps: [{value: 0, n: 3}, {region: North, value: 100}, {region: South, value: -50, n: 2},
                           {region: East, value: missing}]}""",
    "a table, with keep and unique": """
        given:
          answers:
            columns: [id, question, is_complete, is_test, got_at, score]
            rows:
              - [a, q, true, false, 2026-01-01 10:00, 0]
              - [a, q, true, false, 2026-01-01 11:00, 10]
              - [b, q, false, false, 2026-01-01 10:00, 0]
              - [c, q, true, true, 2026-01-01 10:00, 0]
        expect: {app_nps: {value: 100, n: 1}, answered: 1}""",
    "a part of keep applies by itself": """
        given: {answers: [{is_test: true, score: 0}, {is_test: false, score: 10}]}
        expect: {app_nps: 100}""",
    "unique does not apply to columns not given": """
        given: {answers: [{id: a, score: 0}, {id: a, score: 10}, {score: 10}]}
        expect: {answered: 3}""",
    "periods": """
        grain: day
        given: {answers: [{submitted_at: 2026-03-01 23:59, score: 10}, {submitted_at: 2026-03-02 00:00, score: 0}]}
        expect: {app_nps: [{value: -100, change: -200}, {at: 2026-03-01, value: 100}], answered: 1}""",
    "a period asked for": """
        at: 2026-02
        given: {answers: [{submitted_at: 2026-02-28, score: 10}, {submitted_at: 2026-03-02, score: 0}, {score: 10}]}
        expect: {app_nps: {value: 100, n: 2}}""",
    "the end of time": """
        at: 2199-12-31
        given: {answers: [{score: 10}, {submitted_at: 0001-01-01, score: 0}]}
        expect: {app_nps: 100}""",
    "windows": """
        grain: month
        given: {answers: [{submitted_at: 2026-01-31}, {submitted_at: 2026-02-01}, {submitted_at: 2026-02-28}]}
        expect: {growth: [{value: 100%}, {at: 2026-01, value: missing}],
                 lately: [{value: 1, status: ok}, {at: 2026-01, value: 1}]}""",
    "times in other formats": """
        given: {calls: [{began: 1767200400000, latency: 5}, {latency: 6}]}
        grain: day
        expect: {per_answer: missing, speed: 5.95 ms}""",
    "derived columns are computed": """
        given: {calls: [{taken: 2026-01-01 10:00, ended: 2026-01-01 10:01}]}
        expect: {talk: 1 min}""",
    "a table that a source looks into": """
        given:
          calls: [{line: 7}, {line: 8}, {line: 9}, {}]
          calls.lines: [{number: 7, queue: cards, since: 2025-01-01}, {number: 8, queue: cards, since: 2026-02-01},
                        {number: 9, queue: loans}]
        expect: {of_cards: 1}""",
    "a table that is not given": """
        given: {calls: [{line: 7}]}
        expect: {of_cards: 0}""",
    "a source without dates": """
        given: {books: [{amount: 2.5}, {amount: -1}]}
        expect: {booked: 1.5 CNY}""",
    "the table behind a dimension": """
        given: {answers: [{branch: B1, score: 10}, {branch: B2, score: 0}],
                branch: [{branch: B1, region: North}, {branch: B2, region: South}]}
        expect: {app_nps: [{region: South, value: -100}, {region: North, branch: B1, value: 100}]}""",
    "rejected rows do not count": """
        given: {answers: [{score: 11}, {score: ten}, {score: null}, {score: 10}]}
        expect: {app_nps: {value: 100, n: 1}, answered: 2}""",
    "tolerance": """
        given: {answers: [{score: 10}, {score: 8}, {score: 8}]}
        tolerance: 0.5
        expect: {app_nps: 33, cx: {value: 60, tolerance: 10}}""",
}


@BOTH
def test_what_is_expected_comes_out(engine, tmp_path):
    written = "\n".join(f"{name}:{body.replace(chr(10) + ' ' * 6, chr(10))}" for name, body in PASSING.items())
    found = verdicts(tmp_path, written, engine)
    assert len(found) == len(PASSING)
    assert {one.test.name: wrong(one) or [d.code.id for d in one.found] for one in found if not one.passed} == {}


@BOTH
def test_a_failure_shows_the_rows_that_made_it(engine, tmp_path):
    [one] = verdicts(tmp_path, """
wrong:
  given:
    answers: [{score: 10, who: ann, region: N, touchpoint: web}, {score: 9, who: bob, region: N},
              {score: 3, region: S}, {score: 98, region: S}]
  expect: {app_nps: [{region: N, value: 0, n: 2}, {value: 0}], cx: 0}""", engine)
    assert wrong(one) == [("app_nps", "value", 100.0), ("app_nps", "n", 1), ("cx", "value", 50.0)]
    evidence = one.failures[0].evidence[0]
    assert evidence.columns == ("score", "who", "region", "touchpoint")
    assert evidence.rows == (("9", MASK, "N", None),)
    assert (evidence.counted, evidence.given) == (1, 4)
    assert one.failures[0].formula.startswith("nps(")
    assert [(part.indicator, part.value, part.weight) for part in one.failures[2].parts] == [
        ("app_nps", 0.0, 0.5), ("speed", None, 0.5)]


def test_rows_are_those_that_a_window_looks_at(tmp_path):
    days = ", ".join(f"{{submitted_at: {day}}}" for day in ("2026-01-31", "2026-02-25", "2026-02-26", "2026-02-28"))
    [one] = verdicts(tmp_path, f"windows:\n  grain: month\n  given: {{answers: [{days}]}}\n"
                               "  expect: {lately: 3, growth: 3}")
    assert wrong(one) == [("lately", "value", 2), ("growth", "value", 2.0)]
    assert one.failures[0].evidence[0].rows == (("2026-02-26",), ("2026-02-28",))
    assert [(part.indicator, part.value) for part in one.failures[1].parts] == [
        ("answered", 3.0), ("answered, prior 1 month", 1.0)]


def test_at_most_ten_rows_are_shown(tmp_path):
    rows = ", ".join(["{score: 10}"] * 30)
    [one] = verdicts(tmp_path, f"many:\n  given: {{answers: [{rows}]}}\n  expect: {{answered: 1}}")
    assert len(one.failures[0].evidence[0].rows) == 10
    assert one.failures[0].evidence[0].counted == 30


@BOTH
def test_rows_of_one_test_are_not_seen_by_another(engine, tmp_path):
    given = "answers: [{{id: a, question: q, score: {}}}]".format
    tests = "\n".join(f"t{i}:\n  given: {{{given(i)}}}\n  expect: {{answered: 1, app_nps: {nps}}}"
                      for i, nps in enumerate([-100] * 7 + [0] * 2 + [100] * 2))
    assert all(one.passed for one in verdicts(tmp_path, tests, engine))


def test_what_stops_one_test_does_not_stop_the_others(tmp_path):
    bad, good = verdicts(tmp_path, """
bad:
  given: {books: [{amount: much}]}
  expect: {booked: 1 CNY}
good:
  given: {books: [{amount: 1}]}
  expect: {booked: 1 CNY}""")
    assert [found.code.id for found in bad.found] == ["CX715"]
    assert not bad.passed
    assert good.passed


ENDS = """\
project: ends
sources:
  accounts: {read: a.csv, time: day, entity: account, columns: {balance: {type: number, unit: CNY}, page: text}}
indicators:
  total: {formula: sum(accounts.balance at end)}
  went_on: {formula: "conversion(accounts.page = 'a', accounts.page = 'b')"}
tests:
  nobody's account is one: {given: {accounts: [{balance: 5}, {balance: 6}]}, expect: {total: 11 CNY}}
  two accounts:
    given:
      accounts:
        - {balance: 5, account: a, day: 2026-01-03}
        - {balance: 6, account: b, day: 2026-01-04}
        - {balance: 7, account: b, day: 2026-01-05}
    expect: {total: 12 CNY}
  nobody goes on: {given: {accounts: [{page: a}, {page: b}]}, expect: {went_on: missing}}
"""


@BOTH
def test_whose_rows_they_are_need_not_be_given(engine, tmp_path):
    (tmp_path / "cxmetrics.yaml").write_text(ENDS)
    compiled = compile_project(tmp_path)
    verdicts = run_tests(compiled.plan, compiled.tests, engine, tmp_path / "scratch")
    assert [verdict.passed for verdict in verdicts] == [True, True, True]


def test_a_hundred_tests_of_a_source_are_one_scan(tmp_path, monkeypatch):
    from cxmetrics.backends.polars import Polars

    scans = []
    plain = Polars.cells
    monkeypatch.setattr(Polars, "cells", lambda self, request: scans.append(1) or plain(self, request))
    tests = "\n".join(f"t{i}:\n  given: {{answers: [{{score: {i % 11}}}]}}\n  expect: {{answered: 1}}"
                      for i in range(100))
    assert all(one.passed for one in verdicts(tmp_path, tests))
    assert len(scans) == 1


MISTAKES = {
    "given: {answer: [{score: 1}]}\n  expect: {answered: 1}": ("CX202", "answer"),
    "given: {answers: [{scor: 1}]}\n  expect: {answered: 1}": ("CX203", "scor"),
    "given: {calls: [{talk: 1}]}\n  expect: {talk: 1 s}": ("CX228", "talk"),
    "given: {answers: {columns: [score], rows: [[1, 2]]}}\n  expect: {answered: 1}": ("CX229", "1"),
    "expect: {answred: 1}": ("CX201", "answred"),
    "expect: {answered: {value: 1, regoin: N}}": ("CX227", "regoin"),
    "expect: {answered: {region: N}}": ("CX009", "answered"),
    "expect: {speed: 99%}": ("CX417", "99%"),
    "expect: {answered: {status: fine}}": ("CX009", "fine"),
    "expect: {answered: 1}\n  at: soon": ("CX009", "soon"),
    "expect: {answered: 1}\n  grain: decade": ("CX009", "decade"),
    "expect: {}": ("CX009", "a test"),
}


@pytest.mark.parametrize("body", MISTAKES)
def test_a_mistake_is_found_at_its_place(body, tmp_path):
    result = compiled(tmp_path, f"a test:\n  {body}")
    code, at = MISTAKES[body]
    [found] = result.diagnostics
    span = found.span.in_file()
    assert (found.code.id, span.source.text[span.start:span.end]) == (code, at)


def test_a_name_is_taken_once(tmp_path):
    (tmp_path / "more.yaml").write_text("tests:\n  twice:\n    expect: {answered: missing}\n")
    found = compiled(tmp_path, "twice:\n  expect: {answered: missing}").diagnostics
    assert [(each.code.id, each.facts["kind"]) for each in found] == [("CX206", "test")]


@pytest.mark.parametrize(("text", "day"), [
    ("2026-10-02", "2026-10-02"), ("2026-10", "2026-10-01"), ("2026-Q4", "2026-10-01"), ("2026", "2026-01-01"),
    ("2026-13", None), ("2026-02-30", None), ("0000", None), ("Q4", None)])
def test_periods_are_read(text, day):
    assert (first_day(text) and first_day(text).isoformat()) == day


# --- the verb ------------------------------------------------------------------------------------------------------

TWO = """
one right:
  given: {answers: [{score: 10}]}
  expect: {answered: 1}
one wrong:
  given: {answers: [{score: 10}]}
  expect: {answered: 2}"""


def test_the_verb_says_what_failed(tmp_path, capsys, monkeypatch):
    compiled(tmp_path, TWO)
    monkeypatch.chdir(tmp_path.parent)
    assert status_of(["--lang", "en", "test", tmp_path.name, "--engine", "polars"]) == 1
    out, err = capsys.readouterr()
    assert "FAILED one wrong" in out
    assert "answered: expected 2, got 1" in out
    assert f"{tmp_path.name}/cxmetrics.yaml:" in out
    assert "one right" not in out
    assert "1 passed, 1 failed" in err


def test_the_verb_speaks_chinese(tmp_path, capsys):
    compiled(tmp_path, TWO)
    assert status_of(["test", str(tmp_path), "--engine", "polars", "--lang", "zh"]) == 1
    assert "answered：预期 2，实际 1" in capsys.readouterr().out


@pytest.mark.parametrize(("pattern", "status"), [("RIGHT", 0), ("one w*", 1), ("three", 2)])
def test_tests_are_chosen_by_name(pattern, status, tmp_path):
    compiled(tmp_path, TWO)
    assert status_of(["test", str(tmp_path), "--engine", "polars", "-k", pattern]) == status


def test_results_as_json(tmp_path, capsys):
    compiled(tmp_path, TWO)
    assert status_of(["test", str(tmp_path), "--engine", "polars", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["failed"]) == (1, 1)
    right, bad = told["tests"]
    assert right["passed"]
    [check] = bad["checks"]
    assert (check["expected"], check["got"], check["rows"][0]["counted"]) == (2, 1, 1)


def test_results_as_junit(tmp_path, capsys):
    compiled(tmp_path, TWO)
    assert status_of(["--lang", "en", "test", str(tmp_path), "--engine", "polars", "--format", "junit"]) == 1
    suite = ET.fromstring(capsys.readouterr().out).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    assert suite.findall("testcase")[1].find("failure").get("message") == "answered: expected 2, got 1"


def test_definitions_that_do_not_compile_are_said(tmp_path):
    compiled(tmp_path, "a test:\n  expect: {nothing_such: 1}")
    assert status_of(["test", str(tmp_path)]) == 1


@BOTH
def test_the_tests_of_the_retail_bank_pass(engine, tmp_path):
    result = compile_project(ROOT / "definitions" / "retail_bank")
    assert {expected.indicator for test in result.tests for expected in test.expected} >= {"rnps", "transfer_apdex"}
    found = run_tests(result.plan, result.tests, engine, tmp_path)
    assert [one.test.name for one in found if not one.passed] == []


def test_the_project_of_init_passes_its_tests(tmp_path):
    assert status_of(["init", str(tmp_path / "new")]) == 0
    assert status_of(["test", str(tmp_path / "new")]) == 0
