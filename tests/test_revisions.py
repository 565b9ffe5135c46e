"""Two revisions of a project: what is cosmetic, added, restating, breaking, and what it touches."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from casefile import read_case

from cxmetrics.cli.command import status_of
from cxmetrics.compile import compile_project, compile_sources
from cxmetrics.layout import laid_out
from cxmetrics.revisions import Revision, changes, worst
from cxmetrics.source import Source

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))[::7]
BANK = """\
project: bank
time_zone: Asia/Shanghai
cuts: [[region], [segment]]
dimensions:
  region: {title: {zh: 分行, en: Region}}
  segment: {values: [mass, gold]}
sources:
  answers:
    read: answers.csv
    time: day
    columns: {score: {type: integer, scale: 0..10}, region: text, segment: text}
  txn:
    read: txn.csv
    time: day
    columns: {ok: boolean, ms: {type: number, unit: ms}, region: text, segment: text}
indicators:
  index:
    title: {zh: 指数, en: Index}
    children: {nps: 40%, success: 40%, speed: 20%}
  nps:
    formula: nps(answers.score)
    score: {0: -100, 100: 100}
  success:
    formula: share(txn.ok)
    score: {0: 90%, 100: 100%}
    target: 99%
  speed:
    formula: p95(txn.ms)
    score: {0: 8 s, 100: 1 s}
"""


def revision(text: str) -> Revision:
    compiled = compile_sources([Source("cxmetrics.yaml", text)])
    assert compiled.plan is not None, [found.code.id for found in compiled.diagnostics]
    return Revision(compiled.pyramid, compiled.plan)


def changed(*edits: tuple[str, str]):
    after = BANK
    for old, new in edits:
        assert old in after
        after = after.replace(old, new)
    return changes(revision(BANK), revision(after))


@pytest.mark.parametrize(("edit", "kind", "name", "effect", "aspects", "touches"), [
    (("en: Index", "en: The index"), "indicator", "index", "cosmetic", ["title en"], ()),
    (("    target: 99%", "    owner: payments\n    target: 99%"), "indicator", "success", "cosmetic", ["owner"], ()),
    (("    target: 99%", "    criticality: high\n    target: 99%"), "indicator", "success", "cosmetic", ["criticality"],
     ()),
    (("    target: 99%", "    benchmark: none\n    target: 99%"), "indicator", "success", "cosmetic", ["alone"], ()),
    (("share(txn.ok)", "(share( txn.ok ))"), "indicator", "success", "cosmetic", ["formula"], ()),
    (("share(txn.ok)", "share(txn.ok where txn.ms < 5 s)"), "indicator", "success", "restating", ["formula"],
     ("index",)),
    (("{0: 90%, 100: 100%}", "{0: 80%, 100: 100%}"), "indicator", "success", "restating", ["score"], ("index",)),
    (("target: 99%", "target: 99.5%"), "indicator", "success", "restating", ["target"], ()),
    (("success: 40%, speed: 20%", "success: 30%, speed: 30%"), "indicator", "index", "restating",
     ["child success", "child speed"], ()),
    (("p95(txn.ms)\n", "p95(txn.ms)\n    unit: s\n"), "indicator", "speed", "breaking",
     ["unit", "score", "formula"], ("index",)),
    (("cuts: [[region], [segment]]", "cuts: [[region]]"), "project", "bank", "breaking", ["cuts"], ()),
    (("cuts: [[region], [segment]]", "cuts: [[region], [segment], [region, segment]]"), "project", "bank", "added",
     ["cuts"], ()),
    (("Asia/Shanghai", "Asia/Tokyo"), "project", "bank", "restating", ["time_zone"],
     ("nps", "success", "speed", "index")),
    (("en: Region", "en: Branches"), "dimension", "region", "cosmetic", ["title en"], ()),
    (("values: [mass, gold]", "values: [mass, gold, private]"), "dimension", "segment", "restating", ["values"], ()),
    (("scale: 0..10}, region", "scale: 0..10, missing: [98]}, region"), "source", "answers", "restating",
     ["column score"], ("nps", "index")),
], ids=lambda value: value[1][:40] if isinstance(value, tuple) and len(value) == 2 else "")
def test_an_edit_is_one_change(edit, kind, name, effect, aspects, touches):
    found = changed(edit)
    one = next(change for change in found if (change.kind, change.id) == (kind, name))
    assert (one.effect, [aspect.name for aspect in one.aspects]) == (effect, aspects)
    assert sorted(one.touches) == sorted(touches)
    assert {change.kind for change in found} <= {kind, "source"}  # a closed set is told of its sources too
    order = ("cosmetic", "added", "restating", "breaking")
    assert worst(found) == max((change.effect for change in found), key=order.index)


def test_what_came_and_went():
    after = BANK + "  waits: {formula: mean(txn.ms)}\n"
    assert [(one.id, one.effect, one.gone) for one in changes(revision(BANK), revision(after))] == [
        ("waits", "added", False)]
    assert [(one.id, one.effect, one.gone) for one in changes(revision(after), revision(BANK))] == [
        ("waits", "breaking", True)]


def test_a_new_name_for_the_same_meaning_is_a_new_name():
    found = changed(("speed", "latency"))
    assert [(one.id, one.renamed, one.effect, one.aspects) for one in found] == [("latency", "speed", "breaking", ())]


def test_nothing_changed():
    assert changed() == ()
    assert worst(()) is None


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_laid_out_otherwise_is_no_change(path, tmp_path):
    case = read_case(path)
    case.write(tmp_path, later=False)
    before = compile_project(tmp_path)
    if before.plan is None:
        return
    for name in [name for name, kind, _ in case.files if kind == "yaml"]:
        (tmp_path / name).write_text(laid_out(Source(name, (tmp_path / name).read_text("utf-8")))[0], "utf-8")
    after = compile_project(tmp_path)
    found = changes(Revision(before.pyramid, before.plan), Revision(after.pyramid, after.plan))
    assert {aspect.name for change in found for aspect in change.aspects} <= {"formula"}
    assert worst(found) in (None, "cosmetic")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository" / "bank"
    folder.mkdir(parents=True)
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "a",
                        "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    (folder / "cxmetrics.yaml").write_text(BANK, "utf-8")
    (folder / "指标 one.yaml").write_text("indicators:\n  more: {formula: count(txn)}\n", "utf-8")
    (folder.parent / "outside.yaml").write_text("of: nobody\n", "utf-8")
    for step in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *step], cwd=folder.parent, check=True)
    return folder


def test_revisions_of_git(repository, capsys):
    assert status_of(["diff", "--lang", "en"]) == 0
    assert "nothing changed" in capsys.readouterr().err
    path = repository / "cxmetrics.yaml"
    path.write_text(BANK.replace("target: 99%", "target: 98%"), "utf-8")
    assert status_of(["diff", "--fail-on", "breaking"]) == 0
    assert status_of(["diff", "--fail-on", "restating"]) == 1
    capsys.readouterr()
    subprocess.run(["git", "commit", "-qam", "second"], check=True)
    assert status_of(["diff", "HEAD~1", "HEAD", "--format", "json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["id"], told["effect"], told["changed"]) == (
        "success", "restating", [{"what": "target", "effect": "restating", "before": "99.00%", "after": "98.00%"}])
    assert status_of(["diff", "HEAD~1", "HEAD~1", "--format", "markdown"]) == 0


@pytest.mark.parametrize("name", ["HEAD~9", "--upload-pack=x", "HEAD:cxmetrics.yaml", "nowhere", "HEAD^{tree}", "..",
                                  "/", "a" * 400, "中" * 90, "a\nb\x1b[31m", "HEAD..HEAD", "~", "$(id)"])
@pytest.mark.usefixtures("repository")
def test_what_is_no_revision(name, capsys):
    assert status_of(["diff", "--", name]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert "neither a project folder nor a revision" in told
    assert told.rstrip("\n").isprintable()


def test_a_revision_with_faults_is_named(repository, capsys):
    (repository / "cxmetrics.yaml").write_text(BANK.replace("share(txn.ok)", "share(txn.no)"), "utf-8")
    subprocess.run(["git", "commit", "-qam", "broken"], check=True)
    (repository / "cxmetrics.yaml").write_text(BANK, "utf-8")
    assert status_of(["diff"]) == 1
    told = capsys.readouterr().err
    assert "HEAD:" in told
    assert "CX203" in told


def test_the_history_is_that_of_the_project_from_wherever_it_is_asked(repository, monkeypatch, capsys):
    path = repository / "cxmetrics.yaml"
    path.write_text(BANK.replace("target: 99%", "target: 98%"), "utf-8")
    monkeypatch.chdir(repository.parent.parent)
    assert status_of(["diff", "HEAD", "repository/bank", "--format", "json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["changed"][0]["what"] == "target"
