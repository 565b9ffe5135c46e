"""Who is who in states is told by hashes under a secret of the store, on which no number depends."""

import shutil
import stat
from hashlib import sha256

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cxmetrics.cli.command import status_of
from cxmetrics.diagnostics import Fault
from cxmetrics.pseudonyms import Grouping, hidden, key_of
from cxmetrics.replay import replay
from cxmetrics.run import RunOptions, run
from cxmetrics.store import Store

PROJECT = """
project: shop
grains: [day, month]
cuts: [[branch]]
replicates: 10
dimensions: {branch: {}}
sources:
  answers:
    read: "data/answers*.parquet"
    time: day
    entity: who
    weight: w
    columns:
      who: {type: text, class: C2}
      score: {type: integer, scale: 0..10}
      wait: {type: number, unit: s}
  calls:
    read: "data/calls*.parquet"
    time: day
    entity: who
    columns: {who: {type: text, class: C2}, wait: {type: number, unit: s}, won: number, most: number}
  accounts:
    read: "data/accounts*.parquet"
    time: day
    entity: account
    columns: {account: {type: text, class: C2}, balance: {type: number, unit: CNY}}
indicators:
  held: {formula: sum(accounts.balance at end)}
  ever: {formula: "inception_to_date(sum(accounts.balance at end))"}
  typical: {formula: mean(accounts.balance)}
  ratio: {formula: sum(answers.wait) / sum(answers.score)}
  happy: {formula: mean(answers.wait), score: {0: 30 s, 100: 0 s}}
  nps: {formula: nps(answers.score)}
  callers: {formula: distinct(calls.who), score: {0: 0, 100: 1000}}
  visits: {formula: "checklist(calls.won, calls.most, by = calls.who)", score: {0: 0%, 100: 100%}}
  quick: {formula: mean(calls.wait), score: {0: 30 s, 100: 0 s}}
  index: {children: {happy: 40%, callers: 20%, quick: 20%, visits: 20%}}
"""
KEYS = ("a" * 32, "b" * 40)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "shop"
    (root / "data").mkdir(parents=True)
    (root / "cxmetrics.yaml").write_text(PROJECT)
    deliver(root, 1)
    return root


def deliver(root, day):
    draw = np.random.default_rng(day)
    for name, n in (("answers", 300), ("calls", 400)):
        who = [f"1380000{i:04}" for i in draw.integers(0, 150, n)]
        pl.DataFrame({
            "day": pl.Series([f"2026-03-{day:02}"] * n).str.to_date(), "who": who, "branch": draw.choice(["n", "s"], n),
            "w": draw.lognormal(0, 0.5, n), "score": draw.integers(0, 11, n), "wait": draw.exponential(6.0, n),
            "won": draw.uniform(0, 3, n), "most": draw.uniform(3, 4, n),
        }).write_parquet(root / f"data/{name}-{day}.parquet")
    draw = np.random.default_rng(100 + day)
    pl.DataFrame({
        "day": pl.Series([f"2026-03-{day:02}"] * 90).str.to_date(), "account": draw.permutation(150)[:90].astype(str),
        "branch": draw.choice(["n", "s"], 90), "balance": draw.lognormal(8, 3, 90),
    }).write_parquet(root / f"data/accounts-{day}.parquet")


def values(root):
    with Store.open(root / "store") as store:
        return store.values().drop("run")


def texts(root):
    """All that states tell of whom they are."""
    found = set()
    for path in (root / "store/data").glob("states.*"):
        found |= set(pl.read_parquet(path)["text"].drop_nulls())
    return found


def fault_of(call):
    with pytest.raises(Fault) as raised:
        call()
    (found,) = raised.value.diagnostics
    return found


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_numbers_are_the_same_under_any_key(root, monkeypatch, engine):
    found = []
    deliver(root, 2)
    for key in KEYS:
        monkeypatch.setenv("CXMETRICS_KEY", key)
        run(root, RunOptions(engine=engine))
        found.append((values(root), texts(root)))
        shutil.rmtree(root / "store")
    (first, names), (second, others) = found
    assert_frame_equal(first, second, check_exact=True)
    assert first["low"].is_not_null().any()
    assert len(names) > 250
    assert all(len(text) == 2 for text in names & others)  # the names of groups


def test_a_list_of_names_finds_nobody(root):
    run(root, RunOptions())
    people = [f"1380000{i:04}" for i in range(150)]
    grouping, salt = Grouping(key_of("shop"), 10), key_of("shop")
    guessed = {hidden(who, grouping, b"", digits) for who in people for digits in (16, 32)}
    guessed |= {sha256(f"{salt}{who}".encode()).hexdigest()[:digits] for who in people for digits in (16, 32)}
    known = texts(root)
    assert not known & guessed
    assert not any(each in text for text in known for each in people)
    secret = sha256((root / "store/key").read_bytes().strip()).digest()
    assert {hidden(who, grouping, secret) for who in people} & known


def test_the_key_is_made_once_for_its_owner_alone_and_goes_nowhere(root, tmp_path, capfd):
    run(root, RunOptions())
    path = root / "store/key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_text().strip()
    assert len(key) == 64
    deliver(root, 2)
    report = tmp_path / "report.json"
    assert status_of(["run", str(root), "--json", str(report), "--log", "json"]) == 0
    assert path.read_text().strip() == key
    for kind in ("csv", "duckdb"):
        assert status_of(["store", "export", str(tmp_path / kind), "--project", str(root), "--format", kind]) == 0
    assert status_of(["store", "vacuum", str(root), "--keep", "1"]) == 0
    assert path.exists()
    left = [each.read_bytes() for each in (tmp_path, root / "store/data") for each in each.rglob("*")
            if each.is_file() and each != path]
    assert not any(key.encode() in each for each in left)
    assert key not in "".join(capfd.readouterr())


def test_a_store_goes_on_under_its_key_wherever_that_stands(root, monkeypatch):
    run(root, RunOptions())
    (root / "store/key").rename(root.parent / "kept")
    monkeypatch.setenv("CXMETRICS_KEY", (root.parent / "kept").read_text())
    deliver(root, 2)
    assert run(root, RunOptions()).committed
    assert not (root / "store/key").exists()
    after = values(root)
    shutil.rmtree(root / "store")
    run(root, RunOptions())
    assert_frame_equal(values(root), after, check_exact=True)


def test_under_another_key_nothing_is_added(root):
    run(root, RunOptions())
    (root / "store/key").unlink()
    deliver(root, 2)
    before = values(root)
    assert fault_of(lambda: run(root, RunOptions())).code.id == "CX806"
    limited = RunOptions(full=True, first=before["period"].max())
    assert fault_of(lambda: run(root, limited)).code.id == "CX806"
    assert_frame_equal(values(root), before)
    assert run(root, RunOptions(dry_run=True)).scans
    assert run(root, RunOptions(full=True)).committed
    after = values(root)
    deliver(root, 3)
    assert run(root, RunOptions()).committed
    assert after.filter(pl.col("branch").is_null(), indicator="callers", grain="month")["value"].item() < 151


def test_where_everything_is_hidden_anew_no_source_is_held(root, monkeypatch):
    run(root, RunOptions())
    monkeypatch.setenv("CXMETRICS_KEY", KEYS[0])
    (root / "data/calls-1.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(Fault):
        run(root, RunOptions(full=True))
    monkeypatch.delenv("CXMETRICS_KEY")
    assert run(root, RunOptions(full=True)).committed


@pytest.mark.parametrize("spoiled", [b"", b"short\n", b"\xff" * 64])
def test_a_key_that_is_none(root, spoiled):
    run(root, RunOptions())
    (root / "store/key").write_bytes(spoiled)
    deliver(root, 2)
    assert fault_of(lambda: run(root, RunOptions())).code.id == "CX807"


def test_a_short_key_is_refused_and_not_repeated(root, monkeypatch, capfd):
    monkeypatch.setenv("CXMETRICS_KEY", "hunter2")
    assert status_of(["run", str(root)]) == 1
    said = "".join(capfd.readouterr())
    assert "CX807" in said
    assert "hunter2" not in said


def test_a_run_is_replayed_without_the_key(root):
    run(root, RunOptions())
    (root / "store/key").unlink()
    assert replay(root, root / "store", "1").same


def test_other_groups_are_told_anew(root):
    run(root, RunOptions())
    path = root / "cxmetrics.yaml"
    path.write_text(PROJECT.replace("replicates: 10", "replicates: 20"))
    run(root, RunOptions())
    after = values(root)
    shutil.rmtree(root / "store")
    run(root, RunOptions())
    assert_frame_equal(values(root), after, check_exact=True)


def test_without_persons_there_is_no_key(root):
    (root / "cxmetrics.yaml").write_text(PROJECT.split("sources:", maxsplit=1)[0] + """
sources: {calls: {read: "data/calls*.parquet", time: day, columns: {wait: number}}}
indicators: {quick: {formula: mean(calls.wait)}}
""")
    run(root, RunOptions())
    assert not (root / "store/key").exists()
