"""Cuts evaluated by several processes: they find what all are evaluated from in one file, and leave blocks in files.

Arrays of that file are looked at where they lie, so that more processes need little more memory.
"""

from __future__ import annotations

import mmap
import pickle
import shutil
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl

from cxmetrics.crews import crew, hands, unused_memory
from cxmetrics.evaluate.by_cut import Evaluation, evaluate_cut
from cxmetrics.evaluate.work import cuts

FROM = 1_000_000  # states: with fewer, processes cost more than they save
_ROOM = 200  # bytes for a state have to be free in the folder: the values come to lie there too
_MEMORY = 150  # bytes for a state, in each process
_ALIGNED = 64  # bytes: where arrays begin
_Task = tuple[Path, int, tuple[str, ...]]


def drafts(asked: Evaluation, scratch: Path | None) -> Iterator[pl.DataFrame]:
    """The drafts of the values of all cuts, in their order; `scratch`: a folder through which processes may share them.

    They do where they are done sooner, and there is room, in the folder and in memory.  Raises as a crew does.
    """
    every = cuts(asked.plan)
    if scratch is None or min(hands(), len(every)) < 2 or asked.rows < FROM or not _has_room(asked.rows, scratch):
        return (block for cut in every for block in evaluate_cut(asked, cut))
    return _by_many(asked, every, scratch / "evaluated")


def _has_room(rows: int, scratch: Path) -> bool:
    """Whether more processes can look at so many states."""
    unused = unused_memory()
    if unused is not None and unused < hands() * rows * _MEMORY:
        return False
    return shutil.disk_usage(scratch).free > rows * _ROOM


def _by_many(asked: Evaluation, every: Sequence[tuple[str, ...]], shared: Path) -> Iterator[pl.DataFrame]:
    with crew(hands(), of_processes=True) as many:
        _leave(asked, shared)
        for paths in many.map(_evaluated, [(shared, place, cut) for place, cut in enumerate(every)]):
            for path in paths:
                yield pl.read_ipc(path)
                path.unlink()
    shared.unlink()


def _evaluated(task: _Task) -> list[Path]:
    """Evaluate a cut, in a process of the crew: the files with its blocks."""
    shared, place, cut = task
    found = list[Path]()
    for index, block in enumerate(evaluate_cut(_left(shared), cut)):
        found.append(shared.with_name(f"evaluated-{place}-{index}"))
        block.write_ipc(found[-1])
    return found


def _leave(asked: Evaluation, path: Path) -> None:
    """Write what all are evaluated from: arrays, where each of them lies and all else, and where that begins."""
    arrays, spans = list[pickle.PickleBuffer](), list[tuple[int, int]]()
    body = pickle.dumps(asked, protocol=5, buffer_callback=arrays.append)
    with path.open("xb") as file:
        for array in map(pickle.PickleBuffer.raw, arrays):
            file.write(bytes(-file.tell() % _ALIGNED))
            spans.append((file.tell(), array.nbytes))
            file.write(array)
        begin = file.tell()
        file.write(pickle.dumps((spans, body)))
        file.write(begin.to_bytes(8))


@lru_cache(maxsize=1)
def _left(path: Path) -> Evaluation:
    with path.open("rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    spans, body = pickle.loads(whole[int.from_bytes(whole[-8:]):])  # noqa: S301 - from nobody but who began us
    arrays = [whole[low:low + size] for low, size in spans]
    found: Evaluation = pickle.loads(body, buffers=arrays)  # noqa: S301 - as above
    return found
