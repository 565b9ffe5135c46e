"""Runs that are killed at any moment, and disks that fail: the store stays whole, and the next run completes the work.

`CXMETRICS_CRASHES` says how many runs are killed; `.ci/run` has many more than `make test`.
"""

import hashlib
import os
import resource
import shutil
import signal
import time
from pathlib import Path
from random import Random

import pytest
from nursery import COMPILER, STAGES, Disk, compiled, nursery
from shop import PROJECT, day, go, opened, put

from cxmetrics.diagnostics import Fault
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

COUNT = int(os.environ.get("CXMETRICS_CRASHES", "5"))
FROM = int(os.environ.get("CXMETRICS_CRASHES_FROM", "0"))
SHARD = 25  # kills a test, so that several processes share them
MANY = COUNT >= 100
ENGINES = ["duckdb", "polars"] if MANY else ["duckdb"]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="disks are made to fail by a library in C, and cc is none")


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """A shop with one run in its store and changed files: late, corrected and new ones; and what the next run makes."""
    folder = tmp_path_factory.mktemp("crashes")
    (folder / "base").mkdir()
    (folder / "scratch").mkdir()
    base = opened(folder / "base")
    for number in range(2, 5):
        put(base, f"visits-{number:02}", "day,region,spent",
            *[f"{day(number)},{region},{number}" for region in ("east", "west") for _ in range(number)])
    go(base)
    put(base, "visits-02", "day,region,spent", f"{day(2)},east,77", f"{day(3)},north,1")
    put(base, "visits-late", "day,region,spent", f"{day(5)},east,9")
    put(base, "calls-2", "day,minutes", f"{day(30)},1")
    (base / "cxmetrics.yaml").write_text(PROJECT + "  talked: {formula: sum(calls.minutes)}\n")
    shutil.copytree(base, folder / "undisturbed")
    go(folder / "undisturbed")
    return folder


@pytest.fixture(scope="module")
def nursed(shops):
    """Runs that begin at once."""
    with nursery(shops / "scratch") as found:
        found.begin(restored(shops)).ended()  # the first is slower
        yield found


@pytest.fixture(scope="module")
def faulty(shops):
    """Runs over disks that can be made to fail."""
    with nursery(shops / "scratch", compiled(shops)) as found:
        yield found


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


# --- runs that are killed ----------------------------------------------------------------------------------------


def lengths(nursed, root):
    """How many seconds each stage of a run takes."""
    child, at = nursed.begin(root), {}
    while (line := child.line())[0] != "end":
        at.setdefault(line[1], time.monotonic())
    ends = [*(at[stage] for stage in STAGES[1:]), time.monotonic()]
    assert child.ended() == 0
    return {stage: end - at[stage] for stage, end in zip(STAGES, ends, strict=True)}


@pytest.mark.parametrize("first", range(FROM, FROM + COUNT, SHARD))
def test_runs_killed_at_random_moments_of_every_stage(shops, nursed, first):
    """Meanwhile somebody reads, and sees whole commits only."""
    seconds, ends = lengths(nursed, restored(shops)), []
    commits = (published(shops / "base"), published(shops / "undisturbed"))
    for number in range(first, min(first + SHARD, FROM + COUNT)):
        root, stage = restored(shops), STAGES[number % len(STAGES)]
        child = nursed.begin(root)
        until = time.monotonic() + Random(number).random() * seconds[stage] * 1.5 if child.reaches(stage) else 0
        while time.monotonic() < until:
            assert published(root) in commits, f"crash {number}"
            time.sleep(0.01)
        child.kill()
        assert child.ended() in {-signal.SIGKILL, 0}, f"crash {number}: {child.lines}"
        ends.append(held(shops, root))
        completed(shops, root)
    if len(ends) == SHARD:
        assert sum(ends) < SHARD // 2  # most were killed before the commit; by chance, some after it


# --- disks that fail ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calls(shops, faulty):
    """How many calls of each kind an undisturbed run of an engine makes below the project and for its scratch files."""
    found = {}
    for engine in ENGINES:
        child = faulty.begin(restored(shops), Disk(shops), engine)
        assert child.ended() == 0
        found[engine] = child.counts
    return found


def met(folder, faulty, disk, engine):
    """A run over a disk that fails stops and says so, or comes to its end; the next one completes the work."""
    root = restored(folder)
    child = faulty.begin(root, disk, engine)
    status = child.ended()
    said = f"{disk}: {status} {child.lines}"
    assert status in {0, 1, 2}, said
    assert bool(status) == bool(child.codes), said
    assert set(child.codes) <= {"CX801", disk.error}, said
    assert held(folder, root) or status, said
    completed(folder, root)


@needs_compiler
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["fsync", "rename", "create"])
def test_every_file_that_cannot_be_made_sure_or_named_or_opened(shops, faulty, calls, kind, engine):
    total = calls[engine][kind]
    assert total > 4
    numbers = range(total) if MANY else sorted(Random(kind).sample(range(total), 2))
    for number in numbers:
        met(shops, faulty, Disk(shops, kind, number), engine)


@needs_compiler
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT"])
def test_writes_that_fail_at_every_stage(shops, faulty, calls, error, engine):
    total = calls[engine]["write"]
    for number in Random(error).sample(range(total), 15 if MANY else 1):
        met(shops, faulty, Disk(shops, "write", number, error), engine)


@pytest.mark.parametrize("number", range(25 if MANY else 4))
def test_disks_that_are_full(shops, number):
    """No file can grow beyond a random size, neither the data nor the ledger nor what an engine spills."""
    root, limit, said = restored(shops), int(10 ** (Random(number).random() * 5)), set[str]()
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
    held(shops, root)
    completed(shops, root)


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
    root, calls = restored(shops), []
    owner = os if name == "fsync" else Path
    monkeypatch.setattr(owner, name, failing(getattr(owner, name), calls, number))
    with pytest.raises(Fault) as raised:
        run(root, RunOptions())
    assert [found.code.id for found in raised.value.diagnostics] == ["CX801"]
    monkeypatch.undo()
    assert not held(shops, root)
    completed(shops, root)


def test_files_that_were_cut_short(shops):
    """A store that lost the ends of its files says so, and a full run mends it."""
    root = restored(shops)
    for path in (root / "store" / "data").iterdir():
        path.write_bytes(path.read_bytes()[: Random(path.name).randrange(path.stat().st_size)])
    with Store.open(root / "store") as store:
        assert {found.code.id for found in store.verify().damaged} == {"CX803"}
    with pytest.raises(Fault) as raised:
        run(root, RunOptions())
    assert [found.code.id for found in raised.value.diagnostics] == ["CX803"]
    run(root, RunOptions(full=True))
    assert published(root)[0] == published(shops / "undisturbed")[0]


def test_two_runs_at_once(shops):
    """One wins; the other says why, or comes after and has nothing to do."""
    root = restored(shops)
    with nursery(shops / "scratch") as one, nursery(shops / "scratch") as two:
        for _ in range(20 if MANY else 2):
            root = restored(shops)
            both = [one.begin(root), two.begin(root)]
            statuses = sorted(child.ended() for child in both)
            said = [child.lines for child in both]
            assert statuses in ([0, 1], [0, 0]), said
            assert all(child.codes == ["CX802"] for child in both if child.codes), said
            assert held(shops, root)
            completed(shops, root)
