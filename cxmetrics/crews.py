"""Crews: who shares a long piece of work, as threads or as processes, which end with the one that began them.

A process of a crew hears tasks at its standard input and answers at its standard output.  So it needs nothing of the
machine that somebody would have to clear away, and hears when we have gone, however we went: its input ends.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 4  # at work at a time, for each needs memory of its own
# What we find where we look for modules, the process finds too; modules of the folder that it starts in it does not.
_START = ("import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
          "from cxmetrics.crews import serve; serve()")
# Ctrl-C is ours to hear: a process of a crew is in no group that a terminal tells of it.
_APART: dict[str, Any] = ({"start_new_session": True} if os.name == "posix" else
                          {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)})


@dataclass(frozen=True, slots=True)
class Crew:
    """Threads, and where they have some, the processes that do their work for them."""

    size: int
    threads: ThreadPoolExecutor
    processes: tuple[subprocess.Popen[bytes], ...]
    idle: SimpleQueue[subprocess.Popen[bytes]]

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Work to be done some time.  Processes know the work by its name in its module, and get copies of the task."""
        return self.threads.submit(self._do, work, task)

    def map(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """The work done for each task, in their order."""
        return self.threads.map(lambda task: self._do(work, task), tasks)

    def ahead(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Each task with its answer, in their order; a task is drawn when somebody is there to take it on."""
        begun = deque[tuple[T, Future[R]]]()
        for task in tasks:
            begun.append((task, self.submit(work, task)))
            if len(begun) > self.size:
                first, answer = begun.popleft()
                yield first, answer.result()
        for first, answer in begun:
            yield first, answer.result()

    def _do(self, work: Callable[[T], R], task: T) -> R:
        if not self.processes:
            return work(task)
        process = self.idle.get()
        try:
            return _answer(process, work, task)
        finally:
            self.idle.put(process)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def hands() -> int:
    """How many share a piece of work: as many as there are processors, as long as there is memory for each."""
    return min(MOST, processors())


def unused_memory(root: Path = Path("/")) -> int | None:
    """Bytes of memory that may yet be used, where a system tells; `root`: where it has its files.

    Linux does, of the machine and of the control groups that we are in: what is read of files can be let go.
    """
    try:
        found = [1024 * _number_after("MemAvailable:", root / "proc/meminfo")]
        name = (root / "proc/self/cgroup").read_text("utf-8").partition("::")[2].strip().strip("/")
        own = root / "sys/fs/cgroup" / name
        for group in (own, *own.parents):
            if (most := group / "memory.max").is_file() and (size := most.read_text("ascii").strip()) != "max":
                used = int((group / "memory.current").read_text("ascii"))
                found.append(int(size) - used + _number_after("inactive_file", group / "memory.stat"))
    except (OSError, ValueError):
        return None
    return min(found)


def _number_after(word: str, path: Path) -> int:
    """The number that stands after a word in a file."""
    return int(path.read_text("ascii").partition(word)[2].split(maxsplit=1)[0])


@contextmanager
def crew(size: int, *, of_processes: bool) -> Iterator[Crew]:
    """`size` of them.  Processes that are left with an exception, such as that of Ctrl-C, end at once.

    Raises what the work raises, and `MemoryError` where a process was killed: systems do that for want of memory.
    """
    processes = tuple(_begun() for _ in range(size if of_processes else 0))
    idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    for process in processes:
        idle.put(process)
    threads = ThreadPoolExecutor(size)
    try:
        yield Crew(size, threads, processes, idle)
    except BaseException:
        for process in processes:
            process.kill()
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
        for process in processes:
            process.communicate()


class Relief:
    """Work that is done by who asks for it, until that has taken a while; from then on processes relieve him."""

    def __init__(self, size: int, seconds: float, stack: ExitStack) -> None:
        self._size, self._seconds, self._stack = size, seconds, stack
        self._crew: Crew | None = None

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """As of a crew of processes."""
        if self._crew is None and self._seconds <= 0 and self._size > 1:
            self._crew = self._stack.enter_context(crew(self._size, of_processes=True))
        if self._crew is not None:
            return self._crew.submit(work, task)
        since, done = time.monotonic(), Future[R]()
        done.set_result(work(task))
        self._seconds -= time.monotonic() - since
        return done


@contextmanager
def relief(size: int, seconds: float) -> Iterator[Relief]:
    """Relief by `size` processes after so many seconds of work; to begin them takes a part of one.

    Raises as a crew does.
    """
    with ExitStack() as stack:
        yield Relief(size, seconds, stack)


def _begun() -> subprocess.Popen[bytes]:
    """A process, which has one thread for its data frames: there are others of its kind."""
    words = [sys.executable, "-I", "-c", _START]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,  # noqa: S603 - no shell
                               env=os.environ | {"POLARS_MAX_THREADS": "1"}, **_APART)
    _tell(process, sys.path)
    return process


def _tell(process: subprocess.Popen[bytes], what: object) -> None:
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(what))
    process.stdin.flush()


def _answer(process: subprocess.Popen[bytes], work: Callable[[T], R], task: T) -> R:
    assert process.stdout is not None
    try:
        _tell(process, (work, task))
        answer, fault, where = pickle.load(process.stdout)  # noqa: S301 - from nobody but our own process
    except (OSError, EOFError, pickle.UnpicklingError) as error:  # nobody is there, or no longer
        raise MemoryError from error
    if fault is not None:
        raise fault from RuntimeError(where)
    found: R = answer
    return found


def serve() -> None:
    """In a process of a crew: do what is told, until nobody tells any more.  What is printed goes to standard error."""
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            work, task = pickle.load(tasks)  # noqa: S301 - from nobody but who began us
        except EOFError:
            return
        try:
            answer = pickle.dumps((work(task), None, ""))
        except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
            answer = pickle.dumps((None, error, traceback.format_exc()))
        answers.write(answer)
        answers.flush()
