"""Runs that are killed at any moment, and disks that fail: the store stays whole, and the next run completes the work.

`CXMETRICS_CRASHES` says how many runs are killed; `.ci/run` has many more than `make test`.
"""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from shop import PROJECT, day, go, opened, put

from cxmetrics.diagnostics import Fault
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

COUNT = int(os.environ.get("CXMETRICS_CRASHES", "2"))
FROM = int(os.environ.get("CXMETRICS_CRASHES_FROM", "0"))
CHILD = """
import sys
from pathlib import Path
from cxmetrics.run import RunOptions, run
sys.stdout.write("ready\\n"); sys.stdout.flush()
root = Path(sys.stdin.readline().strip())
run(root, RunOptions())
"""


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """A shop with one run in its store and changed files: late, corrected and new ones; and what the next run makes."""
    folder = tmp_path_factory.mktemp("crashes")
    (folder / "base").mkdir()
    base = opened(folder / "base")
    for number in range(2, 30):
        put(base, f"visits-{number:02}", "day,region,spent",
            *[f"{day(number)},{region},{number}" for region in ("east", "west") for _ in range(number)])
    go(base)
    put(base, "visits-02", "day,region,spent", f"{day(2)},east,77", f"{day(3)},north,1")
    put(base, "visits-late", "day,region,spent", f"{day(5)},east,9")
    put(base, "calls-2", "day,minutes", f"{day(30)},1")
    (base / "cxmetrics.yaml").write_text(PROJECT + "  talked: {formula: sum(calls.minutes)}\n")
    shutil.copytree(base, folder / "undisturbed")
    began = time.monotonic()
    go(folder / "undisturbed")
    return folder, time.monotonic() - began


def published(root):
    """The checksums of the live files of values, by what they hold, and how many commits there are."""
    with Store.open(root / "store") as store:
        files = store._ledger.live("values")
        count = store.run_count()
    data = root / "store" / "data"
    return {file.bucket: hashlib.sha256((data / file.name).read_bytes()).hexdigest() for file in files}, count


def restored(folder):
    """The shop as it was before the second run, with nothing of what others did."""
    root = folder / "disturbed"
    shutil.rmtree(root, ignore_errors=True)
    return Path(shutil.copytree(folder / "base", root))


def held(folder, root):
    """What has to hold of a store after any trouble; whether the second run is in it."""
    with Store.open(root / "store") as store:
        assert store.verify().damaged == ()
    found, count = published(root)
    assert (found, count) in (published(folder / "base"), published(folder / "undisturbed"))
    return count == 2


def completed(folder, root):
    """The next run ends as an undisturbed one, and leaves nothing behind that no run names."""
    run(root, RunOptions())
    assert published(root) == published(folder / "undisturbed")
    with Store.open(root / "store", writable=True) as store:
        assert (store.verify().damaged, store.verify().orphans) == ((), ())


def child():
    return subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_runs_killed_at_random_moments(shops):
    folder, seconds = shops
    waiting, ends = child(), []
    for number in range(FROM, FROM + COUNT):
        root, process, waiting = restored(folder), waiting, child()
        assert process.stdout.readline() == "ready\n"
        process.stdin.write(f"{root}\n")
        process.stdin.flush()
        time.sleep(Random(number).random() * seconds * 1.5)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said, f"crash {number}: {said}"
        ends.append(held(folder, root))
        completed(folder, root)
    waiting.kill()
    waiting.communicate()
    if COUNT >= 100:
        assert 0 < sum(ends) < COUNT  # some were killed before the commit, and some after it


@pytest.mark.parametrize("number", range(FROM, FROM + max(COUNT // 4, 4)))
def test_disks_that_are_full(shops, number):
    """No file can grow beyond a random size, neither the data nor the ledger nor what an engine spills."""
    folder, _ = shops
    root, limit, said = restored(folder), int(10 ** (Random(number).random() * 5)), set[str]()
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
    try:
        run(root, RunOptions(engine="polars"))
    except (Fault, OSError) as error:
        said = {found.code.id for found in getattr(error, "diagnostics", ())}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    assert said <= {"CX702", "CX801"}
    held(folder, root)
    completed(folder, root)


def failing(real, calls, number):
    """A function that fails at its n-th call about the store, and ever after."""
    def fail(*arguments, **more):
        if isinstance(arguments[0], Path) and "store" not in arguments[0].parts:
            return real(*arguments, **more)
        calls.append(None)
        if len(calls) > number:
            raise OSError(5, "Input/output error")
        return real(*arguments, **more)
    return fail


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("number", range(4))
def test_disks_that_fail(shops, monkeypatch, name, number):
    """The n-th file cannot be brought to the disk, or get its name."""
    folder, _ = shops
    root, calls = restored(folder), []
    owner = os if name == "fsync" else Path
    monkeypatch.setattr(owner, name, failing(getattr(owner, name), calls, number))
    with pytest.raises(Fault) as raised:
        run(root, RunOptions())
    assert [found.code.id for found in raised.value.diagnostics] == ["CX801"]
    monkeypatch.undo()
    assert not held(folder, root)
    completed(folder, root)


def test_files_that_were_cut_short(shops):
    """A store that lost the ends of its files says so, and a full run mends it."""
    folder, _ = shops
    root = restored(folder)
    for path in (root / "store" / "data").iterdir():
        path.write_bytes(path.read_bytes()[: Random(path.name).randrange(path.stat().st_size)])
    with Store.open(root / "store") as store:
        assert {found.code.id for found in store.verify().damaged} == {"CX803"}
    with pytest.raises(Fault) as raised:
        run(root, RunOptions())
    assert [found.code.id for found in raised.value.diagnostics] == ["CX803"]
    run(root, RunOptions(full=True))
    assert published(root)[0] == published(folder / "undisturbed")[0]


def test_two_runs_at_once(shops):
    """One wins; the other says why, or comes after and has nothing to do."""
    folder, _ = shops
    root = restored(folder)
    both = [child(), child()]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write(f"{root}\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in both]
    statuses = sorted(process.returncode for process in both)
    assert statuses in ([0, 1], [0, 0]), said
    assert all("CX802" in text for text, process in zip(said, both, strict=True) if process.returncode)
    assert held(folder, root)
    completed(folder, root)
