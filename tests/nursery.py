"""Runs in processes of their own that begin at once: children of one that has imported everything.

A child can be killed at any moment, and the disk under it can be made to fail (`faults.c`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
COMPILER = shutil.which("cc")
Kind = Literal["write", "fsync", "rename", "create"]
KINDS: tuple[Kind, ...] = ("write", "fsync", "rename", "create")  # in the order of faults.c
STAGES = ("start", "bind", "scan", "evaluate", "commit")  # of a run, as it tells its progress


@dataclass(frozen=True)
class Disk:
    """Calls of a kind below a folder fail from the n-th on; `error` is the name of an errno."""

    under: Path
    kind: Kind = "write"
    number: int = 1 << 40
    error: str = "EIO"

    def said(self) -> str:
        return f"{self.under}\t{KINDS.index(self.kind)}\t{self.number}\t{getattr(errno, self.error)}"


@dataclass
class Child:
    """A run that is under way; `lines` is what it has said so far: stages, its end, codes of a fault, counts."""

    process: subprocess.Popen
    pid: int
    lines: list[list[str]] = field(default_factory=list)

    def line(self) -> list[str]:
        found = self.process.stdout.readline()
        assert found, "the nursery has died"
        self.lines.append(found.split())
        return self.lines[-1]

    def reaches(self, stage: str) -> bool:
        """Whether it comes to a stage before it ends."""
        while (line := self.line())[0] != "end":
            if line == ["stage", stage]:
                return True
        return False

    def kill(self) -> None:
        """It is nobody else's number yet: until `ended` is asked for, nobody takes note of its death."""
        os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> int:
        """The status that it ended with; -9 where it was killed."""
        self.process.stdin.write("over\n")
        self.process.stdin.flush()
        while self.line()[0] != "status":
            pass
        return os.waitstatus_to_exitcode(int(self.lines[-1][1]))

    @property
    def codes(self) -> list[str]:
        return next((line[1:] for line in self.lines if line[0] == "fault"), [])

    @property
    def counts(self) -> dict[str, int]:
        """How many calls there were of each kind."""
        return next(dict(zip(KINDS, map(int, line[1:]), strict=True)) for line in self.lines if line[0] == "counts")


@dataclass(frozen=True)
class Nursery:
    """The process that has imported everything."""

    process: subprocess.Popen

    def begin(self, root: Path, disk: Disk | None = None, engine: str = "duckdb") -> Child:
        """A run of a project begins."""
        self.process.stdin.write(f"{root}\t{engine}\t{'' if disk is None else disk.said()}\n")
        self.process.stdin.flush()
        child = Child(self.process, 0)
        child.pid = int(child.line()[1])
        return child


@contextmanager
def nursery(scratch: Path, library: Path | None = None) -> Iterator[Nursery]:
    """Have one; `scratch` is where its children lay what they need for a while, `library` the compiled `faults.c`."""
    places = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": places, "TMPDIR": str(scratch)}
    environment |= {} if library is None else {"LD_PRELOAD": str(library), "CXMETRICS_FAULTS": str(library)}
    process = subprocess.Popen([sys.executable, "-c", "import nursery; nursery.serve()"], text=True, env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Nursery(process)
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def compiled(folder: Path) -> Path:
    """The library that makes disks fail."""
    target = folder / "faults.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", target, HERE / "faults.c", "-ldl"], check=True)
    return target


# --- in the nursery ----------------------------------------------------------------------------------------------


def serve() -> None:
    """Fork a child for each line, and wait for it when the next one comes."""
    import cxmetrics.backends.duckdb
    import cxmetrics.backends.polars
    import cxmetrics.run  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(*line.rstrip("\n").split("\t"))
        sys.stdin.readline()
        _say("status", os.waitpid(child, 0)[1])


def _say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _run(root: str, engine: str, *disk: str) -> None:
    from cxmetrics.diagnostics import Fault
    from cxmetrics.run import RunOptions, run

    _say("pid", os.getpid())
    faults, status = ctypes.CDLL(os.environ["CXMETRICS_FAULTS"]) if disk != ("",) else None, 0
    if faults is not None:
        under, kind, number, error = disk
        faults.faults_arm(under.encode(), int(kind), ctypes.c_long(int(number)), int(error))
    try:
        _say("stage", "start")
        run(Path(root), RunOptions(engine=engine), lambda what, _step, _of: _say("stage", what.partition(" ")[0]))
    except Fault as fault:
        _say("fault", *(found.code.id for found in fault.diagnostics))
        status = 1
    except OSError as error:
        _say("fault", errno.errorcode.get(error.errno or 0, type(error).__name__))
        status = 2
    except BaseException:  # noqa: BLE001  # the process ends here, whatever it was
        traceback.print_exc()
        status = 3
    if faults is not None:
        _say("counts", *(faults.faults_count(kind) for kind in range(len(KINDS))))
    _say("end", time.monotonic())
    os._exit(status)
