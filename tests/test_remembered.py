"""A project in which nothing was wrong is not compiled again, until anything about it has changed."""

import json
from pathlib import Path

import pytest

import cxmetrics.compile
from cxmetrics.cli.command import status_of

PROJECT = """project: small
sources: {visits: {read: data/visits.csv, time: day}}
indicators: {visits: {formula: count(visits)}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("CXMETRICS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cxmetrics.yaml").write_text(PROJECT, "utf-8")
    return folder


@pytest.fixture
def compiled(monkeypatch):
    """How often a project was compiled."""
    real, calls = cxmetrics.compile.compile_project, []

    def counted(root):
        calls.append(root)
        return real(root)

    monkeypatch.setattr(cxmetrics.compile, "compile_project", counted)
    return calls


def check(project, capsys, *options):
    status = status_of(["check", str(project), *options])
    return status, capsys.readouterr()


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "concise"])
def test_what_was_clean_is_told_again_without_compiling(project, compiled, capsys, form):
    first, second = (check(project, capsys, "--format", form) for _ in range(2))
    assert first == second
    assert len(compiled) == 1


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "cxmetrics.yaml").write_text(PROJECT.replace("count", "coumt"), "utf-8"),
    lambda folder: (folder / "more.yaml").write_text("indicators: {more: {formula: 1 +}}\n", "utf-8"),
    lambda folder: (folder / "cxmetrics.yaml").rename(folder / "other.yaml"),
])
def test_any_change_is_seen(project, compiled, capsys, change):
    assert check(project, capsys)[0] == 0
    change(project)
    assert check(project, capsys)[0] != 0
    assert check(project, capsys)[0] != 0
    assert len(compiled) == 3, "what was wrong is not remembered"


def test_another_cxmetrics_looks_anew(project, compiled, capsys, monkeypatch):
    check(project, capsys)
    monkeypatch.setattr("cxmetrics.cli.remembered._program", lambda: iter([b"another"]))
    check(project, capsys)
    assert len(compiled) == 2


def test_a_library_of_the_project_is_read_each_time(project, capsys):
    (project / "lib").mkdir()
    (project / "lib" / "cxmetrics.yaml").write_text("project: lib\n", "utf-8")
    (project / "cxmetrics.yaml").write_text(f"{PROJECT}import: [lib]\n", "utf-8")
    assert check(project, capsys)[0] == 0
    (project / "lib" / "cxmetrics.yaml").write_text("project: lib\nindicators: {x: {formula: y}}\n", "utf-8")
    assert check(project, capsys)[0] == 1


@pytest.mark.parametrize("spoiled", [
    b"", b"\xff", b"[]", b"{}", b'{"state": 1, "files": 2, "indicators": 3}', b"[" * 9000])
def test_what_is_kept_may_be_spoiled(project, compiled, capsys, tmp_path, spoiled):
    check(project, capsys)
    kept = next((tmp_path / "cache").iterdir())
    assert set(json.loads(kept.read_text())) == {"state", "files", "indicators"}
    kept.write_bytes(spoiled)
    assert check(project, capsys)[0] == 0
    assert len(compiled) == 2


@pytest.mark.parametrize("folder", ["", "taken/cache"])
def test_without_a_folder_for_it_nothing_is_kept(project, compiled, capsys, tmp_path, monkeypatch, folder):
    Path(tmp_path / "taken").write_text("a file, no folder")
    monkeypatch.setenv("CXMETRICS_CACHE", folder and str(tmp_path / folder))
    assert [check(project, capsys)[0] for _ in range(2)] == [0, 0]
    assert len(compiled) == 2
