"""Libraries brought to a bank's own tables."""

from dataclasses import replace

import pytest

from cxmetrics.assets import definitions
from cxmetrics.cli.command import status_of
from cxmetrics.cli.verbs.init import PACKS
from cxmetrics.compile import compile_project
from cxmetrics.load.library import shipped

LIBRARY = """\
project: calls
sources:
  call:
    read: data/calls.csv
    time: day
    received: received_at
    keep: not test
    columns:
      kind: {type: text, values: [lost, new]}
      began: time
      ended: time
      wait: {formula: ended - began}
      test: boolean
  chat: {read: data/chats.csv, time: day, columns: {turns: integer}}
indicators:
  waiting: {formula: mean(call.wait where call.kind = 'new')}
  turns: {formula: mean(chat.turns)}
tests:
  turns are averaged: {given: {chat: [{turns: 2}]}, expect: {turns: 2}}
  waits too: {given: {call: [{kind: new, began: 2026-01-01 09:00, ended: 2026-01-01 09:01}]}, expect: {waiting: 60 s}}
"""
WHOLE = "columns: {kind: kind, began: began, ended: ended, test: test}"


def project(root, text):
    own = "project: bank\nimport: [calls]\n" + text
    for name, content in (("calls/cxmetrics.yaml", LIBRARY), ("cxmetrics.yaml", own)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return compile_project(root)


def bound(root, entry):
    compiled = project(root, f"bind:\n  chat: none\n  call: {{{entry}}}\n")
    assert not compiled.diagnostics, [(one.code.id, dict(one.facts)) for one in compiled.diagnostics]
    return compiled.pyramid.sources["call"]


def test_a_column_is_one_of_ours_and_keeps_its_contract(tmp_path):
    call = bound(tmp_path, "read: own.csv, time: at, " + WHOLE.replace("kind: kind", "kind: typ"))
    assert (call.read, call.time) == ("own.csv", "at")
    assert (call.columns["kind"].physical, call.columns["kind"].values) == ("typ", ("lost", "new"))


def test_a_column_whose_name_is_no_word_is_named_by_its_key(tmp_path):
    call = bound(tmp_path, "read: own.csv, " + WHOLE.replace("kind: kind", "kind: {column: Kind of call}"))
    assert (call.columns["kind"].physical, call.columns["kind"].type) == ("Kind of call", "text")


def test_a_column_is_an_expression_over_ours(tmp_path):
    kind = "kind: \"if(code = 1, 'lost', 'new')\""
    call = bound(tmp_path, "own: {code: integer}, " + WHOLE.replace("kind: kind", kind))
    assert call.columns["kind"].formula is not None
    assert call.columns["kind"].values == ("lost", "new")


def test_a_derived_column_is_bound_by_an_expression(tmp_path):
    columns = WHOLE.replace("kind: kind", "kind: kind, wait: secs")
    call = bound(tmp_path, "own: {secs: {type: number, unit: s}}, " + columns)
    assert str(call.columns["wait"].unit) == "s"


def test_what_does_not_hold_here_is_taken_out(tmp_path):
    assert bound(tmp_path, "received: none, " + WHOLE).received is None
    call = bound(tmp_path, "keep: none, " + WHOLE)
    assert call.keep is None
    assert call.received == "received_at"


def test_a_table_that_is_not_there_is_read_nowhere(tmp_path):
    compiled = project(tmp_path, f"bind:\n  chat: none\n  call: {{{WHOLE}}}\n")
    assert compiled.pyramid.sources["chat"].read == "none"
    assert not compiled.tests  # they are about the tables of the library


@pytest.mark.parametrize(("text", "codes"), [
    (f"bind: {{call: {{{WHOLE}}}}}", ["CX344"]),
    (f"bind: {{call: {{{WHOLE}}}}}\nsources: {{chat: {{read: own.csv}}}}", []),
    ("bind: {call: {columns: {kind: kind, began: began}}, chat: none}", ["CX343"]),
    (f"bind: {{cal: {{{WHOLE}}}, call: {{{WHOLE}}}, chat: none}}", ["CX202"]),
    ("bind: {call: {columns: {kid: kind, began: began, ended: ended, test: test, kind: k}}, chat: none}", ["CX203"]),
    (f"bind: {{call: {{{WHOLE}}}, chat: none}}\nsources: {{call: {{read: own.csv}}}}", ["CX003"]),
    ("bind: {call: [1], chat: none}", ["CX004"]), ("bind: {call: nothing, chat: none}", ["CX004"]),
    ("bind: x", ["CX004"]), ("bind: []", ["CX004"]), ("bind: {}", ["CX344"]),
    (f"bind: {{call: {{reed: own.csv, {WHOLE}}}, chat: none}}", ["CX002"]),
    (f"bind: {{call: {{{WHOLE}}}, chat: none}}\nsources: x", ["CX004"]),
    ("bind: {call: {columns: x}, chat: none}", ["CX004"]),
    ("bind: {call: {own: x, columns: {kind: kind, began: began, ended: ended, test: test}}, chat: none}", ["CX004"]),
    ("bind: {call: {own: {began: text}, columns: {kind: kind, began: began, ended: ended, test: test}}, chat: none}",
     ["CX003"]),
])
def test_wrong_bindings(tmp_path, text, codes):
    found = project(tmp_path, text + "\n").diagnostics
    assert sorted(one.code.id for one in found) == sorted(codes), [(one.code.id, dict(one.facts)) for one in found]


@pytest.mark.parametrize(("columns", "told"), [
    ("knd: kind", "did you mean `kind`?"), ("knd: code", "did you mean `kind`?"),  # a slip in the library's name
    ("code: kind", "ours on the right: `kind: code`"), ("began2: kind", "ours on the right: `kind: began2`"),
])
def test_a_slip_in_a_name_is_no_name_of_ours(tmp_path, capsys, columns, told):
    project(tmp_path, f"bind: {{call: {{{WHOLE.replace('kind: kind', columns)}}}, chat: none}}\n")
    assert status_of(["check", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert told in said.out + said.err
    assert (said.out + said.err).count("error[") == 1
    assert "warning[" not in said.out + said.err


def of_any_table(source):
    """A source without what it says of its own table's past: flags, what only they look at, and older scales."""
    columns = {name: replace(spec, scales=None, type="integer" if spec.scales else spec.type)
               for name, spec in source.columns.items() if spec.silence is None}
    return replace(source, bindings=(), columns=columns)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("pack", PACKS)
def test_a_project_over_a_pack_checks_clean_and_binds_all(pack, language, tmp_path, capsys):
    assert status_of(["--lang", language, "init", "--pack", pack, str(tmp_path / "mine")]) == 0
    compiled = compile_project(tmp_path / "mine")
    assert not compiled.diagnostics
    assert compiled.drafts.bound == set(compiled.pyramid.sources)
    own = compile_project(definitions() / pack).pyramid
    assert compiled.pyramid.indicators.keys() == own.indicators.keys()
    for name, source in own.sources.items():
        mine = compiled.pyramid.sources[name]
        assert replace(mine, bindings=()) == of_any_table(source)
        assert not mine.flags
        assert set(mine.bindings) == set(source.bindings)
    assert status_of(["init", "--pack", pack, str(tmp_path / "mine")]) == 1
    assert "bind.yaml" in capsys.readouterr().err


def test_the_packs_are_the_libraries_that_ship():
    shelves = {"benchmarks"}
    assert {f"cxmetrics/{pack}" for pack in PACKS} == shipped().keys() - {f"cxmetrics/{name}" for name in shelves}


def test_a_pack_that_there_is_not_is_refused(tmp_path, capsys):
    assert status_of(["init", "--pack", "smal_bank", str(tmp_path / "mine")]) == 2
    assert "small_bank" in capsys.readouterr().err
