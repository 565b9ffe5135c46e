"""A runner of CI for tests: carries out the commands of a pipeline's file, in order, as the two services would.

Of GitHub Actions: each `run` of a job in `bash -eo pipefail`, what was written to `GITHUB_ENV` known to the next; of
GitLab CI: the whole `script` of a job in one shell.  Conditions are taken to hold; steps with `uses` are left out.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Step:
    """One command that was carried out, and how it ended."""

    name: str
    status: int
    out: str
    err: str


def commands(text: str) -> dict[str, list[tuple[str, str]]]:
    """The commands of each job by its name: (name of the step, what bash is to do)."""
    pipeline = yaml.safe_load(text)
    if "jobs" in pipeline:
        return {name: [(step["name"], step["run"]) for step in job["steps"] if "run" in step]
                for name, job in pipeline["jobs"].items()}
    return {name: [(name, "\n".join(job["script"]))] for name, job in pipeline.items()
            if isinstance(job, dict) and "script" in job}


def carry_out(text: str, folder: Path, scratch: Path, **variables: str) -> dict[str, list[Step]]:
    """Every job of a pipeline, in a checked-out folder; a job ends with its first step that fails."""
    return {name: list(_job(steps, folder, scratch / name, variables)) for name, steps in commands(text).items()}


def _job(steps, folder, scratch, variables):
    known = _environment(scratch) | variables
    for name, command in steps:
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command], cwd=folder,
                              env=known, check=False, capture_output=True, text=True, timeout=120)
        yield Step(name, done.returncode, done.stdout, done.stderr)
        if done.returncode:
            return
        told = Path(known["GITHUB_ENV"]).read_text("utf-8").splitlines()
        known |= dict(line.split("=", 1) for line in told)


def _environment(scratch: Path) -> dict[str, str]:
    """Only what a fresh machine has: `cxmetrics` as it stands here, a `pip` that has it already, `git`."""
    binaries = scratch / "bin"
    binaries.mkdir(parents=True)
    _script(binaries / "cxmetrics", f'exec "{sys.executable}" -m cxmetrics "$@"')
    _script(binaries / "pip", '[ "$1" = install ]')
    for name in ("GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
        (scratch / name).touch()
    return {"PATH": f"{binaries}{os.pathsep}{os.defpath}{os.pathsep}{os.environ['PATH']}", "HOME": str(scratch),
            "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8",
            **{name: str(scratch / name) for name in ("GITHUB_ENV", "GITHUB_STEP_SUMMARY")}}


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
