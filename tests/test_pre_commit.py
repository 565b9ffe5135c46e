"""The hooks for pre-commit, by the real one: from a clone of a local repository, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cxmetrics.cli.command import command, status_of
from cxmetrics.load.yaml_nodes import Items, Map, read_nodes
from cxmetrics.source import Source

ROOT = Path(__file__).resolve().parents[1]
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_each_hook_is_a_verb():
    hooks, found = read_nodes(Source(HOOKS.name, HOOKS.read_text("utf-8")))
    assert found == ()
    assert isinstance(hooks, Items)
    for hook in hooks:
        assert isinstance(hook, Map)
        name, verb = hook["entry"].value.split()
        assert (name, hook["id"].value) == ("cxmetrics", f"cxmetrics-{verb}")
        assert verb in command.commands
        assert hook["pass_filenames"].value == "false"


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main",
           "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A repository of definitions that names the hooks of another repository; its commands are those of this clone."""
    if not shutil.which("git") or not shutil.which("pre-commit"):
        pytest.skip("git or pre-commit is not installed")
    theirs = tmp_path / "cxmetrics"
    theirs.mkdir()
    shutil.copy(HOOKS, theirs)
    git(theirs, "init", "-q")
    git(theirs, "add", ".")
    git(theirs, "commit", "-qm", "hooks")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "cxmetrics").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cxmetrics "$@"\n')
    (bin_ / "cxmetrics").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    ours = tmp_path / "bank"
    assert status_of(["init", str(ours / "metrics")]) == 0
    hooks = "".join(f"      - {{id: {name}, language: system, args: [metrics]}}\n"  # installed already, as it were
                    for name in ("cxmetrics-check", "cxmetrics-fmt", "cxmetrics-test"))
    (ours / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {theirs}\n    rev: {git(theirs, 'rev-parse', 'HEAD')}\n    hooks:\n{hooks}", "utf-8")
    git(ours, "init", "-q")
    git(ours, "add", ".")
    return ours


def carried_out(repository: Path) -> tuple[int, str]:
    done = subprocess.run(["pre-commit", "run", "--all-files"], cwd=repository, capture_output=True, text=True,
                          timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_hooks_pass_and_stop_a_commit(repository):
    status, said = carried_out(repository)
    assert status == 0, said
    assert said.count("Passed") == 3
    page = next(path for path in sorted(repository.rglob("*.yaml")) if "formula:" in path.read_text("utf-8"))
    page.write_text(page.read_text("utf-8").replace("formula:", "formular:", 1), "utf-8")
    git(repository, "add", ".")
    status, said = carried_out(repository)
    assert status == 1
    assert "CX002" in said
    assert "did you mean `formula`?" in said
