"""The store in trouble: crashes, two writers, damage, no place to write."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_store import APRIL, BRANCH, MARCH, commit, day, files, read, refused, run, states, values

from cxmetrics.diagnostics import Fault
from cxmetrics.store import Commit, Store, rewrite
from cxmetrics.store.key import secret_of
from cxmetrics.store.ledger import LAYOUT
from cxmetrics.store.ledger.records import Records

COMMITS = int(os.environ.get("CXMETRICS_COMMITS", "40"))  # that a reader looks on at


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store"


# --- whole commits only ------------------------------------------------------------------------------------------


def test_a_reader_keeps_to_the_commit_it_found(path):
    commit(path, states(("a", day(1), "east", 1)), values(("nps", day(1), 1)))
    with Store.open(path) as reader:
        commit(path, states(("a", day(1), "east", 2)), values(("nps", day(1), 2)), name="r2")
        assert reader.states("survey", BRANCH, {"a": 0}, MARCH, APRIL)["value"].to_list() == [1]
        assert reader.values()["value"].to_list() == [1]
        assert reader.runs()["id"].to_list() == ["r1"]
    assert read(path) == [("a", day(1), "east", 2)]


def test_readers_see_no_torn_state(path):
    script = "import sys, test_store_trouble; test_store_trouble.write_often(sys.argv[1])"
    commit(path, states(("a", day(1), "east", 0)), values(("nps", day(1), 0)))
    writer = child(script, path)
    seen = set()
    while writer.poll() is None:
        with Store.open(path) as store:
            rows = store.states("survey", BRANCH, {"a": 0, "b": 1}, MARCH, day(1, 12))["value"].to_list()
            told = store.values()["value"].to_list()
        assert len({*map(int, rows), *map(int, told)}) == 1
        seen.add(told[0])
    assert ended(writer) == 0
    assert len(seen) > 1
    assert Store.open(path).values()["value"].to_list() == [COMMITS]


def test_a_vacuum_takes_nothing_from_those_who_read(path):
    for i in range(3):
        commit(path, states(("a", day(1), "east", i)), values(("nps", day(1), i)), name=f"r{i}")
    with Store.open(path) as early, Store.open(path, as_of="r1") as then:
        commit(path, states(("a", day(1), "east", 3)), values(("nps", day(1), 3)), name="r3")
        with Store.open(path, writable=True) as store:
            assert store.vacuum(1) > 0
            assert store.left() > 0
        with pytest.raises(Fault):
            Store.open(path, as_of="r1")  # given up
        for i in range(4, 6):
            commit(path, states(("a", day(1), "east", i)), values(("nps", day(1), i)), name=f"r{i}")
        assert early.values()["value"].to_list() == [2]
        assert early.states("survey", BRANCH, {"a": 0}, MARCH, APRIL)["value"].to_list() == [2]
        assert then.values()["value"].to_list() == [1]
    with Store.open(path) as late:  # who came after it needs none of them
        with Store.open(path, writable=True) as store, store.lock():
            pass
        assert not late.verify().orphans
        assert late.values()["value"].to_list() == [5]


def test_what_a_dead_writer_left_goes_whoever_reads(path):
    commit(path, states(("a", day(1), "east", 1)))
    with Store.open(path) as early:
        commit(path, states(("a", day(1), "east", 2)), name="r2")
        left = path / "data" / "values.day.2026-03.3-0.parquet"
        left.write_bytes(b"")
        with Store.open(path, writable=True) as store, store.lock():
            assert not left.exists()
        assert early.states("survey", BRANCH, {"a": 0}, MARCH, APRIL)["value"].to_list() == [1]


def write_often(path):
    for i in range(1, COMMITS + 1):
        commit(Path(path), states(("a", day(1), "east", i), ("b", day(1, 4), "east", i)), values(("nps", day(1), i)),
               name=f"r{i}")


def child(script, *arguments):
    places = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": places})


def ended(process):
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said, said
    return process.returncode


def dying(real, when):
    """A function that kills the process before it does anything, or when it has done it."""
    def death(*arguments):
        if when == "after":
            real(*arguments)
        os._exit(9)
    return death


def second(real, when):
    """The same, for the second file of a commit."""
    return lambda *arguments: (dying(real, when) if arguments[1].startswith("values") else real)(*arguments)


CRASHES = {  # the moment: what is broken, and how
    "before the first file": (rewrite, "place", dying, "before"),
    "before a rename": (Path, "replace", dying, "before"),
    "after a rename": (Path, "replace", dying, "after"),
    "before the second file": (rewrite, "place", second, "before"),
    "before the commit": (Records, "put_rejects", dying, "after"),
    "after the commit": (Store, "commit", dying, "after"),
}


def crash(path, moment):
    owner, name, how, when = CRASHES[moment]
    setattr(owner, name, how(getattr(owner, name), when))
    commit(Path(path), states(("a", day(1), "east", 2)), values(("nps", day(1), 2)), name="r2")


@pytest.mark.parametrize("moment", CRASHES)
def test_after_a_crash_the_store_is_whole_and_the_next_writer_goes_on(path, moment):
    commit(path, states(("a", day(1), "east", 1)), values(("nps", day(1), 1)))
    assert ended(child("import sys, test_store_trouble; test_store_trouble.crash(*sys.argv[1:])", path, moment)) == 9
    expected = 2 if moment == "after the commit" else 1
    assert read(path) == [("a", day(1), "east", expected)]
    with Store.open(path) as store:
        assert store.values()["value"].to_list() == [expected]
        assert store.verify().damaged == ()
    commit(path, states(("a", day(1), "east", 3)), values(("nps", day(1), 3)), name="r3")
    assert read(path) == [("a", day(1), "east", 3)]
    with Store.open(path) as store:
        found = store.verify()
    assert (found.damaged, found.orphans) == ((), ())
    assert found.files == len(files(path))
    assert {p.name for p in path.iterdir()} <= {
        "data", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "lock.sqlite"}


def test_a_failed_commit_leaves_nothing(path, monkeypatch):
    commit(path, states(("a", day(1), "east", 1)))
    before = files(path)

    def no_space(_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", no_space)
    with Store.open(path, writable=True) as store:
        facts = refused("CX801", lambda: store.commit(Commit(run("r2"), [states(("a", day(1), "east", 2))])))
        assert facts["problem"] == "No space left on device"
        assert files(path) == before
        monkeypatch.undo()
        store.commit(Commit(run("r3"), [states(("a", day(1), "east", 3))]))
    assert read(path) == [("a", day(1), "east", 3)]


def test_only_files_of_a_store_are_swept_away(path):
    commit(path, states(("a", day(1), "east", 1)))
    ours = ["states.0123456789abcdef0123.2026-03.9-0.parquet", "values.day.2026-03.9-0.parquet.part"]
    others = ["notes.txt", "values.parquet", "states.2026.parquet", ".keep"]
    for name in [*ours, *others]:
        (path / "data" / name).write_text("x")
    with Store.open(path, writable=True) as store:
        assert list(store.verify().orphans) == ours
        with store.lock():
            assert store.verify().orphans == ()
    assert set(others) < set(files(path))


# --- one writer --------------------------------------------------------------------------------------------------


def hold(path):
    with Store.open(Path(path), writable=True) as store, store.lock():
        sys.stderr.write("held\n")
        sys.stdin.read()


def test_one_writes_at_a_time_and_a_dead_owner_is_none(path):
    commit(path, states(("a", day(1), "east", 1)))
    other = child("import sys, test_store_trouble; test_store_trouble.hold(sys.argv[1])", path)
    with other:
        assert other.stderr.readline() == "held\n"
        facts = refused("CX802", lambda: commit(path, name="r2"))
        assert facts["owner"].startswith(f"pid {other.pid} on ")
        assert read(path) == [("a", day(1), "east", 1)]
        other.kill()
    assert (path / "lock.json").exists()
    commit(path, states(("a", day(1), "east", 2)), name="r2")
    assert read(path) == [("a", day(1), "east", 2)]
    assert not (path / "lock.json").exists()


def test_one_writer_in_one_process(path):
    with Store.open(path, writable=True) as one, Store.open(path, writable=True) as two:
        with one.lock():
            assert f"pid {os.getpid()} " in refused("CX802", lambda: two.commit(Commit(run())))["owner"]
            (path / "lock.json").write_text("[]")
            assert refused("CX802", lambda: two.vacuum(1)) == {"owner": "pid ?"}
            one.commit(Commit(run()))
        two.commit(Commit(run("r2")))
        assert one.runs()["id"].to_list() == ["r1", "r2"]


@pytest.mark.parametrize("make", [os.mkfifo, lambda name: name.symlink_to("/dev/zero")])
def test_a_pipe_or_a_device_in_the_place_of_a_note_is_not_waited_for(path, make):
    commit(path)
    make(path / "lock.json")
    commit(path, name="r2")
    assert not (path / "lock.json").exists()
    make(path / "key")
    assert refused("CX807", lambda: secret_of(path))["path"] == str(path / "key")


def test_a_reader_does_not_write(path):
    commit(path)
    with Store.open(path) as store, pytest.raises(ValueError, match="for reading"):
        store.commit(Commit(run()))


# --- what is wrong -----------------------------------------------------------------------------------------------


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES = {"its checksum differs": flip, "it is missing": Path.unlink,
           "10 bytes instead of": lambda file: file.write_bytes(file.read_bytes()[:10])}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_file_is_not_read_and_a_full_run_mends_it(path, what):
    changes = [states(("a", day(1), "east", 1), ("a", day(2), "east", 2)),
               values(("nps", day(1), 1), ("nps", day(2), 2))]
    commit(path, *changes)
    for file in (path / "data").iterdir():
        DAMAGES[what](file)
    for reading in (lambda: read(path), lambda: Store.open(path).values(),
                    lambda: commit(path, states(("a", day(2), "east", 3)), name="r2")):
        facts = refused("CX803", reading)
        assert facts["problem"].startswith(what)
        assert Path(facts["path"]).parent == path / "data"
    with Store.open(path) as store:
        assert [found.code.id for found in store.verify().damaged] == ["CX803"] * 3
    commit(path, *changes, name="r3", forget={"survey": None})
    assert read(path) == [("a", day(1), "east", 1), ("a", day(2), "east", 2)]
    with Store.open(path, writable=True) as store:
        assert store.values()["value"].to_list() == [1, 2]
        assert store.vacuum(1) == 3
        assert store.verify().damaged == ()


@pytest.mark.parametrize("content", [b"no ledger, but long enough to have a header" * 20, b"SQLite format 3\0"])
def test_a_ledger_that_is_none(path, content):
    commit(path)
    (path / "ledger.sqlite").write_bytes(content)
    for side in ("-wal", "-shm"):
        (path / f"ledger.sqlite{side}").unlink(missing_ok=True)
    assert refused("CX803", lambda: Store.open(path))["path"] == str(path / "ledger.sqlite")
    with pytest.raises(Fault) as raised:
        Store.open(path)
    assert "remove the folder of the store" in raised.value.diagnostics[0].help.en
    refused("CX803", lambda: Store.open(path, writable=True))


def test_a_sqlite_file_of_somebody_else(path):
    path.mkdir()
    with sqlite3.connect(path / "ledger.sqlite") as other:
        other.execute("CREATE TABLE runs (id)")
    other.close()
    refused("CX803", lambda: Store.open(path))
    refused("CX803", lambda: Store.open(path, writable=True))


def test_an_empty_ledger_holds_no_run(path):
    path.mkdir()
    (path / "ledger.sqlite").touch()
    refused("CX804", lambda: Store.open(path))
    commit(path)
    Store.open(path).close()


def test_another_layout_is_left_alone(path):
    commit(path)
    alter(path, f"PRAGMA user_version = {LAYOUT - 1}")
    assert refused("CX809", lambda: Store.open(path)) == {"version": str(LAYOUT - 1)}
    alter(path, f"PRAGMA user_version = {LAYOUT + 1}")
    for writable in (False, True):
        assert refused("CX805", lambda w=writable: Store.open(path, w)) == {"version": str(LAYOUT + 1)}


def alter(path, statement):
    connection = sqlite3.connect(path / "ledger.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_ledger_names_no_file_elsewhere(path, tmp_path):
    commit(path, states(("a", day(1), "east", 1)))
    (tmp_path / "precious").write_text("x")
    alter(path, "UPDATE files SET name = '../../precious', retired_by = 0 WHERE kind = 'states'")
    with Store.open(path, writable=True) as store:
        refused("CX803", store.verify)
        refused("CX803", lambda: store.vacuum(1))
    assert (tmp_path / "precious").exists()


def test_a_store_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    assert refused("CX801", lambda: Store.open(tmp_path / "file", writable=True))["problem"] == "Not a directory"
    refused("CX801", lambda: Store.open(tmp_path / "file" / "store", writable=True))


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_who_may_only_read_reads():
    with tempfile.TemporaryDirectory() as place:  # the folders of pytest are closed to others
        Path(place).chmod(0o755)
        path = Path(place) / "store"
        commit(path, states(("a", day(1), "east", 1)))
        script = "import sys, test_store_trouble; test_store_trouble.read_as_nobody(sys.argv[1])"
        assert ended(child(script, path)) == 0
        with Store.open(path, writable=True):
            commit(path, states(("a", day(1), "east", 1)), name="r2")
            assert ended(child(script, path)) == 0


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("closed", ["", "ledger.sqlite", "data"])
def test_what_may_not_be_read_is_not_called_damaged(closed):
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        path = Path(place) / "store"
        commit(path, states(("a", day(1), "east", 1)))
        (path / closed).chmod(0)
        script = "import sys, test_store_trouble; test_store_trouble.shut_out(sys.argv[1])"
        assert ended(child(script, path)) == 0


def shut_out(path):
    os.seteuid(65534)
    assert refused("CX808", lambda: read(Path(path)))["problem"] == "Permission denied"

    def verified():
        with Store.open(Path(path)) as store:
            store.verify()
    refused("CX808", verified)
    refused("CX801" if os.access(path, os.X_OK, effective_ids=True) else "CX808", lambda: commit(Path(path), name="r3"))


def test_a_disk_that_is_only_to_read_is_said(path, monkeypatch):
    commit(path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    real = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda place: SimpleNamespace(f_flag=real(place).f_flag | os.ST_RDONLY))
    assert refused("CX801", lambda: commit(path, name="r2"))["problem"] == "Read-only file system"


def read_as_nobody(path):
    os.seteuid(65534)
    assert read(Path(path)) == [("a", day(1), "east", 1)]
    refused("CX801", lambda: commit(Path(path), name="r3"))
