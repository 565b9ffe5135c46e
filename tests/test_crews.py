"""Crews: work comes back in its order, faults as what they are, and processes end with the one that began them."""

import math
import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxmetrics.crews import crew, processors, relief, unused_memory

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=[False, True], ids=["threads", "processes"])
def two(request):
    with crew(2, of_processes=request.param) as crewed:
        yield crewed


def test_work_comes_back_in_the_order_of_the_tasks(two):
    first = two.submit(math.factorial, 200)
    assert list(two.map(operator.neg, range(300))) == [-number for number in range(300)]
    assert first.result() == math.factorial(200)


def test_a_fault_is_raised_where_the_work_was_asked_for(two, tmp_path):
    with pytest.raises(FileNotFoundError) as told:
        two.submit(os.stat, str(tmp_path / "nowhere")).result()
    assert told.value.filename == str(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="factorial"):
        two.submit(math.factorial, -1).result()
    assert two.submit(abs, -3).result() == 3  # and goes on


def test_a_fault_of_a_process_tells_where_it_was(tmp_path):
    with crew(1, of_processes=True) as one, pytest.raises(FileNotFoundError) as told:
        one.submit(os.stat, str(tmp_path / "nowhere")).result()
    assert "in serve" in str(told.value.__cause__)


def test_processes_are_others_and_have_our_modules():
    with crew(2, of_processes=True) as crewed:
        assert crewed.submit(eval, "__import__('os').getpid()").result() != os.getpid()
        assert crewed.submit(eval, "__import__('os').environ['POLARS_MAX_THREADS']").result() == "1"
        assert crewed.submit(eval, "__import__('sys').path").result() == sys.path


def test_what_a_process_prints_is_no_answer(capfd):
    with crew(1, of_processes=True) as one:
        assert one.submit(print, "by the way").result() is None
    assert capfd.readouterr().err.strip() == "by the way"


def test_a_process_that_is_killed_is_told_as_want_of_memory():
    with pytest.raises(MemoryError), crew(2, of_processes=True) as crewed:
        list(crewed.map(os._exit, [1]))


def test_who_leaves_with_an_exception_does_not_wait():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), crew(2, of_processes=True) as crewed:
        raise _interrupted([crewed.submit(time.sleep, 60) for _ in range(10)])
    assert time.monotonic() - began < 30


def _interrupted(begun):
    assert not any(future.done() for future in begun)
    return KeyboardInterrupt()


ORPHANS = """
from cxmetrics.crews import crew
with crew(2, of_processes=True) as crewed:
    crewed.submit(abs, 1).result()
    print("ready", flush=True)
    __import__("time").sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are otherwise there")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_processes_end_with_the_one_that_began_them(number):
    process = subprocess.Popen([sys.executable, "-c", ORPHANS], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)  # which ends when the last one has gone that could write there
    assert process.returncode != 0
    assert "serve" not in said


def test_there_is_a_processor():
    assert 1 <= processors() <= os.cpu_count()


def test_tasks_are_drawn_when_somebody_is_there_and_answered_in_order():
    drawn = []

    def tasks():
        for number in range(20):
            drawn.append(number)
            yield number

    with crew(2, of_processes=False) as crewed:
        answers = crewed.ahead(lambda number: number * number, tasks())
        assert next(answers) == (0, 0)
        assert drawn == [0, 1, 2]
        assert list(answers) == [(number, number * number) for number in range(1, 20)]


def test_what_work_done_ahead_raises_is_raised_at_its_place():
    with crew(2, of_processes=False) as crewed:
        answers = crewed.ahead(lambda number: 6 // number, [1, 2, 0, 3])
        assert [next(answers), next(answers)] == [(1, 6), (2, 3)]
        with pytest.raises(ZeroDivisionError):
            next(answers)


def process_of(_):
    return os.getpid()


@pytest.mark.parametrize(("size", "seconds", "alone"), [(2, 0, False), (2, 3600, True), (1, 0, True)])
def test_relief_comes_after_a_while_if_there_is_anybody(size, seconds, alone):
    with relief(size, seconds) as relieved:
        assert (relieved.submit(process_of, None).result() == os.getpid()) == alone
        with pytest.raises(TypeError):
            relieved.submit(operator.neg, "x").result()


def test_relief_comes_when_work_has_taken_so_long():
    with relief(2, 0.05) as relieved:
        assert relieved.submit(time.sleep, 0.1).result() is None
        assert relieved.submit(process_of, None).result() != os.getpid()


def system(root, most, group="jobs/nightly"):
    """The files of a Linux with 8 GB, of which control groups that are so large use 2 GB, 1 of them for files."""
    for name, text in {"proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable:    5000000 kB\nBuffers: 1 kB\n",
                       "proc/self/cgroup": f"0::/{group}\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for place, size in most.items():
        folder = root / "sys/fs/cgroup" / place
        folder.mkdir(parents=True, exist_ok=True)
        told = {"max": size, "current": 2 * 10**9, "stat": "anon 1\ninactive_file 1000000000\nslab 5"}
        for name, text in told.items():
            (folder / f"memory.{name}").write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(("most", "unused"), [
    ({}, 5_120_000_000), ({"jobs": "max", "jobs/nightly": "max"}, 5_120_000_000),
    ({"jobs": 3 * 10**9, "jobs/nightly": "max"}, 2 * 10**9),
    ({"jobs": 3 * 10**9, "jobs/nightly": 2_500_000_000}, 1_500_000_000), ({"jobs": 10**12}, 5_120_000_000),
    ({"others": 1}, 5_120_000_000)])
def test_memory_that_nobody_uses(most, unused, tmp_path):
    assert unused_memory(system(tmp_path, most)) == unused


def test_memory_of_a_system_that_does_not_tell(tmp_path):
    assert unused_memory(tmp_path) is None
    assert unused_memory() is None or unused_memory() > 0
